// The top of a conversation; for an empty one, what to do now.

import { html } from "./html.js";
import { Avatar, AgentTag } from "./avatar.js";
import { dateOf } from "./time.js";

export function Beginning({ room, readOnly }) {
  const agents = Object.values(room.agents);
  if (room.messages.length > 0) {
    return html`<p class="beginning muted">This is where <bdi>${room.title}</bdi> begins, on ${dateOf(room.messages[0].ts)}.</p>`;
  }
  if (readOnly) return html`<p class="beginning muted">Nothing was said in this group.</p>`;
  return html`<section class="welcome" aria-label="How to begin">
    <h3>Nothing has been said yet</h3>
    <p>Write below; everybody in the group sees it, now and whenever they come back.</p>
    ${agents.length === 0 ? html`<p>There is no agent here. An owner brings one in from the list of people and agents.</p>`
      : html`<p>Agents answer when they are mentioned:</p>
        <ul>${agents.map((agent) => html`<li key=${agent.id}><${Avatar} name=${agent.name} kind="agent" />
          <span>Type <kbd>@${agent.handle}</kbd> to ${agent.handle === "scribe" ? "have the conversation summed up" : "ask"} <bdi>${agent.handle === "scribe" ? "by " : ""}${agent.name}</bdi> <${AgentTag} /></span></li>`)}</ul>`}
  </section>`;
}
