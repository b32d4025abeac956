// What a group is called and how its agents take turns.

import { html, useState } from "./html.js";
import { Alert } from "./icons.js";
import { Dialog } from "./dialog.js";
import { ON_BUSY, POLICIES } from "./turn_words.js";

export function SettingsDialog({ room, api, path, onClose }) {
  const { title, turns } = room;
  const [policy, setPolicy] = useState(turns.turn_policy);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const agents = Object.values(room.agents);
  const submit = async (event) => {
    event.preventDefault();
    const wanted = wantedOf(new FormData(event.currentTarget), policy);
    const change = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== ({ title, ...turns }[name] ?? null)));
    if (Object.keys(change).length === 0) return onClose();
    setBusy(true);
    try {
      await api.patch(path, change);
      onClose();
    } catch (found) {
      setProblem(found);
      setBusy(false);
    }
  };
  return html`<${Dialog} title="Group settings" onClose=${onClose}><form onSubmit=${submit}>
    <label class="field"><span>Title</span><input name="title" required maxlength="200" autocomplete="off" defaultValue=${title} /></label>
    <fieldset class="options"><legend>Which agents answer a message</legend>
      ${POLICIES.map(([value, name, text]) => html`<label key=${value} class="pick"><input type="radio" name="turn_policy" value=${value} checked=${policy === value}
        onChange=${() => setPolicy(value)} /><span class="who"><span class="name">${name}</span><span class="muted">${text}</span></span></label>`)}
    </fieldset>
    ${policy === "selector" && html`<${Choice} name="selector_agent_id" label="Who decides" value=${turns.selector_agent_id ?? agents[0]?.id} options=${agents.map(({ id, name }) => [id, name])} />`}
    ${policy === "selector" && agents.length === 0 && html`<p class="hint">Bring an agent into the group first.</p>`}
    <${Choice} name="on_busy" label="When an agent is asked while it answers, it" value=${turns.on_busy} options=${ON_BUSY} />
    <details><summary>Limits</summary><div class="pair">
      <${Count} name="turn_budget" label="Turns that agents take among themselves" value=${turns.turn_budget} min="0" max="32" required=${true} />
      <${Count} name="hop_limit" label="How far they call each other on" value=${turns.hop_limit} min="1" max="16" required=${true} />
      <${Count} name="run_token_limit" label="Tokens for one answer" value=${turns.run_token_limit} min="1" />
      <${Count} name="daily_token_limit" label="Tokens for a day" value=${turns.daily_token_limit} min="1" />
    </div></details>
    ${problem && html`<p class="problem" role="alert"><${Alert} /><span>${problem.detail}</span></p>`}
    <footer class="buttons"><button type="button" onClick=${onClose}>Cancel</button>
      <button class="primary" disabled=${busy}>${busy ? "Saving …" : "Save"}</button></footer>
  </form><//>`;
}

function wantedOf(form, policy) {
  const count = (name) => (form.get(name) === "" ? null : Number(form.get(name)));
  return {
    title: form.get("title").trim(), turn_policy: policy, on_busy: form.get("on_busy"),
    turn_budget: count("turn_budget"), hop_limit: count("hop_limit"),
    run_token_limit: count("run_token_limit"), daily_token_limit: count("daily_token_limit"),
    ...(policy === "selector" ? { selector_agent_id: form.get("selector_agent_id") } : {}),
  };
}

export function Choice({ name, label, value, options }) {
  return html`<label class="field"><span>${label}</span><span class="select"><select name=${name}>
    ${options.map(([id, text]) => html`<option key=${id} value=${id} selected=${id === value}>${text}</option>`)}</select></span></label>`;
}

function Count({ name, label, value, ...limits }) {
  return html`<label class="field"><span>${label}</span><input type="number" name=${name} defaultValue=${value ?? ""} placeholder="no limit" step="1" ...${limits} /></label>`;
}
