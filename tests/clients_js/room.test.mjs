import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyRoom, foldArchive, gapIn, reduce, TYPING_LIFE_MS } from "../../clients/js/parley.js";
import { ada, agent, event, grace, hello, person, randomLog, room, scribe, snapshotAt } from "./rooms.mjs";

const say = (seq, text, extra = {}, actor = person(ada)) => event(seq, "message.created", { text, mentions: [], ...extra }, { actor });

test("a snapshot and the events after it make a later snapshot", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const events = randomLog(120, seed);
    for (const at of [0, 1, 37, 80, 119]) {
      const continued = reduce(reduce(emptyRoom("grp_1"), snapshotAt(events.slice(0, at), 500)), events.slice(at));
      assert.deepEqual(durable(continued), durable(room(events)), `seed ${seed}, snapshot at ${at}`);
    }
  }
});

test("pages read backwards make the messages that reading forwards makes", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const events = randomLog(150, seed);
    let state = reduce(reduce(emptyRoom("grp_1"), snapshotAt(events.slice(0, 110), 5)), events.slice(110));
    while (state.earlier.more) {
      const { before } = state.earlier;
      const page = events.filter(({ seq }) => seq < before).slice(-17);
      state = reduce(state, { type: "history.page", before, events: page, more: page[0].seq > 1 });
    }
    assert.deepEqual(state.messages, room(events).messages, `seed ${seed}`);
  }
});

test("an event is taken once and in order", () => {
  const once = room([say(1, "one"), say(2, "two")]);
  assert.equal(reduce(once, say(2, "two")), once);
  assert.equal(reduce(once, say(4, "four")), once);
  assert.ok(gapIn(once, say(4, "four")));
  assert.ok(gapIn(once, { ...say(3, "x"), epoch: "epo_2" }));
  assert.ok(!gapIn(once, [say(2, "two"), say(3, "three"), say(4, "four")]));
});

test("one frame may hold several events", () => {
  assert.deepEqual(room([say(1, "one"), say(2, "two")]), reduce(reduce(room(), say(1, "one")), say(2, "two")));
});

test("reducing never changes the room it was given", () => {
  const before = room([say(1, "one")]);
  const copy = structuredClone(before);
  reduce(before, [event(2, "message.edited", { target: 1, text: "new" }), event(3, "reaction.changed", { target: 1, emoji: "+1", on: true })]);
  assert.deepEqual(before, copy);
});

test("an event of a type from a newer server is counted and changes nothing else", () => {
  const state = room([event(1, "poll.opened", { x: 1 }), say(2, "after")]);
  assert.equal(state.seq, 2);
  assert.equal(state.messages.length, 1);
});

test("a deleted message keeps its place and nothing else", () => {
  const [message] = room([say(1, "secret"), event(2, "reaction.changed", { target: 1, emoji: "+1", on: true }), event(3, "message.deleted", { target: 1 })]).messages;
  assert.deepEqual([message.text, message.deleted, message.edited, message.reactions], ["", true, false, {}]);
});

test("what an agent asks for is there until it is resolved", () => {
  const asked = { approval_id: "apv_1", agent_id: scribe.id, run_id: "run_1", tool: "order", args: "{}", approvers: [ada.id] };
  const state = room([event(1, "approval.requested", asked)]);
  assert.deepEqual(state.approvals, { apv_1: asked });
  assert.deepEqual(reduce(state, event(2, "approval.resolved", { approval_id: "apv_1", outcome: "approved", run_id: "run_1" })).approvals, {});
});

test("agents that were stopped and a selector that failed are noticed", () => {
  const state = room([event(1, "loop.paused", { agent_ids: [scribe.id], limit: "turns", trigger: 1 }), event(2, "selector.failed", { reason: "x", trigger: 1 })]);
  assert.deepEqual(state.notices.map(({ type }) => type), ["loop.paused", "selector.failed"]);
});

test("a run that only selects is marked as one", () => {
  const run = { run_id: "run_1", agent_id: scribe.id, trigger: 1, purpose: "select" };
  assert.equal(room([event(1, "run.started", run)]).runs.run_1.purpose, "select");
  assert.equal(reduce(room(), hello({ runs: [{ ...run, length: 0 }] })).runs.run_1.purpose, "select");
});

test("a run's text grows by code points, whatever the cut", () => {
  const whole = "añ👩‍🚀 𝔘nd so";
  const points = [...whole];
  for (let cut = 0; cut <= points.length; cut += 1) {
    let state = room([event(1, "run.started", { run_id: "run_1", agent_id: scribe.id, trigger: 1 }, { actor: agent(scribe) })]);
    state = reduce(state, delta(0, points.slice(0, cut).join("")));
    state = reduce(state, delta(Math.max(0, cut - 2), points.slice(Math.max(0, cut - 2)).join("")));
    assert.equal(state.runs.run_1.text, whole);
    assert.equal(state.runs.run_1.length, points.length);
  }
});

test("runs that stream at the same time do not mix", () => {
  let state = room([1, 2].map((n) => event(n, "run.started", { run_id: `run_${n}`, agent_id: scribe.id, trigger: 1 })));
  state = reduce(state, [delta(0, "a", "run_1"), delta(0, "x", "run_2"), delta(1, "b", "run_1"), delta(1, "y", "run_2")]);
  assert.deepEqual([state.runs.run_1.text, state.runs.run_2.text], ["ab", "xy"]);
});

test("a delta whose predecessor is missing changes nothing and shows as a gap", () => {
  const state = room([event(1, "run.started", { run_id: "run_1", agent_id: scribe.id, trigger: 1 })]);
  assert.equal(reduce(state, delta(3, "late")), state);
  assert.ok(gapIn(state, delta(3, "late")));
  assert.ok(!gapIn(state, [delta(0, "𝔘𝔘𝔘"), delta(3, "late")]));
  assert.ok(!gapIn(state, delta(9, "of a run that is over", "run_9")));
});

test("the final message takes the place of what was streaming", () => {
  const started = event(1, "run.started", { run_id: "run_1", agent_id: scribe.id, trigger: 1 });
  const final = event(2, "message.created", { text: "done", mentions: [] }, { actor: agent(scribe), run_id: "run_1" });
  const state = room([started, final]);
  assert.deepEqual(state.runs, {});
  assert.equal(state.messages[0].run_id, "run_1");
});

test("typing ends by itself, by word, by a message and by going offline", () => {
  const typing = reduce(room(), { type: "typing", user_id: grace.id, on: true }, 1000);
  assert.deepEqual(Object.keys(typing.typing), [grace.id]);
  assert.equal(reduce(typing, { type: "tick" }, 1000 + TYPING_LIFE_MS - 1), typing);
  for (const end of [{ type: "tick" }, { type: "typing", user_id: grace.id, on: false }, say(1, "x", {}, person(grace)), { type: "presence", user_id: grace.id, online: false }]) {
    assert.deepEqual(reduce(typing, end, 1000 + TYPING_LIFE_MS).typing, {});
  }
});

test("what I said is shown until the log has it, by whichever way it comes first", () => {
  const said = reduce(room(), { type: "local.said", message: { client_msg_id: "c1", text: "hi", mentions: [], ts: "t" } });
  const stored = reduce(said, { type: "local.stored", client_msg_id: "c1", seq: 1 });
  assert.equal(stored.pending.length, 1);
  assert.equal(reduce(stored, say(1, "hi", { client_msg_id: "c1" })).pending.length, 0);
  assert.equal(reduce(said, say(1, "hi", { client_msg_id: "c1" })).pending.length, 0);
  const later = reduce(said, say(1, "other"));
  assert.equal(reduce(later, { type: "local.stored", client_msg_id: "c1", seq: 1 }).pending.length, 0);
});

test("somebody else's client_msg_id settles nothing of mine", () => {
  const said = reduce(room(), { type: "local.said", message: { client_msg_id: "c1", text: "hi", mentions: [], ts: "t" } });
  assert.equal(reduce(said, say(1, "hi", { client_msg_id: "c1" }, person(grace))).pending.length, 1);
});

test("a fresh snapshot keeps what is not stored yet and the text of runs that go on", () => {
  let state = room([event(1, "run.started", { run_id: "run_1", agent_id: scribe.id, trigger: 1 })]);
  state = reduce(state, [delta(0, "half"), { type: "local.said", message: { client_msg_id: "c1", text: "hi", mentions: [], ts: "t" } }]);
  state = reduce(state, hello({ epoch: "epo_2", runs: [{ run_id: "run_1", agent_id: scribe.id, trigger: 1, length: 9 }], snapshot: { seq: 70, messages: [] } }));
  assert.deepEqual([state.epoch, state.seq, state.runs.run_1.text, state.pending.length], ["epo_2", 70, "half", 1]);
});

test("an archive's lines make the same conversation", () => {
  const events = randomLog(60, 3);
  const archived = foldArchive(`${events.map((e) => JSON.stringify(e)).join("\n")}\n`);
  assert.deepEqual(archived.messages, room(events).messages);
  assert.equal(archived.status, "archived");
});

function delta(offset, text, run_id = "run_1") {
  return { type: "run.delta", run_id, agent_id: scribe.id, offset, text };
}

function durable({ seq, epoch, title, turns, members, agents, reads, messages, approvals, runs }) {
  return { seq, epoch, title, turns, members, agents, reads, messages, approvals, runs: Object.keys(runs).sort() };
}

test("of somebody who was erased nothing is kept but that there was somebody", () => {
  const ben = { id: "usr_ben", kind: "user", name: "Benedikta" };
  const member = { id: ben.id, name: ben.name, role: "member" };
  const state = room([
    event(1, "member.joined", { member }),
    say(2, "Kaiserschmarrn", {}, ben),
    say(3, "mine"),
    event(4, "message.edited", { target: 2, text: "Knödel" }, { actor: ben }),
    event(5, "reaction.changed", { target: 2, emoji: "+1", on: true }),
    event(6, "member.erased", { user_id: ben.id }),
  ]);
  assert.doesNotMatch(JSON.stringify(state), /Benedikta|Kaiserschmarrn|Knödel/);
  assert.deepEqual(state.messages.map(({ text, deleted }) => [text, deleted]), [["", true], ["mine", false]]);
});

test("an event that comes without its words is a deleted message, whatever happened to it since", () => {
  const digests = { "data.text": "0".repeat(64) };
  const gone = { ...say(1, ""), digests };
  const edited = { ...event(2, "message.edited", { target: 1, text: "" }), digests };
  const [message] = room([gone, edited]).messages;
  assert.deepEqual([message.text, message.deleted, message.edited], ["", true, false]);
});
