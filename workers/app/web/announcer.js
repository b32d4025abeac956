// Tells a screen reader what others say and what is asked: whole messages, once, and not the letters of a running agent.

import { html, useEffect, useRef, useState } from "./html.js";

const LONGEST = 300;

export function Announcer({ room: { messages, approvals, agents }, me }) {
  const [said, setSaid] = useState("");
  const last = messages.at(-1);
  const known = useRef(last?.seq ?? 0);
  useEffect(() => {
    if (last === undefined || last.seq <= known.current) return;
    const fresh = messages.filter(({ seq, actor, deleted }) => seq > known.current && actor.id !== me.id && !deleted);
    known.current = last.seq;
    if (fresh.length === 0) return;
    const { actor, text } = fresh.at(-1);
    const who = actor.kind === "agent" ? `${actor.name}, agent` : actor.name;
    setSaid(fresh.length > 1 ? `${fresh.length} new messages, the last by ${who}` : `${who}: ${text.slice(0, LONGEST)}`);
  }, [last?.seq]);
  const question = Object.values(approvals).at(-1);
  useEffect(() => {
    if (question === undefined) return;
    const yours = question.approvers.includes(me.id) ? " You can decide." : "";
    setSaid(`${agents[question.agent_id]?.name ?? "An agent"} asks to use ${question.tool}.${yours}`);
  }, [question?.approval_id]);
  return html`<p class="unseen" role="status" aria-live="polite" data-announcer>${said}</p>`;
}
