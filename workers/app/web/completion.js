import { classes, html } from "./html.js";
import { AgentTag, Avatar } from "./avatar.js";

export function Completion({ id, candidates, chosen, onChoose }) {
  return html`<ul class="completion" id=${id} role="listbox" aria-label="People and agents">${candidates.map((candidate, at) => html`
    <li key=${candidate.id} id=${`${id}-${at}`} role="option" aria-selected=${at === chosen ? "true" : "false"} class=${classes(at === chosen && "chosen")}
      onMouseDown=${(event) => { event.preventDefault(); onChoose(candidate); }}>
      <${Avatar} name=${candidate.name} kind=${candidate.kind} size="small" online=${candidate.online} />
      <bdi class="name">${candidate.name}</bdi><span class="muted">@${candidate.word}</span>${candidate.kind === "agent" && html`<${AgentTag} />`}</li>`)}</ul>`;
}
