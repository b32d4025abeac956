// A small model of the server's log, to fold and to take snapshots of.

import { emptyRoom, reduce } from "../../clients/js/parley.js";

export const EPOCH = "epo_1";
export const ada = { id: "usr_a", name: "Ada", role: "owner" };
export const grace = { id: "usr_g", name: "Grace", role: "member" };
export const scribe = { id: "agt_s", handle: "scribe", name: "Scribe" };
export const person = ({ id, name }) => ({ kind: "user", id, name });
export const agent = ({ id, name }) => ({ kind: "agent", id, name });

export function event(seq, type, data, { actor = person(ada), run_id } = {}) {
  const made = { type, seq, epoch: EPOCH, ts: `2026-01-01T00:00:${String(seq % 60).padStart(2, "0")}Z`, actor, data };
  return run_id ? { ...made, run_id } : made;
}

export function hello(extra = {}) {
  return {
    type: "hello",
    ok: {
      epoch: EPOCH, head: 0, recovered: false, group: { id: "grp_1", title: "Launch" }, you: ada, members: [ada, grace],
      agents: [scribe], runs: [], online: [ada.id], reads: {}, snapshot: { seq: 0, messages: [] },
      session_expires_at: "2026-01-01T12:00:00Z", ...extra,
    },
  };
}

export function room(events = [], extra = {}) {
  return reduce(reduce(emptyRoom("grp_1"), hello(extra)), events);
}

/** What a server that folded `events` itself would say to a newcomer: the newest `limit` messages as they stand. */
export function snapshotAt(events, limit) {
  const full = room(events);
  return hello({
    head: full.seq, group: { id: "grp_1", title: full.title, turns: full.turns }, members: Object.values(full.members),
    agents: Object.values(full.agents), reads: full.reads, approvals: Object.values(full.approvals),
    runs: Object.values(full.runs).map(({ run_id, agent_id, trigger, length }) => ({ run_id, agent_id, trigger, length })),
    snapshot: { seq: full.seq, messages: full.messages.slice(-limit) },
  });
}

/** A log of `length` random events, the same for the same seed. */
export function randomLog(length, seed) {
  const random = mulberry(seed);
  const pick = (items) => items[Math.floor(random() * items.length)];
  const messages = [];
  const gone = new Set();
  const events = [];
  for (let seq = 1; seq <= length; seq += 1) {
    const living = messages.filter((m) => !gone.has(m));
    const actor = person(pick([ada, grace]));
    const kind = living.length === 0 ? "say" : pick(["say", "say", "say", "edit", "delete", "react", "react", "read", "run", "join", "title", "ask", "resolve"]);
    switch (kind) {
      case "say": messages.push(seq); events.push(event(seq, "message.created", { text: `m${seq} 👋`, mentions: [] }, { actor })); break;
      case "edit": events.push(event(seq, "message.edited", { target: pick(living), text: `e${seq}` }, { actor })); break;
      case "delete": { const target = pick(living); gone.add(target); events.push(event(seq, "message.deleted", { target }, { actor })); break; }
      case "react": events.push(event(seq, "reaction.changed", { target: pick(living), emoji: pick(["+1", "♥"]), on: random() < 0.6 }, { actor })); break;
      case "read": events.push(event(seq, "read.moved", { position: seq - 1 }, { actor })); break;
      case "run": events.push(event(seq, pick(["run.started", "run.finished"]), { run_id: pick(["run_1", "run_2"]), agent_id: scribe.id, trigger: 1, outcome: "success" }, { actor: agent(scribe) })); break;
      case "join": events.push(event(seq, pick(["member.joined", "member.left"]), { member: grace })); break;
      case "title": events.push(event(seq, "group.updated", { title: `t${seq}`, turns: { turn_policy: pick(["mention", "all"]) } })); break;
      case "ask": events.push(event(seq, "approval.requested", { approval_id: `apv_${seq}`, tool: "order", run_id: "run_1" })); break;
      case "resolve": events.push(event(seq, "approval.resolved", { approval_id: `apv_${Math.floor(random() * seq)}`, outcome: "denied" })); break;
    }
  }
  return events;
}

function mulberry(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
