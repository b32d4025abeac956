// What a room is, folded from the frames of its socket.
//
// Law: `reduce` is pure and the only place where a room changes. The durable part (messages, members, agents, reads,
// title, seq) comes from numbered events alone, each taken once and in order, so that a snapshot at n and the events
// n+1…m make what a snapshot at m says. A frame that does not fit (its predecessor is missing) changes nothing; `gapIn`
// tells the connection to come back for it.

import { changeMessage, created, erased, erasedNotice, insertAt, placeOf } from "./messages.js";
import { foldEarlier, rememberLater } from "./earlier.js";
import { codePoints, startedRun, withDelta } from "./runs.js";

// The server says when typing ends; this is for the case that it forgot, as it may when it was put to sleep.
export const TYPING_LIFE_MS = 60_000;
const NOTICES_KEPT = 200;
const NOTICEABLE = new Set([
  "member.joined", "member.left", "member.role_changed", "member.renamed", "member.erased", "agent.added",
  "agent.removed", "agent.changed", "group.updated", "group.archived", "group.restored", "loop.paused", "selector.failed",
  "approval.requested", "approval.resolved",
]);

export function emptyRoom(groupId = "") {
  return {
    group_id: groupId, epoch: null, seq: 0, status: "active", title: "", turns: null, you: null,
    members: {}, agents: {}, online: [], reads: {}, typing: {}, runs: {}, approvals: {},
    messages: [], pending: [], notices: [],
    earlier: { before: null, more: false, later: {} },
  };
}

/** The room after one frame. `nowMs` is only compared with when typing ends. */
export function reduce(state, frame, nowMs = 0) {
  const draft = new Draft(state);
  for (const part of Array.isArray(frame) ? frame : [frame]) apply(draft, part, nowMs);
  return draft.state;
}

/** Whether something before this frame never arrived. */
export function gapIn(state, frame) {
  let { seq } = state;
  const lengths = {};
  for (const part of Array.isArray(frame) ? frame : [frame]) {
    if (isEvent(part)) {
      if (part.epoch !== state.epoch || part.seq > seq + 1) return true;
      seq = Math.max(seq, part.seq);
    } else if (part.type === "run.delta" && state.runs[part.run_id]) {
      const length = lengths[part.run_id] ?? state.runs[part.run_id].length;
      if (part.offset > length) return true;
      lengths[part.run_id] = Math.max(length, part.offset + codePoints(part.text));
    }
  }
  return false;
}

function isEvent(frame) {
  return typeof frame.seq === "number" && frame.epoch !== undefined;
}

/** Copies what it changes, once a frame. */
class Draft {
  constructor(state) {
    this.state = state;
    this.before = state;
  }

  set(key, value) {
    if (this.state === this.before) this.state = { ...this.before };
    this.state[key] = value;
  }

  /** The collection, ready to be changed. */
  own(key) {
    if (this.state[key] === this.before[key]) {
      this.set(key, Array.isArray(this.before[key]) ? this.before[key].slice() : { ...this.before[key] });
    }
    return this.state[key];
  }
}

function apply(draft, frame, nowMs) {
  if (isEvent(frame)) return applyEvent(draft, frame);
  const ephemeral = EPHEMERAL[frame.type];
  if (ephemeral) ephemeral(draft, frame, nowMs);
}

function applyEvent(draft, event) {
  const { state } = draft;
  if (event.epoch !== state.epoch || event.seq !== state.seq + 1) return;
  draft.set("seq", event.seq);
  if (isNotice(event)) draft.set("notices", [...state.notices, event].slice(-NOTICES_KEPT));
  // A type from a newer server is counted and otherwise left alone.
  EVENTS[event.type]?.(draft, event, event.data);
}

export function isNotice(event) {
  return NOTICEABLE.has(event.type) || (event.type === "run.finished" && event.data.outcome !== "success");
}

const EVENTS = {
  "message.created": (draft, event, data) => {
    insertAt(draft.own("messages"), created(event));
    if (event.run_id && draft.state.runs[event.run_id]) delete draft.own("runs")[event.run_id];
    if (draft.state.typing[event.actor.id]) delete draft.own("typing")[event.actor.id];
    if (event.actor.id === draft.state.you?.id) settle(draft, data.client_msg_id);
  },
  "message.edited": change,
  "message.deleted": change,
  "reaction.changed": change,
  "member.joined": (draft, _event, { member }) => putMember(draft, member),
  "member.role_changed": (draft, _event, { member }) => putMember(draft, member),
  "member.renamed": (draft, _event, { member }) => putMember(draft, member),
  "member.left": (draft, _event, { member }) => {
    delete draft.own("members")[member.id];
    draft.set("online", draft.state.online.filter((id) => id !== member.id));
  },
  "member.erased": forget,
  "agent.added": (draft, _event, { agent }) => { draft.own("agents")[agent.id] = agent; },
  "agent.changed": (draft, _event, { agent }) => { draft.own("agents")[agent.id] = agent; },
  "agent.removed": (draft, _event, { agent }) => { delete draft.own("agents")[agent.id]; },
  "read.moved": (draft, event, { position }) => { draft.own("reads")[event.actor.id] = position; },
  "run.started": (draft, event, data) => {
    draft.own("runs")[data.run_id] = { ...(draft.state.runs[data.run_id] ?? startedRun(data)), started_at: event.ts };
  },
  "run.finished": (draft, _event, { run_id }) => { delete draft.own("runs")[run_id]; },
  "approval.requested": (draft, _event, approval) => { draft.own("approvals")[approval.approval_id] = approval; },
  "approval.resolved": (draft, _event, { approval_id }) => { delete draft.own("approvals")[approval_id]; },
  "group.updated": (draft, _event, { title, turns }) => {
    draft.set("title", title);
    if (turns !== undefined) draft.set("turns", turns);
  },
  "group.archived": (draft) => draft.set("status", "archiving"),
  "group.restored": (draft) => draft.set("status", "active"),
};

function change(draft, event, { target }) {
  const at = placeOf(draft.state.messages, target);
  if (at === -1) return draft.set("earlier", rememberLater(draft.state.earlier, event, "newest"));
  const messages = draft.own("messages");
  messages[at] = changeMessage(messages[at], event);
}

/** What a person said, what they changed it to, and their name. */
function forget(draft, _event, { user_id }) {
  const { state } = draft;
  draft.set("messages", state.messages.map((message) => (message.actor.id === user_id ? erased(message) : message)));
  draft.set("notices", state.notices.map((notice) => erasedNotice(notice, user_id)));
  const member = state.members[user_id];
  if (member !== undefined) putMember(draft, { ...member, name: "" });
  const later = Object.entries(state.earlier.later).map(([seq, known]) => [
    seq, known.words?.actor.id === user_id && known.words.type === "message.edited" ? { ...known, words: null } : known,
  ]);
  draft.set("earlier", { ...state.earlier, later: Object.fromEntries(later) });
}

function putMember(draft, member) {
  draft.own("members")[member.id] = member;
  if (member.id === draft.state.you?.id) draft.set("you", member);
}

function settle(draft, clientMsgId) {
  if (draft.state.pending.some((message) => message.client_msg_id === clientMsgId)) {
    draft.set("pending", draft.state.pending.filter((message) => message.client_msg_id !== clientMsgId));
  }
}

const EPHEMERAL = {
  hello: (draft, { ok }) => {
    draft.set("online", ok.online);
    draft.set("you", ok.you);
    draft.set("typing", {});
    if (!ok.recovered) fromSnapshot(draft, ok);
  },
  presence: (draft, { user_id, online }) => {
    const others = draft.state.online.filter((id) => id !== user_id);
    draft.set("online", online ? [...others, user_id].sort() : others);
    if (!online && draft.state.typing[user_id]) delete draft.own("typing")[user_id];
  },
  typing: (draft, { user_id, on }, nowMs) => {
    if (on) draft.own("typing")[user_id] = nowMs + TYPING_LIFE_MS;
    else delete draft.own("typing")[user_id];
  },
  tick: (draft, _frame, nowMs) => {
    for (const [id, until] of Object.entries(draft.state.typing)) if (until <= nowMs) delete draft.own("typing")[id];
  },
  "run.delta": (draft, delta) => {
    const run = draft.state.runs[delta.run_id];
    const said = run && withDelta(run, delta);
    if (said !== run) draft.own("runs")[delta.run_id] = said;
  },
  bye: (draft, { code }) => { if (code === 4504) draft.set("status", "archived"); },
  "history.page": (draft, page) => foldEarlier(draft, page, isNotice),
  "local.said": (draft, { message }) => draft.own("pending").push(message),
  "local.stored": (draft, { client_msg_id, seq }) => {
    // Stored before the snapshot we started from: its event will not come any more.
    if (seq <= draft.state.seq) return settle(draft, client_msg_id);
    draft.set("pending", draft.state.pending.map((m) => (m.client_msg_id === client_msg_id ? { ...m, seq } : m)));
  },
  "local.refused": (draft, { client_msg_id, error }) => {
    draft.set("pending", draft.state.pending.map((m) => (m.client_msg_id === client_msg_id ? { ...m, error } : m)));
  },
  "local.dropped": (draft, { client_msg_id }) => settle(draft, client_msg_id),
};

function fromSnapshot(draft, ok) {
  const { snapshot } = ok;
  draft.set("epoch", ok.epoch);
  draft.set("seq", snapshot.seq);
  draft.set("group_id", ok.group.id);
  draft.set("title", ok.group.title);
  draft.set("turns", ok.group.turns ?? null);
  draft.set("members", Object.fromEntries(ok.members.map((member) => [member.id, member])));
  draft.set("agents", Object.fromEntries(ok.agents.map((agent) => [agent.id, agent])));
  draft.set("reads", ok.reads);
  draft.set("messages", snapshot.messages.slice());
  draft.set("notices", []);
  draft.set("earlier", { before: snapshot.seq + 1, more: snapshot.seq > 0, later: {} });
  const known = draft.state.runs;
  draft.set("runs", Object.fromEntries(ok.runs.map((run) => [run.run_id, known[run.run_id] ?? startedRun(run)])));
  draft.set("approvals", Object.fromEntries((ok.approvals ?? []).map((approval) => [approval.approval_id, approval])));
  draft.set("pending", draft.state.pending.filter((m) => !(m.seq <= snapshot.seq)));
}
