import { html } from "./html.js";
import { Avatar } from "./avatar.js";
import { Back, Box, Lock, Open, People, Search } from "./icons.js";

const FACES = 4;

/** `aside` names what stands beside the conversation; `onAside` opens and closes it. */
export function Header({ title, record, room, live, aside, onAside, searchable }) {
  const [KindIcon, kind] = record?.status === "archived" ? [Box, "Archived"] : record?.is_private === false ? [Open, "Public"] : [Lock, "Private"];
  const members = Object.values(room?.members ?? {});
  const agents = Object.values(room?.agents ?? {});
  const here = members.filter(({ id }) => room.online.includes(id)).length;
  return html`<header class="top">
    <a class="square quiet back" href="#/" aria-label="All groups"><${Back} /></a>
    <div class="name"><h2><bdi>${title || " "}</bdi></h2>
      <p class="muted"><${KindIcon} />${kind}${live ? html` · <span>${here} of ${members.length} here</span>` : ""}</p></div>
    ${searchable && html`<button type="button" class="quiet square" aria-label="Search this group" title="Search this group (Ctrl K)" aria-expanded=${aside === "search" ? "true" : "false"}
      aria-keyshortcuts="Control+K" onClick=${() => onAside("search")}><${Search} /></button>`}
    <button type="button" class="faces quiet" aria-expanded=${aside === "people" ? "true" : "false"} onClick=${() => onAside("people")}>
      <span class="unseen">People and agents: ${members.length} and ${agents.length}</span>
      <span class="stack" aria-hidden="true">
        ${members.slice(0, FACES).map((m) => html`<${Avatar} key=${m.id} name=${m.name} size="small" />`)}
        ${agents.slice(0, 2).map((a) => html`<${Avatar} key=${a.id} name=${a.name} kind="agent" size="small" />`)}
      </span><${People} /></button>
  </header>`;
}
