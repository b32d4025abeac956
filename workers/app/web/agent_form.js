import { html, useState } from "./html.js";
import { Alert, Bin } from "./icons.js";

const MEMBERS = ["name", "handle", "provider", "model", "instructions"];
const KNOWN_TOOLS = [
  ["search_history", "Search what was said in the group"], ["get_members", "See who is in the group"],
  ["current_time", "Know the time"], ["fetch_url", "Read pages of the hosts that are allowed"],
];
const NEW = { name: "", handle: "", provider: "builtin", model: "scribe", instructions: "", tools: [] };

/** Makes an agent, or changes one: only what is another value now is sent. */
export function AgentForm({ agent, api, onCancel, onDone }) {
  const before = { ...NEW, ...agent };
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const [sure, setSure] = useState(false);
  const doing = async (promise) => {
    setBusy(true);
    try {
      await promise;
      onDone();
    } catch (found) {
      setProblem(found);
      setBusy(false);
    }
  };
  const submit = (event) => {
    event.preventDefault();
    const wanted = wantedOf(new FormData(event.currentTarget));
    if (!agent.id) return doing(api.post("/agents", wanted));
    const change = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => String(value) !== String(before[name])));
    return Object.keys(change).length === 0 ? onDone() : doing(api.patch(`/agents/${agent.id}`, change));
  };
  const others = before.tools.filter((tool) => !KNOWN_TOOLS.some(([name]) => name === tool));
  return html`<form onSubmit=${submit}>
    <div class="pair">
      <label class="field"><span>Name</span><input name="name" required maxlength="80" autofocus autocomplete="off" defaultValue=${before.name} placeholder="Helper" /></label>
      <label class="field"><span>Handle, written behind an @</span><input name="handle" required maxlength="32" pattern="[a-z0-9][a-z0-9_\\-]*" title="Small letters, digits, - and _"
        autocapitalize="none" spellcheck="false" autocomplete="off" defaultValue=${before.handle} placeholder="helper" /></label>
      <label class="field"><span>Provider</span><input name="provider" required maxlength="32" pattern="[a-z0-9][a-z0-9_\\-]*" spellcheck="false" autocomplete="off" defaultValue=${before.provider} aria-describedby="provider-hint" /></label>
      <label class="field"><span>Model</span><input name="model" required maxlength="120" spellcheck="false" autocomplete="off" defaultValue=${before.model} aria-describedby="provider-hint" /></label>
    </div>
    <p class="hint" id="provider-hint"><code>builtin</code> has <code>scribe</code> and <code>librarian</code>, which need no language model; <code>python</code> has agents of
      your own; other names are those of the deployment's providers.</p>
    <label class="field"><span>Instructions</span><textarea name="instructions" rows="4" maxlength="8000" defaultValue=${before.instructions} placeholder="What it should do, and how it should speak"></textarea></label>
    <fieldset class="options"><legend>What it may use</legend>
      ${KNOWN_TOOLS.map(([name, text]) => html`<label key=${name} class="check"><input type="checkbox" name="tool" value=${name} defaultChecked=${before.tools.includes(name)} />
        <span>${text} <code>${name}</code></span></label>`)}
      <label class="field"><span class="unseen">Other tools</span><input name="other_tools" spellcheck="false" autocomplete="off" defaultValue=${others.join(" ")} placeholder="Names of other tools, with spaces between" /></label>
    </fieldset>
    ${problem && html`<p class="problem" role="alert"><${Alert} /><span>${problem.detail}</span></p>`}
    <footer class="buttons">
      ${agent.id && html`<button type="button" class="danger start" disabled=${busy} onClick=${() => (sure ? doing(api.delete(`/agents/${agent.id}`)) : setSure(true))}><${Bin} />${sure ? "Really delete it" : "Delete"}</button>`}
      <button type="button" onClick=${onCancel}>Cancel</button>
      <button class="primary" disabled=${busy}>${agent.id ? "Save" : "Create agent"}</button></footer>
  </form>`;
}

function wantedOf(form) {
  const others = form.get("other_tools").split(/[\s,]+/).filter(Boolean);
  return { ...Object.fromEntries(MEMBERS.map((name) => [name, form.get(name).trim()])), tools: [...form.getAll("tool"), ...others] };
}
