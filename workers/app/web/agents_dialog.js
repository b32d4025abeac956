// The agents of the org: who they are, and for owners and admins a place to make and change them.

import { html, useState } from "./html.js";
import { AgentForm } from "./agent_form.js";
import { Avatar } from "./avatar.js";
import { Dialog } from "./dialog.js";
import { Plus } from "./icons.js";
import { useLoaded } from "./use.js";

export function AgentsDialog({ session: { api, me }, onClose }) {
  const [agents, problem, again] = useLoaded(() => api.all("/agents", "agents"), []);
  const [editing, setEditing] = useState(null); // an agent, or {} for a new one
  const admin = me.role !== "member";
  const done = () => { setEditing(null); again(); };
  if (editing) return html`<${Dialog} title=${editing.id ? `Change ${editing.name}` : "New agent"} onClose=${onClose}>
    <${AgentForm} agent=${editing} api=${api} onCancel=${() => setEditing(null)} onDone=${done} /><//>`;
  return html`<${Dialog} title="Agents" onClose=${onClose}>
    <p class="hint">An agent takes part in the groups that it is brought into.</p>
    ${problem && html`<p class="problem" role="alert">${problem.detail}</p>`}
    ${!agents && !problem && html`<p class="hint" role="status">Loading agents …</p>`}
    ${agents?.length === 0 && html`<p class="hint">There are none yet.</p>`}
    <ul class="agent-list">${agents?.map((agent) => html`<li key=${agent.id} class="pick"><${Avatar} name=${agent.name} kind="agent" />
      <span class="who"><bdi class="name">${agent.name}</bdi><span class="muted">@${agent.handle} · ${agent.provider} / ${agent.model}</span></span>
      ${admin && html`<button type="button" class="small" aria-label=${`Change ${agent.name}`} onClick=${() => setEditing(agent)}>Change</button>`}</li>`)}</ul>
    <footer class="buttons"><button type="button" onClick=${onClose}>Close</button>
      ${admin && html`<button type="button" class="primary" onClick=${() => setEditing({})}><${Plus} />New agent</button>`}</footer>
  <//>`;
}
