// Who is in the group, and what owners and members can change about it.

import { html, useState } from "./html.js";
import { AddPicker } from "./add_picker.js";
import { Aside } from "./aside.js";
import { AgentTag, Avatar } from "./avatar.js";
import { Box, Gear, Link, Out } from "./icons.js";
import { MemberRow, Remove } from "./member_row.js";
import { complain, say } from "./notices.js";
import { ArchiveDialog } from "./reason_dialog.js";
import { SettingsDialog } from "./settings_dialog.js";
import { policyName } from "./turn_words.js";
import { useLoaded } from "./use.js";

export function Panel({ record, room, live: connected, me, session, rooms, again, onClose }) {
  const [dialog, setDialog] = useState(null);
  const live = session !== undefined && room.status === "active";
  const owner = live && room.you?.role === "owner";
  const members = Object.values(room.members).sort(byPresence(room));
  const agents = Object.values(room.agents);
  const path = `/groups/${room.group_id}`;
  const doing = (promise, done) => promise.then(() => { if (done) say(done); }, complain);
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

  return html`<${Aside} id="people" title="People and agents" onClose=${onClose}>
    <section aria-label="Agents"><h4>Agents <span class="muted">${agents.length}</span></h4>
      <ul>${agents.map((agent) => html`<li key=${agent.id}><${Avatar} name=${agent.name} kind="agent" />
        <span class="who"><span><bdi class="name">${agent.name}</bdi> <${AgentTag} /></span><span class="muted">@${agent.handle}</span></span>
        ${owner && html`<${Remove} name=${agent.name} onRemove=${() => doing(session.api.delete(`${path}/agents/${agent.id}`))} />`}</li>`)}</ul>
      ${agents.length === 0 ? html`<p class="hint">No agent is in the room.</p>`
        : room.turns && html`<p class="hint">Who answers: ${policyName(room.turns.turn_policy).toLowerCase()}</p>`}
      ${owner && html`<${AddAgent} session=${session} path=${path} present=${room.agents} doing=${doing} />`}
    </section>
    <section aria-label="People"><h4>People <span class="muted">${members.length}</span></h4>
      <ul>${members.map((member) => html`<${MemberRow} key=${member.id} member=${member} me=${me} online=${connected ? room.online.includes(member.id) : undefined}
        owner=${owner} path=${path} api=${session?.api} doing=${doing} />`)}</ul>
      ${owner && html`<${AddPerson} session=${session} path=${path} present=${room.members} doing=${doing} />`}
    </section>
    ${live && html`<section class="deeds" aria-label="Group">
      ${owner && html`<button type="button" onClick=${() => setDialog("settings")}><${Gear} />Group settings</button>`}
      ${record?.is_private === false && html`<button type="button" onClick=${copy}><${Link} />Copy the link to join</button>`}
      <button type="button" onClick=${leave}><${Out} />Leave the group</button>
      ${owner && html`<button type="button" class="danger" onClick=${() => setDialog("archive")}><${Box} />Archive the group</button>`}
    </section>`}
    ${dialog === "settings" && html`<${SettingsDialog} room=${room} api=${session.api} path=${path} onClose=${() => setDialog(null)} />`}
    ${dialog === "archive" && html`<${ArchiveDialog} title=${room.title} api=${session.api} path=${path} onClose=${() => setDialog(null)}
      onDone=${() => { setDialog(null); again(); rooms.refresh(); }} />`}
  <//>`;
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
