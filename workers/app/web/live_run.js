// An agent at work: thinking, writing, choosing who answers, or waiting for somebody's word.

import { html } from "./html.js";
import { ApprovalCard } from "./approval_card.js";
import { AgentTag, Avatar } from "./avatar.js";
import { RichText } from "./rich_text.js";
import { Stop } from "./icons.js";

export function LiveRun({ run, room, me, asked, known, goTo, acts }) {
  const name = room.agents[run.agent_id]?.name ?? "An agent";
  const questions = Object.values(room.approvals).filter(({ run_id: id }) => id === run.run_id);
  const choosing = run.purpose === "select";
  return html`<li class=${`message first of-agent live ${choosing ? "choosing" : ""}`} data-run=${run.run_id} aria-busy=${questions.length === 0 ? "true" : "false"}>
    <${Avatar} name=${name} kind="agent" size=${choosing ? "small" : ""} />
    <div class="body">
      <div class="head"><bdi class="name">${name}</bdi><${AgentTag} />
        <span class="state"><span class="pulse" aria-hidden="true"></span>${stateOf(run, questions)}</span>
        ${asked && !choosing && html`<span class="muted for">for <bdi>${asked.actor.name}</bdi></span>`}
        ${acts && html`<button type="button" class="small" onClick=${() => acts.cancel(run.run_id)} aria-label=${`Stop ${name}`}><${Stop} />Stop</button>`}</div>
      ${run.text && !choosing && html`<${RichText} text=${run.text} known=${known} goTo=${goTo} />`}
      ${questions.map((question) => html`<${ApprovalCard} key=${question.approval_id} question=${question} name=${name} members=${room.members} me=${me} acts=${acts} />`)}
      ${!run.text && !choosing && questions.length === 0 && html`<div class="skeleton" aria-hidden="true"><i></i><i></i></div>`}
    </div></li>`;
}

function stateOf(run, questions) {
  if (run.purpose === "select") return "is choosing who answers";
  if (questions.length > 0) return "waiting for a decision";
  return run.text ? "writing" : "thinking";
}
