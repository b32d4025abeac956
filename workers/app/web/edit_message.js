import { html, useLayoutEffect, useRef, useState } from "./html.js";

export function EditMessage({ text, onSave, onCancel }) {
  const [draft, setDraft] = useState(text);
  const box = useRef(null);
  useLayoutEffect(() => { box.current.focus(); box.current.setSelectionRange(text.length, text.length); }, []);
  useLayoutEffect(() => { box.current.style.height = "auto"; box.current.style.height = `${box.current.scrollHeight + 2}px`; }, [draft]);
  const save = () => { if (draft.trim()) onSave(draft); };
  const keys = (event) => {
    if (event.key === "Escape") { event.stopPropagation(); onCancel(); }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); save(); }
  };
  return html`<div class="edit"><textarea ref=${box} rows="1" aria-label="Edit message" maxlength="16000" value=${draft}
      onInput=${(event) => setDraft(event.currentTarget.value)} onKeyDown=${keys}></textarea>
    <p class="buttons"><button type="button" class="small primary" disabled=${!draft.trim()} onClick=${save}>Save</button>
      <button type="button" class="small" onClick=${onCancel}>Cancel</button></p></div>`;
}
