// A person of the group, with what an owner can do about them.

import { html, useEffect, useRef, useState } from "./html.js";
import { Avatar } from "./avatar.js";
import { Close } from "./icons.js";

export function MemberRow({ member, me, online, owner, path, api, doing }) {
  const setRole = (role) => doing(api.post(`${path}/members`, { user_id: member.id, role }));
  const state = [member.role === "owner" && "Owner", online !== undefined && (online ? "Here" : "Away")].filter(Boolean).join(" · ");
  const other = member.role === "owner" ? ["member", "Make member"] : ["owner", "Make owner"];
  return html`<li><${Avatar} name=${member.name} online=${online} />
    <span class="who"><span><bdi class="name">${member.name}</bdi>${member.id === me.id && html` <span class="muted">you</span>`}</span><span class="muted">${state}</span></span>
    ${owner && member.id !== me.id && html`<span class="row-buttons">
      <button type="button" class="small" onClick=${() => setRole(other[0])} aria-label=${`${other[1]}: ${member.name}`}>${other[1]}</button>
      <${Remove} name=${member.name} onRemove=${() => doing(api.delete(`${path}/members/${member.id}`))} /></span>`}</li>`;
}

/** Asks once more before it does it. */
export function Remove({ name, onRemove }) {
  const [sure, setSure] = useState(false);
  const button = useRef(null);
  useEffect(() => { if (sure) button.current.focus(); }, [sure]);
  if (sure) return html`<button ref=${button} type="button" class="small danger sure-remove" onClick=${onRemove} onBlur=${() => setSure(false)}
    onKeyDown=${(event) => { if (event.key === "Escape") { event.preventDefault(); setSure(false); } }} aria-label=${`Really remove ${name}`}>Remove?</button>`;
  return html`<button type="button" class="quiet square remove" aria-label=${`Remove ${name}`} title="Remove" onClick=${() => setSure(true)}><${Close} /></button>`;
}
