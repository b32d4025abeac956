import { html } from "./html.js";
import { Hand, Pause, Shield } from "./icons.js";
import { fullTimeOf, timeOf } from "./time.js";
import { policyName } from "./turn_words.js";

const OUTCOMES = {
  cancelled: "was stopped", interrupted: "was interrupted", error: "could not finish", limit: "stopped at its limit",
};
/** What stands out of the notices around it. */
const MARKS = { "loop.paused": Pause, "selector.failed": Hand, "approval.resolved": Shield };

/** Whether two notices may share a line. */
export const together = (one, other) => MARKS[one.type] === undefined && MARKS[other.type] === undefined;

/** What happened in a row, in one line. */
export function NoticeLine({ events, agents }) {
  const { ts } = events.at(-1);
  const Mark = MARKS[events[0].type];
  return html`<li class=${Mark ? "notice-line marked" : "notice-line"}>${Mark && html`<${Mark} />`}<span>
    ${events.map((event, at) => html`${at > 0 && " · "}<span key=${event.seq} data-notice=${event.type}>${words(event, agents)}</span>`)}
    ${" "}<time datetime=${ts} title=${fullTimeOf(ts)}>${timeOf(ts)}</time></span></li>`;
}

function words(event, agents) {
  const { type, actor, data } = event;
  switch (type) {
    case "member.joined": return html`<bdi>${data.member.name}</bdi> joined`;
    case "member.left": return html`<bdi>${data.member.name}</bdi> left`;
    case "member.role_changed": return html`<bdi>${data.member.name}</bdi> is now ${data.member.role === "owner" ? "an owner" : "a member"}`;
    case "member.renamed": return html`<bdi>${data.member.name}</bdi> has a new name`;
    case "member.erased": return "Somebody’s messages and name were erased";
    case "agent.changed": return html`The agent <bdi>${data.agent.name}</bdi> (@${data.agent.handle}) has a new name`;
    case "agent.added": return html`The agent <bdi>${data.agent.name}</bdi> (@${data.agent.handle}) came in`;
    case "agent.removed": return html`The agent <bdi>${data.agent.name}</bdi> (@${data.agent.handle}) left`;
    case "group.updated": return updated(event);
    case "group.archived": return html`<bdi>${actor.name}</bdi> archived the group: <bdi>${data.reason}</bdi>`;
    case "group.restored": return html`<bdi>${actor.name}</bdi> brought the group back: <bdi>${data.reason}</bdi>`;
    case "run.finished": return html`<bdi>${actor.name}</bdi> ${OUTCOMES[data.outcome] ?? data.outcome}${data.error ? html`: <bdi>${data.error}</bdi>` : ""}`;
    case "loop.paused": return html`<strong>Agents paused.</strong> ${[`They have talked enough among themselves, and ${namesOf(data.agent_ids, agents)} would have gone on.`,
      "They do when a person says something."].join(" ")}`;
    case "selector.failed": return html`<strong>Nobody answers.</strong> <bdi>${data.reason}</bdi>. Mention an agent to ask it yourself.`;
    case "approval.resolved": return resolved(event);
    default: return type;
  }
}

function updated({ data, before }) {
  if (before === undefined || before.title !== data.title) return html`The group is called “<bdi>${data.title}</bdi>”`;
  if (before.turns?.turn_policy === data.turns?.turn_policy) return "How agents take turns was changed";
  return `Who of the agents answers: ${policyName(data.turns?.turn_policy).toLowerCase()}`;
}

function resolved({ actor, data, question }) {
  const asker = html`<bdi>${question ? question.actor.name : "an agent"}</bdi>`;
  const tool = question ? html`<code>${question.data.tool}</code>` : "a tool";
  const reason = data.reason ? html`: “<bdi>${data.reason}</bdi>”` : "";
  switch (data.outcome) {
    case "approved": return html`<bdi>${actor.name}</bdi> <strong>allowed</strong> ${asker} to use ${tool}${reason}`;
    case "denied": return html`<bdi>${actor.name}</bdi> <strong>did not allow</strong> ${asker} to use ${tool}${reason}`;
    case "expired": return html`Nobody answered in time: ${asker} did not use ${tool}`;
    default: return html`Whether ${asker} may use ${tool} need not be decided any more`;
  }
}

function namesOf(ids, agents) {
  const names = ids.map((id) => agents[id]?.name ?? "an agent that left");
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0] ?? "an agent";
}
