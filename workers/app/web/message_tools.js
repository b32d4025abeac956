// What one can do with a message, shown where the pointer or the focus is.

import { html, useEffect, useRef, useState } from "./html.js";
import { Bin, Pencil, Reply, Smile, Thread } from "./icons.js";
import { EMOJI } from "./reactions.js";

export function MessageTools({ message, mine, mayDelete, meId, acts, thread, onEdit }) {
  const [open, setOpen] = useState(false);
  const [sure, setSure] = useState(false);
  const tools = useRef(null);
  useEffect(() => {
    if (!open && !sure) return undefined;
    // The button that had the focus is gone: it moves on to what came in its place.
    tools.current.querySelector("button").focus();
    const away = (event) => { if (!tools.current?.contains(event.target)) { setOpen(false); setSure(false); } };
    const escape = (event) => { if (event.key === "Escape") close(); };
    document.addEventListener("pointerdown", away);
    document.addEventListener("keydown", escape);
    return () => { document.removeEventListener("pointerdown", away); document.removeEventListener("keydown", escape); };
  }, [open, sure]);
  const close = () => { tools.current.closest(".message").focus(); setOpen(false); setSure(false); };
  const react = (emoji) => {
    acts.react(message, emoji, !message.reactions[emoji]?.includes(meId));
    close();
  };
  if (sure) return html`<div class="tools sure" ref=${tools} role="group" aria-label="Delete this message?"><span>Delete for everybody?</span>
    <button type="button" class="small danger" onClick=${() => acts.delete(message)}>Delete</button>
    <button type="button" class="small" onClick=${close}>Keep</button></div>`;
  return html`<div class=${`tools ${open ? "open" : ""}`} ref=${tools} role="group" aria-label="With this message">
    ${open ? EMOJI.map(([emoji, name]) => html`<button key=${emoji} type="button" class="emoji" aria-label=${name} title=${name} onClick=${() => react(emoji)}>${emoji}</button>`)
      : html`
        <button type="button" aria-label="React" title="React" aria-expanded="false" onClick=${() => setOpen(true)}><${Smile} /></button>
        ${acts.reply && html`<button type="button" aria-label="Reply" title="Reply" onClick=${() => acts.reply(message)}><${Reply} /></button>`}
        ${acts.thread && html`<button type="button" aria-label="Open thread" title="Open thread" onClick=${() => acts.thread(thread)}><${Thread} /></button>`}
        ${mine && html`<button type="button" aria-label="Edit" title="Edit" onClick=${onEdit}><${Pencil} /></button>`}
        ${(mine || mayDelete) && html`<button type="button" aria-label="Delete" title="Delete" onClick=${() => setSure(true)}><${Bin} /></button>`}`}
  </div>`;
}
