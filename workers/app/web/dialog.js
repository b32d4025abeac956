// A modal dialog: the browser's own, so that focus, Escape and the rest of the page behave.

import { html, useEffect, useId, useRef } from "./html.js";
import { Close } from "./icons.js";

export function Dialog({ title, onClose, children }) {
  const dialog = useRef(null);
  const id = useId();
  useEffect(() => {
    dialog.current.showModal();
    const before = dialog.current;
    return () => before.close();
  }, []);
  const outside = (event) => { if (event.target === dialog.current) onClose(); };
  return html`<dialog ref=${dialog} aria-labelledby=${id} onClose=${onClose} onMouseDown=${outside}>
    <div class="sheet">
      <header><h2 id=${id}>${title}</h2>
        <button type="button" class="quiet square" aria-label="Close" onClick=${onClose}><${Close} /></button></header>
      ${children}
    </div>
  </dialog>`;
}
