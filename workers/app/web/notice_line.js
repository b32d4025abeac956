import { html } from "./html.js";
import { fullTimeOf, timeOf } from "./time.js";

const OUTCOMES = {
  cancelled: "was stopped", interrupted: "was interrupted", error: "could not finish", limit: "stopped at its limit",
};

/** What happened in a row, in one line. */
export function NoticeLine({ events }) {
  const { ts } = events.at(-1);
  return html`<li class="notice-line">${events.map((event, at) => html`${at > 0 && " · "}<span key=${event.seq}>${words(event)}</span>`)}
    ${" "}<time datetime=${ts} title=${fullTimeOf(ts)}>${timeOf(ts)}</time></li>`;
}

function words({ type, actor, data }) {
  switch (type) {
    case "member.joined": return html`<bdi>${data.member.name}</bdi> joined`;
    case "member.left": return html`<bdi>${data.member.name}</bdi> left`;
    case "member.role_changed": return html`<bdi>${data.member.name}</bdi> is now ${data.member.role === "owner" ? "an owner" : "a member"}`;
    case "member.renamed": return html`<bdi>${data.member.name}</bdi> has a new name`;
    case "agent.changed": return html`The agent <bdi>${data.agent.name}</bdi> (@${data.agent.handle}) has a new name`;
    case "agent.added": return html`The agent <bdi>${data.agent.name}</bdi> (@${data.agent.handle}) came in`;
    case "agent.removed": return html`The agent <bdi>${data.agent.name}</bdi> (@${data.agent.handle}) left`;
    case "group.updated": return html`The group is called “<bdi>${data.title}</bdi>”`;
    case "group.archived": return html`<bdi>${actor.name}</bdi> archived the group: <bdi>${data.reason}</bdi>`;
    case "group.restored": return html`<bdi>${actor.name}</bdi> brought the group back: <bdi>${data.reason}</bdi>`;
    case "run.finished": return html`<bdi>${actor.name}</bdi> ${OUTCOMES[data.outcome] ?? data.outcome}${data.error ? html`: <bdi>${data.error}</bdi>` : ""}`;
    case "loop.paused": return "The agents were paused: they have talked enough among themselves. They go on when a person says something.";
    case "selector.failed": return "No agent could be chosen to speak.";
    default: return type;
  }
}
