// What an agent asks before it acts: with what, until when, and who may answer. Everybody sees it; those asked decide.

import { html, useState } from "./html.js";
import { Clock, Hand } from "./icons.js";
import { timeOf } from "./time.js";
import { useNow } from "./use.js";

export function ApprovalCard({ question, name, members, me, acts }) {
  const { approval_id: id, tool, args, approvers, expires_at: until } = question;
  const [reason, setReason] = useState("");
  const [sent, setSent] = useState(false);
  const mine = acts !== undefined && approvers.includes(me.id);
  const answer = async (approved) => {
    setSent(true);
    if (!(await acts.approve(id, approved, reason.trim() || undefined))) setSent(false);
  };
  return html`<section class="approval" data-approval=${id} aria-label=${`${name} asks for permission`}>
    <p class="asks"><${Hand} /><span><bdi class="name">${name}</bdi> asks to use <code>${tool}</code></span></p>
    <pre tabindex="0" aria-label="With what"><code>${readable(args)}</code></pre>
    ${mine ? html`<form onSubmit=${(event) => event.preventDefault()}>
      <input aria-label="Reason, shown to everybody" placeholder="Reason, if you like" maxlength="500" autocomplete="off" value=${reason} onInput=${(event) => setReason(event.currentTarget.value)} />
      <div class="buttons"><button type="button" class="small primary" disabled=${sent} onClick=${() => answer(true)}>Allow once</button>
        <button type="button" class="small" disabled=${sent} onClick=${() => answer(false)}>Do not allow</button></div></form>`
      : html`<p class="muted">${waitingFor(approvers, members)}</p>`}
    <p class="muted until"><${Clock} />${sent ? "Your answer is on its way" : html`<${Remaining} until=${until} />`}</p>
  </section>`;
}

function Remaining({ until }) {
  const minutes = Math.ceil((Date.parse(until) - useNow(5_000)) / 60_000);
  if (minutes <= 0) return "The time to answer is over";
  return `Silence means no, at ${timeOf(until)} (${minutes === 1 ? "in a minute" : `in ${minutes} minutes`})`;
}

function waitingFor(approvers, members) {
  const names = approvers.map((id) => members[id]?.name).filter(Boolean);
  if (names.length === 0) return "Nobody who is here can decide this.";
  return `Waiting for ${names.length > 1 ? `${names.slice(0, -1).join(", ")} or ${names.at(-1)}` : names[0]} to decide.`;
}

/** JSON with room to read it; whatever else it is, as it came. */
function readable(args) {
  try {
    return JSON.stringify(JSON.parse(args), null, 2);
  } catch {
    return args;
  }
}
