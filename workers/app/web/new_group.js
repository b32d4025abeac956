import { html, useState } from "./html.js";
import { Alert, Lock, Open } from "./icons.js";
import { Avatar } from "./avatar.js";
import { Dialog } from "./dialog.js";
import { useLoaded } from "./use.js";

export function NewGroup({ session: { api, me }, onClose, onDone }) {
  const [agents, agentsProblem] = useLoaded(() => api.all("/agents", "agents"), []);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    try {
      const made = await api.post("/groups", {
        org_id: me.org_id, title: form.get("title"), is_private: form.get("kind") === "private", agent_ids: form.getAll("agent"),
      });
      onDone(made.group_id);
    } catch (found) {
      setProblem(found);
      setBusy(false);
    }
  };
  return html`<${Dialog} title="New group" onClose=${onClose}><form onSubmit=${submit}>
    <label class="field"><span>Title</span>
      <input name="title" required maxlength="200" autofocus autocomplete="off" placeholder="What is it about?" /></label>
    <fieldset class="cards"><legend>Who may come in</legend>
      <${Card} name="kind" type="radio" value="private" checked=${true} icon=${Lock} title="Private" text="Only people an owner adds" />
      <${Card} name="kind" type="radio" value="public" icon=${Open} title="Public" text="Anyone of your organisation may join" />
    </fieldset>
    <fieldset class="agents"><legend>Agents in the room</legend>
      ${agents?.length === 0 && html`<p class="hint">Your organisation has no agents yet.</p>`}
      ${agentsProblem && html`<p class="hint problem">${agentsProblem.detail}</p>`}
      ${agents?.map((agent) => html`<label key=${agent.id} class="pick">
        <input type="checkbox" name="agent" value=${agent.id} defaultChecked=${true} />
        <${Avatar} name=${agent.name} kind="agent" />
        <span class="who"><bdi class="name">${agent.name}</bdi><span class="muted">@${agent.handle}</span></span></label>`)}
      <p class="hint">They speak when somebody mentions them. Group settings let you change that.</p>
    </fieldset>
    ${problem && html`<p class="problem" role="alert"><${Alert} /><span>${problem.detail}</span></p>`}
    <footer class="buttons"><button type="button" onClick=${onClose}>Cancel</button>
      <button class="primary" disabled=${busy}>${busy ? "Creating …" : "Create group"}</button></footer>
  </form><//>`;
}

function Card({ name, type, value, checked, icon: CardIcon, title, text }) {
  return html`<label class="card"><input type=${type} name=${name} value=${value} defaultChecked=${checked} />
    <${CardIcon} /><span class="who"><span class="name">${title}</span><span class="muted">${text}</span></span></label>`;
}
