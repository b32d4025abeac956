// Who is in the group, and what owners and members can change about it.

import { html, useState } from "./html.js";
import { AddPicker } from "./add_picker.js";
import { AgentTag, Avatar } from "./avatar.js";
import { ArchiveDialog } from "./archive_dialog.js";
import { Box, Close, Link, Out } from "./icons.js";
import { complain, say } from "./notices.js";
import { useLoaded } from "./use.js";

export function Panel({ record, room, live: connected, me, session, rooms, again, onClose }) {
  const [archiving, setArchiving] = useState(false);
  const live = session !== undefined && room.status === "active";
  const owner = live && room.you?.role === "owner";
  const members = Object.values(room.members).sort(byPresence(room));
  const agents = Object.values(room.agents);
  const path = `/groups/${room.group_id}`;
  const doing = (promise, done) => promise.then(() => done && say(done), complain);
  const copy = () => doing(navigator.clipboard.writeText(`${location.origin}/#${path}`), "Link copied");
  const leave = async () => {
    try {
      await session.api.delete(`${path}/members/${me.id}`);
      location.hash = "#/";
      rooms.leave(room.group_id);
      rooms.refresh();
    } catch (problem) {
      complain(problem);
    }
  };

  return html`<aside class="panel" id="panel" aria-label="People and agents">
    <header><h3>People and agents</h3><button type="button" class="quiet square" aria-label="Close" onClick=${onClose}><${Close} /></button></header>
    <section aria-label="Agents"><h4>Agents <span class="muted">${agents.length}</span></h4>
      <ul>${agents.map((agent) => html`<li key=${agent.id}><${Avatar} name=${agent.name} kind="agent" />
        <span class="who"><span><bdi class="name">${agent.name}</bdi> <${AgentTag} /></span><span class="muted">@${agent.handle}</span></span>
        ${owner && html`<${Remove} name=${agent.name} onRemove=${() => doing(session.api.delete(`${path}/agents/${agent.id}`))} />`}</li>`)}</ul>
      ${agents.length === 0 && html`<p class="hint">No agent is in the room.</p>`}
      ${owner && html`<${AddAgent} session=${session} path=${path} present=${room.agents} doing=${doing} />`}
    </section>
    <section aria-label="People"><h4>People <span class="muted">${members.length}</span></h4>
      <ul>${members.map((member) => html`<${Person} key=${member.id} member=${member} me=${me} online=${connected ? room.online.includes(member.id) : undefined}
        owner=${owner} path=${path} api=${session?.api} doing=${doing} />`)}</ul>
      ${owner && html`<${AddPerson} session=${session} path=${path} present=${room.members} doing=${doing} />`}
    </section>
    ${live && html`<section class="deeds" aria-label="Group">
      ${record?.is_private === false && html`<button type="button" onClick=${copy}><${Link} />Copy the link to join</button>`}
      <button type="button" onClick=${leave}><${Out} />Leave the group</button>
      ${owner && html`<button type="button" class="danger" onClick=${() => setArchiving(true)}><${Box} />Archive the group</button>`}
    </section>`}
    ${archiving && html`<${ArchiveDialog} title=${room.title} api=${session.api} path=${path} onClose=${() => setArchiving(false)} onDone=${() => { setArchiving(false); again(); rooms.refresh(); }} />`}
  </aside>`;
}

function Person({ member, me, online, owner, path, api, doing }) {
  const setRole = (role) => doing(api.post(`${path}/members`, { user_id: member.id, role }));
  const state = [member.role === "owner" && "Owner", online !== undefined && (online ? "Here" : "Away")].filter(Boolean).join(" · ");
  return html`<li><${Avatar} name=${member.name} online=${online} />
    <span class="who"><span><bdi class="name">${member.name}</bdi>${member.id === me.id && html` <span class="muted">you</span>`}</span><span class="muted">${state}</span></span>
    ${owner && member.id !== me.id && html`<span class="row-buttons">
      <button type="button" class="small" onClick=${() => setRole(member.role === "owner" ? "member" : "owner")}
        aria-label=${`${member.role === "owner" ? "Make member" : "Make owner"}: ${member.name}`}>${member.role === "owner" ? "Make member" : "Make owner"}</button>
      <${Remove} name=${member.name} onRemove=${() => doing(api.delete(`${path}/members/${member.id}`))} /></span>`}</li>`;
}

function Remove({ name, onRemove }) {
  return html`<button type="button" class="quiet square remove" aria-label=${`Remove ${name}`} title="Remove" onClick=${onRemove}><${Close} /></button>`;
}

function AddPerson({ session: { api }, path, present, doing }) {
  const [people] = useLoaded(() => api.all("/people", "people"), []);
  const absent = people?.filter(({ id }) => !present[id]).map(({ id, name }) => ({ id, name })) ?? [];
  return html`<${AddPicker} label="Add a person" options=${absent} onAdd=${(id) => doing(api.post(`${path}/members`, { user_id: id, role: "member" }))} />`;
}

function AddAgent({ session: { api }, path, present, doing }) {
  const [agents] = useLoaded(() => api.all("/agents", "agents"), []);
  const absent = agents?.filter(({ id }) => !present[id]).map(({ id, name, handle }) => ({ id, name: `${name} (@${handle})` })) ?? [];
  return html`<${AddPicker} label="Add an agent" options=${absent} onAdd=${(id) => doing(api.post(`${path}/agents`, { agent_id: id }))} />`;
}

function byPresence({ online }) {
  return (one, other) => online.includes(other.id) - online.includes(one.id) || (one.name < other.name ? -1 : 1);
}
