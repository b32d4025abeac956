import { classes, html } from "./html.js";
import { Avatar } from "./avatar.js";
import { Agent, Box, Lock, Mark, Open, Out, Plus } from "./icons.js";
import { dateOf, timeOf, dayOf, sameDay } from "./time.js";

export function Sidebar({ rooms, open, me, onNew, onAgents, onSignOut }) {
  const summaries = rooms.summaries ?? [];
  const [active, over] = [summaries.filter((s) => s.status === "active"), summaries.filter((s) => s.status !== "active")];
  const row = (summary) => html`<${Row} key=${summary.group_id} summary=${summary} rooms=${rooms} here=${summary.group_id === open} />`;
  return html`<aside class="sidebar">
    <header><span class="logo small"><${Mark} /></span><h1>Parley</h1>
      <button type="button" class="quiet square" aria-label="Agents" title="Agents" onClick=${onAgents}><${Agent} /></button>
      <button type="button" class="quiet square" aria-label="New group" title="New group" onClick=${onNew}><${Plus} /></button></header>
    <nav aria-label="Groups">
      ${rooms.problem && html`<p class="hint problem" role="alert">The list of groups is not up to date. ${rooms.problem.detail}</p>`}
      ${rooms.summaries === null && !rooms.problem && html`<p class="hint" role="status">Loading groups …</p>`}
      ${rooms.summaries?.length === 0 && html`<p class="hint">You are in no group yet. Make one with the plus above, or come into one that is open to you.</p>`}
      <ul>${latestFirst(active, rooms).map(row)}</ul>
      ${rooms.joinable.length > 0 && html`<h2>Open to you</h2><ul>${rooms.joinable.map((summary) => html`<${Joinable} key=${summary.group_id} summary=${summary} here=${summary.group_id === open} />`)}</ul>`}
      ${over.length > 0 && html`<h2>Archived</h2><ul>${over.map(row)}</ul>`}
    </nav>
    <footer><${Avatar} name=${me.name} />
      <span class="who"><bdi class="name">${me.name}</bdi><span class="muted">${me.role === "member" ? "Member" : me.role === "owner" ? "Owner of the org" : "Admin of the org"}</span></span>
      <button type="button" class="quiet square" aria-label="Sign out" title="Sign out" onClick=${onSignOut}><${Out} /></button></footer>
  </aside>`;
}

function Row({ summary, rooms, here }) {
  const room = rooms.group(summary.group_id)?.state;
  const last = room?.messages.at(-1);
  const unread = here ? 0 : rooms.unread(summary.group_id);
  const [KindIcon, kind] = summary.status !== "active" ? [Box, "Archived group"] : summary.is_private ? [Lock, "Private group"] : [Open, "Public group"];
  return html`<li><a class=${classes("row", here && "here", unread > 0 && "unread")} href=${`#/groups/${summary.group_id}`} aria-current=${here ? "page" : undefined}>
    <span class="kind" title=${kind}><${KindIcon} /><span class="unseen">${kind}</span></span>
    <span class="what"><span class="upper"><bdi class="title">${room?.title || summary.title}</bdi>
        ${last && html`<time datetime=${last.ts}>${sameDay(last.ts, Date.now()) ? timeOf(last.ts) : dayOf(last.ts)}</time>`}</span>
      <span class="upper"><span class="snippet">${summary.archived_at && !last ? dateOf(summary.archived_at) : under(room, last)}</span>
        ${unread > 0 && html`<span class="count" aria-label=${`${unread} unread`}>${unread > 49 ? "50+" : unread}</span>`}</span></span>
  </a></li>`;
}

function Joinable({ summary: { group_id: id, title }, here }) {
  return html`<li><a class=${classes("row", here && "here")} href=${`#/groups/${id}`} aria-current=${here ? "page" : undefined}>
    <span class="kind"><${Open} /></span><span class="what"><bdi class="title">${title}</bdi><span class="snippet">Public · join to read and write</span></span></a></li>`;
}

function under(room, last) {
  const running = room && Object.values(room.runs)[0];
  if (running) return `${room.agents[running.agent_id]?.name ?? "An agent"} ${doing(running, room)} …`;
  if (last === undefined) return room?.epoch ? "No messages yet" : "";
  if (last.deleted) return `${last.actor.name} deleted a message`;
  return `${last.actor.name}: ${last.text.replace(/[*_`>~]+/g, "").replace(/\s+/g, " ").slice(0, 90)}`;
}

function doing(run, { approvals }) {
  if (Object.values(approvals).some(({ run_id: id }) => id === run.run_id)) return "asks for permission";
  return run.purpose === "select" ? "is choosing who answers" : "is writing";
}

function latestFirst(summaries, rooms) {
  const when = ({ group_id: id, created_at: made }) => rooms.group(id)?.state.messages.at(-1)?.ts ?? made;
  return summaries.toSorted((one, other) => (when(one) < when(other) ? 1 : -1));
}
