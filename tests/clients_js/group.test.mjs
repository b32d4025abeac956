import assert from "node:assert/strict";
import { test } from "node:test";
import { Group, Problem } from "../../clients/js/parley.js";
import { event, hello, person, ada, scribe } from "./rooms.mjs";

/** A machine with hand-moved time, whose sockets the test holds the other end of. */
function machine({ tokens = () => "tok" } = {}) {
  const sockets = [];
  const timers = new Map();
  const world = { sockets, now: 0, asked: 0, protocols: [] };
  class FakeSocket extends EventTarget {
    readyState = 0;
    said = [];
    constructor(url, protocols) { super(); this.url = url; world.protocols.push(protocols); sockets.push(this); }
    send(text) { this.said.push(text); }
    close() { this.readyState = 3; }
    open() { this.readyState = 1; this.dispatchEvent(new Event("open")); }
    hear(value) { this.dispatchEvent(Object.assign(new Event("message"), { data: typeof value === "string" ? value : JSON.stringify(value) })); }
    break(code, reason = "") { this.readyState = 3; this.dispatchEvent(Object.assign(new Event("close"), { code, reason })); }
    get commands() { return this.said.filter((text) => text !== "ping").map((text) => JSON.parse(text)); }
  }
  world.around = {
    WebSocket: FakeSocket,
    setTimeout: (act, delay) => { const timer = {}; timers.set(timer, { act, at: world.now + delay }); return timer; },
    clearTimeout: (timer) => timers.delete(timer),
    now: () => world.now,
    random: () => 0.5,
  };
  world.pass = async (ms) => {
    await settle();
    const end = world.now + ms;
    for (;;) {
      const next = [...timers].filter(([, { at }]) => at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!next) break;
      timers.delete(next[0]);
      world.now = Math.max(world.now, next[1].at);
      next[1].act();
      await settle();
    }
    world.now = end;
    await settle();
  };
  world.group = new Group({ api: { baseUrl: "https://p.example", post: async () => { world.asked += 1; return { routing_token: tokens() }; } }, groupId: "grp_1", around: world.around });
  return world;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const lastSocket = (world) => world.sockets.at(-1);

async function connected(world, ok = {}) {
  if (world.group.link.name === "idle") world.group.connect();
  await settle();
  lastSocket(world).open();
  const { id } = lastSocket(world).commands[0];
  lastSocket(world).hear({ id, ok: hello(ok).ok });
  await settle();
  return lastSocket(world);
}

test("each connect takes a fresh token and offers it as a subprotocol", async () => {
  let n = 0;
  const world = machine({ tokens: () => `tok${(n += 1)}` });
  (await connected(world)).break(1006);
  await world.pass(2_000);
  assert.deepEqual(world.protocols.slice(0, 2), [["groupchat.v1", "groupchat.bearer.tok1"], ["groupchat.v1", "groupchat.bearer.tok2"]]);
  assert.equal(world.sockets[0].url, "wss://p.example/groups/grp_1/ws");
});

test("a resume asks for exactly what is missing, run texts included", async () => {
  const world = machine();
  const socket = await connected(world);
  assert.deepEqual(socket.commands[0].hello, {});
  socket.hear([event(1, "message.created", { text: "a", mentions: [] }), event(2, "run.started", { run_id: "run_1", agent_id: scribe.id, trigger: 1 })]);
  socket.hear({ type: "run.delta", run_id: "run_1", agent_id: scribe.id, offset: 0, text: "𝔘x" });
  socket.break(1006);
  await world.pass(2_000);
  lastSocket(world).open();
  assert.deepEqual(lastSocket(world).commands[0].hello, { since: 2, epoch: "epo_1", runs: { run_1: 2 } });
});

test("a hole in the numbers makes the client come back for it", async () => {
  const world = machine();
  const socket = await connected(world);
  socket.hear(event(2, "message.created", { text: "b", mentions: [] }));
  assert.equal(world.group.state.messages.length, 0);
  assert.equal(world.group.link.code, 4010);
  await world.pass(5_000);
  assert.equal(world.sockets.length, 2);
});

test("close codes say whether to come back", async () => {
  for (const [code, comes] of [[1006, true], [1001, true], [4001, true], [4008, true], [4012, true], [4013, true], [4500, false], [4503, false], [4504, false]]) {
    const world = machine();
    (await connected(world)).break(code);
    await world.pass(120_000);
    assert.equal(world.sockets.length > 1, comes, `close ${code}`);
    assert.equal(world.group.link.name === "closed", !comes, `close ${code}`);
  }
});

test("a bye counts as the close it announces", async () => {
  const world = machine();
  (await connected(world)).hear({ type: "bye", code: 4504, reason: "group archived", reconnect: false });
  assert.deepEqual([world.group.link.name, world.group.link.code, world.group.state.status], ["closed", 4504, "archived"]);
});

test("no token: for good when refused, later when the server is not there", async () => {
  const refused = machine({ tokens: () => { throw new Problem({ status: 404, code: "not_found", title: "", detail: "" }); } });
  refused.group.connect();
  await refused.pass(120_000);
  assert.deepEqual([refused.group.link.name, refused.asked], ["closed", 1]);
  const away = machine({ tokens: () => { throw new Problem({ status: 503, code: "unavailable", title: "", detail: "", retryAfterMs: 7_000 }); } });
  away.group.connect();
  await away.pass(6_000);
  assert.deepEqual([away.group.link.name, away.asked], ["waiting", 1]);
  await away.pass(2_000);
  assert.equal(away.asked, 2);
});

test("a token that never comes is not waited for", async () => {
  const world = machine({ tokens: () => new Promise(() => {}) });
  world.group.connect();
  await world.pass(11_000);
  assert.deepEqual([world.asked, world.group.link.name, world.group.link.reason], [2, "retrying", undefined]);
});

test("a message lost with its socket is said again under the same id, in order, and only until it is stored", async () => {
  const world = machine();
  const socket = await connected(world);
  world.group.send("one", { client_msg_id: "c1" });
  const two = world.group.send("two", { client_msg_id: "c2" });
  assert.deepEqual(world.group.state.pending.map((m) => m.text), ["one", "two"]);
  socket.hear({ id: socket.commands[1].id, ok: { seq: 1, ts: "t", duplicate: false } });
  await settle();
  socket.break(1006);
  await world.pass(2_000);
  lastSocket(world).open();
  lastSocket(world).hear({ id: lastSocket(world).commands[0].id, ok: hello({ recovered: true, snapshot: undefined }).ok });
  lastSocket(world).hear([event(1, "message.created", { text: "one", mentions: [], client_msg_id: "c1" })]);
  await settle();
  const again = lastSocket(world).commands.slice(1);
  assert.deepEqual(again.map((c) => c.send), [{ client_msg_id: "c2", text: "two", mentions: [] }]);
  lastSocket(world).hear({ id: again[0].id, ok: { seq: 2, ts: "t", duplicate: true } });
  assert.deepEqual(await two, { seq: 2, ts: "t", duplicate: true });
  lastSocket(world).hear(event(2, "message.created", { text: "two", mentions: [], client_msg_id: "c2" }));
  assert.deepEqual(world.group.state.pending, []);
});

test("a message whose event comes with the replay is stored, though its answer was lost", async () => {
  const world = machine();
  const socket = await connected(world);
  const saying = world.group.send("one", { client_msg_id: "c1" });
  socket.break(1006);
  await world.pass(2_000);
  lastSocket(world).open();
  lastSocket(world).hear({ id: lastSocket(world).commands[0].id, ok: hello({ recovered: true, snapshot: undefined }).ok });
  lastSocket(world).hear(event(1, "message.created", { text: "one", mentions: [], client_msg_id: "c1" }));
  assert.equal((await saying).seq, 1);
});

test("what is said while offline goes out after the hello", async () => {
  const world = machine();
  world.group.connect();
  world.group.send("early", { client_msg_id: "c1" });
  const socket = await connected(world);
  assert.deepEqual(socket.commands.map((c) => Object.keys(c)[1]), ["hello", "send"]);
});

test("a refusal is shown with the message and can be tried again", async () => {
  const world = machine();
  const socket = await connected(world);
  const promise = world.group.send("x", { client_msg_id: "c1" });
  socket.hear({ id: socket.commands[1].id, error: { code: "group_archiving", message: "No more", temporary: false } });
  await assert.rejects(promise, { code: "group_archiving" });
  assert.equal(world.group.state.pending[0].error.message, "No more");
  world.group.retry("c1");
  assert.deepEqual(socket.commands.at(-1).send, { client_msg_id: "c1", text: "x", mentions: [] });
});

test("a temporary refusal is tried again when the group said", async () => {
  const world = machine();
  const socket = await connected(world);
  world.group.send("x", { client_msg_id: "c1" });
  socket.hear({ id: socket.commands[1].id, error: { code: "too_many_requests", message: "", temporary: true, retry_after_ms: 3000 } });
  await world.pass(2_900);
  assert.equal(socket.commands.length, 2);
  await world.pass(200);
  assert.equal(socket.commands.length, 3);
});

test("a message over the frame limit is refused here, where it can still be shortened", async () => {
  const world = machine();
  await connected(world);
  await assert.rejects(world.group.send("👋".repeat(16_500)), { code: "too_large" });
  assert.deepEqual(world.group.state.pending, []);
});

test("a line that answers no ping is dead", async () => {
  const world = machine();
  const socket = await connected(world);
  await world.pass(26_000);
  assert.equal(socket.said.at(-1), "ping");
  socket.hear("pong");
  await world.pass(20_000);
  assert.equal(world.group.link.name, "online");
  await world.pass(20_000);
  assert.notEqual(world.group.link.name, "online");
});

test("when the machine says it is offline, only a silent line is given up", async () => {
  const world = machine();
  const socket = await connected(world);
  world.group.offline();
  socket.hear("pong");
  await world.pass(5_000);
  assert.equal(world.group.link.name, "online");
  world.group.offline();
  await world.pass(3_100);
  assert.notEqual(world.group.link.name, "online");
});

test("a lost line rejects commands that wait, and only those that cannot be repeated safely by us", async () => {
  const world = machine();
  const socket = await connected(world);
  const edit = world.group.edit(1, "new");
  world.group.send("x", { client_msg_id: "c1" });
  socket.break(1006);
  await assert.rejects(edit, { code: "disconnected" });
  assert.equal(world.group.state.pending[0].error, undefined);
});

test("the session is extended in time, without a new socket", async () => {
  const world = machine();
  const socket = await connected(world, { session_expires_at: new Date(10 * 60_000).toISOString() });
  for (let second = 0; second < 310; second += 10) { await world.pass(10_000); socket.hear("pong"); }
  assert.deepEqual(socket.commands.at(-1).refresh, { token: "tok" });
});

test("a session that lasts for longer than a timer can count is not extended at once", async () => {
  const world = machine();
  const delays = [];
  const { setTimeout } = world.around;
  world.around.setTimeout = (act, delay) => { delays.push(delay); return setTimeout(act, delay); };
  await connected({ ...world, group: new Group({ api: { baseUrl: "", post: async () => ({ routing_token: "tok" }) }, groupId: "grp_1", around: world.around }) }, { session_expires_at: "2099-01-01T00:00:00Z" });
  assert.ok(delays.every((delay) => delay < 2 ** 31), `${delays}`);
});

test("leaving ends everything", async () => {
  const world = machine();
  const socket = await connected(world);
  world.group.close();
  await world.pass(600_000);
  assert.deepEqual([socket.readyState, world.sockets.length, world.group.link.name], [3, 1, "closed"]);
});

test("a frame that cannot be read may have been an event: the client comes back for it", async () => {
  for (const odd of ["", "null", "3", '"x"', "{"]) {
    const world = machine();
    (await connected(world)).hear(odd);
    assert.deepEqual([world.group.link.name, world.group.link.code], ["waiting", 4010], odd);
  }
});

test("an empty frame and an error about nothing cost nothing", async () => {
  const world = machine();
  const socket = await connected(world);
  for (const odd of ['{"id":null,"error":{"code":"x","message":"","temporary":false}}', "[]"]) socket.hear(odd);
  socket.hear(event(1, "message.created", { text: "still here", mentions: [] }, { actor: person(ada) }));
  assert.equal(world.group.state.messages.length, 1);
});

test("a hello that is refused for good ends the line, one that is refused for now does not", async () => {
  for (const [temporary, name] of [[false, "closed"], [true, "waiting"]]) {
    const world = machine();
    world.group.connect();
    await settle();
    lastSocket(world).open();
    lastSocket(world).hear({ id: lastSocket(world).commands[0].id, error: { code: "conflict", message: "no", temporary } });
    await settle();
    assert.deepEqual([world.group.link.name, world.group.link.reason], [name, "conflict"]);
  }
});

test("a word on a tool goes out as it was given", async () => {
  const world = machine();
  const socket = await connected(world);
  world.group.approve("apv_1");
  world.group.approve("apv_2", { approved: false, reason: "too dear" });
  world.group.cancelRunsOf("c1");
  const bodies = socket.commands.slice(1).map(({ id: _, ...command }) => command);
  assert.deepEqual(bodies, [
    { approve: { approval_id: "apv_1", approved: true } },
    { approve: { approval_id: "apv_2", approved: false, reason: "too dear" } },
    { "runs.cancel": { client_msg_id: "c1" } },
  ]);
});

test("items are what is new, once and in order, over reconnects", async () => {
  const world = machine();
  const seen = [];
  const reading = (async () => { for await (const item of world.group) seen.push(item); })();
  const socket = await connected(world);
  const run = { run_id: "run_1", agent_id: scribe.id, trigger: 1 };
  const delta = (offset, text) => ({ type: "run.delta", run_id: "run_1", agent_id: scribe.id, offset, text });
  const say = (seq) => event(seq, "message.created", { text: `${seq}`, mentions: [] });
  socket.hear([say(1), event(2, "run.started", run), delta(0, "𝔘b")]);
  socket.hear(say(1));
  socket.break(1006);
  await world.pass(2_000);
  lastSocket(world).open();
  lastSocket(world).hear({ id: lastSocket(world).commands[0].id, ok: hello({ recovered: true, snapshot: undefined, head: 3 }).ok });
  lastSocket(world).hear([say(2), say(3)]);
  lastSocket(world).hear([delta(1, "bc"), { type: "typing", user_id: "usr_g", on: true }]);
  await settle();
  assert.deepEqual(seen.map((item) => item.seq ?? item.text ?? item.type), ["reset", 1, 2, "𝔘b", 3, "c", "typing"]);
  world.group.close();
  await reading;
});

test("reading items ends with the close that the server gives", async () => {
  const world = machine();
  const next = world.group[Symbol.asyncIterator]();
  const socket = await connected(world);
  assert.equal((await next.next()).value.type, "reset");
  const waiting = next.next();
  socket.break(4504, "group archived");
  await assert.rejects(waiting, { name: "Closed", closeCode: 4504, reason: "group archived" });
});
