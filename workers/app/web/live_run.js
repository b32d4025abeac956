// An agent that is writing now.

import { html } from "./html.js";
import { AgentTag, Avatar } from "./avatar.js";
import { RichText } from "./rich_text.js";
import { Stop } from "./icons.js";

export function LiveRun({ run, agent, asked, known, goTo, onCancel }) {
  const name = agent?.name ?? "An agent";
  return html`<li class="message first of-agent live" data-run=${run.run_id} aria-busy="true">
    <${Avatar} name=${name} kind="agent" />
    <div class="body">
      <div class="head"><bdi class="name">${name}</bdi><${AgentTag} />
        <span class="state"><span class="pulse" aria-hidden="true"></span>${run.text ? "writing" : "thinking"}</span>
        ${asked && html`<span class="muted for">for <bdi>${asked.actor.name}</bdi></span>`}
        ${onCancel && html`<button type="button" class="small" onClick=${() => onCancel(run.run_id)} aria-label=${`Stop ${name}`}><${Stop} />Stop</button>`}</div>
      ${run.text ? html`<${RichText} text=${run.text} known=${known} goTo=${goTo} />`
        : html`<div class="skeleton" aria-hidden="true"><i></i><i></i></div>`}
    </div></li>`;
}
