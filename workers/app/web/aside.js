// What stands beside the conversation: one thing at a time, closed by Escape.

import { classes, html, useId } from "./html.js";
import { Close } from "./icons.js";

export function Aside({ id, title, class: name, onClose, children }) {
  const heading = useId();
  const keys = (event) => { if (event.key === "Escape" && !event.defaultPrevented) onClose(); };
  return html`<aside class=${classes("panel", name)} id=${id} aria-labelledby=${heading} onKeyDown=${keys}>
    <header><h3 id=${heading}>${title}</h3><button type="button" class="quiet square" aria-label="Close" onClick=${onClose}><${Close} /></button></header>
    ${children}
  </aside>`;
}
