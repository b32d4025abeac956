// A group as a program sees it: a live room and the commands that change it.
//
// Law: state changes only through `reduce`. What was said stays said: a message is sent again with the same
// client_msg_id after every reconnect until the group has stored or refused it.

import { emptyRoom, gapIn, reduce } from "./room.js";
import { Link, surroundings } from "./link.js";
import { Items, newsIn } from "./items.js";
import { offsetsOf } from "./runs.js";

const SUBPROTOCOL = "groupchat.v1";
const BEARER = "groupchat.bearer.";
const FRAME_LIMIT_BYTES = 64 * 1024;
const TICK_MS = 1_000;
const REFRESH_BEFORE_MS = 5 * 60_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const RETRY_MS = 1_000;
const RESYNC = 4010;
const PAGE = 200;

/** A command that the group answered with an error, or that lost its socket before an answer came. */
export class CommandRefused extends Error {
  constructor({ code, message, temporary = false, retry_after_ms: retryAfterMs = null }) {
    super(message);
    this.name = "CommandRefused";
    Object.assign(this, { code, temporary, retryAfterMs });
  }
}

/**
 * Events: "state" after every change of `state`, "link" after every change of `link`, "item" with each thing that the
 * group tells (see items.js), "frame" with each server frame as its `detail`. `for await (const item of group)` reads the
 * items.
 */
export class Group extends EventTarget {
  #api;
  #around;
  #nextId = 1;
  #waiting = new Map();
  #promises = new Map();
  #timers = new Map();
  #loading = null;

  /** `api` is an Api (or anything with its `baseUrl` and `post`). */
  constructor({ api, groupId, around = {} }) {
    super();
    this.#api = api;
    this.#around = { ...surroundings(), ...around };
    this.groupId = groupId;
    this.state = emptyRoom(groupId);
    this.sessionExpiresAt = null;
    const base = api.baseUrl || globalThis.location?.origin || "";
    this.wire = new Link({
      socketUrl: `${base.replace(/^http/, "ws")}/groups/${groupId}/ws`,
      protocolsOf: (token) => [SUBPROTOCOL, BEARER + token],
      freshToken: () => this.#freshToken(),
      onOpen: () => this.#hello(),
      onText: (text) => this.#heard(text),
      onChange: (phase) => this.#linkChanged(phase),
      around: this.#around,
    });
  }

  get link() { return this.wire.phase; }

  connect() { this.wire.start(); }

  /** What the group tells from now on: numbered events, "run.delta", "typing", "presence" and "reset". */
  [Symbol.asyncIterator]() { return new Items(this); }

  close() {
    this.wire.stop();
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
  }

  // ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Shown at once, stored when the promise resolves to `{seq, ts, duplicate}`. Rejects when the group refuses it. */
  send(text, { mentions = [], reply_to: replyTo, client_msg_id: clientMsgId = crypto.randomUUID() } = {}) {
    const body = { client_msg_id: clientMsgId, text, mentions };
    if (replyTo !== undefined && replyTo !== null) body.reply_to = replyTo;
    if (new TextEncoder().encode(frameOf(this.#nextId, "send", body)).length > FRAME_LIMIT_BYTES) {
      return Promise.reject(new CommandRefused({ code: "too_large", message: "This message is too long" }));
    }
    this.#apply({ type: "local.said", message: { ...body, ts: new Date(this.#around.now()).toISOString() } });
    const promise = new Promise((resolve, reject) => this.#promises.set(clientMsgId, { resolve, reject }));
    promise.catch(() => {}); // the refusal is in `state.pending` too; not everybody awaits it
    if (this.link.name === "online") this.#transmit(body);
    return promise;
  }

  /** Tries a refused message again, or forgets it. */
  retry(clientMsgId) {
    const { error: _, ts: __, ...body } = this.state.pending.find((message) => message.client_msg_id === clientMsgId);
    this.forget(clientMsgId);
    return this.send(body.text, body);
  }

  forget(clientMsgId) {
    this.#promises.delete(clientMsgId);
    this.#apply({ type: "local.dropped", client_msg_id: clientMsgId });
  }

  edit(seq, text) { return this.#ask("edit", { seq, text }); }
  delete(seq) { return this.#ask("delete", { seq }); }
  react(seq, emoji, on = true) { return this.#ask("react", { seq, emoji, on }); }
  read(seq) { return this.#ask("read", { seq }); }
  typing(on) { return this.#ask("typing", { on }); }
  members() { return this.#ask("members", {}); }
  history(query = {}) { return this.#ask("history", query); }

  cancelRun(runId) { return this.#ask("runs.cancel", { run_id: runId }); }

  /** All runs that one of your messages has started. */
  cancelRunsOf(clientMsgId) { return this.#ask("runs.cancel", { client_msg_id: clientMsgId }); }

  /** A word on what an agent in `state.approvals` asks for. */
  approve(approvalId, { approved = true, reason } = {}) {
    return this.#ask("approve", { approval_id: approvalId, approved, ...(reason === undefined ? {} : { reason }) });
  }

  /** Loads messages older than those in `state`. False when there are none. */
  loadEarlier() {
    this.#loading ??= this.#loadEarlier().finally(() => { this.#loading = null; });
    return this.#loading;
  }

  async #loadEarlier() {
    const oldest = () => this.state.messages[0]?.seq ?? Infinity;
    const first = oldest();
    while (this.state.earlier.more) {
      const { before } = this.state.earlier;
      const page = await this.history({ before, limit: PAGE });
      this.#apply({ type: "history.page", before, ...page });
      if (oldest() < first) return true;
    }
    return false;
  }

  /** The network came back, or went: the page is told before any socket is. */
  online() { this.wire.nudge(); }
  offline() { this.wire.probe(); }

  // ── the line ──────────────────────────────────────────────────────────────────────────────────────────────────────

  async #freshToken() {
    return (await this.#api.post(`/groups/${this.groupId}/token`)).routing_token;
  }

  #hello() {
    const { epoch, seq, runs } = this.state;
    const body = epoch === null ? {} : { since: seq, epoch, runs: offsetsOf(runs) };
    this.#ask("hello", body).then(
      () => this.#welcomed(),
      (error) => {
        if (error.code !== "disconnected") this.wire.drop(RESYNC, error.code, { final: !error.temporary });
      },
    );
  }

  #welcomed() {
    this.wire.established();
    this.#refreshLater();
    for (const { error, seq, ts: _, ...body } of this.state.pending) {
      if (error === undefined && seq === undefined) this.#transmit(body);
    }
  }

  #heard(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      frame = null;
    }
    // It may have been an event: only the log itself can tell.
    if (typeof frame !== "object" || frame === null) return this.wire.drop(RESYNC, "unreadable frame");
    if (!Array.isArray(frame) && frame.type === undefined) return this.#answered(frame);
    if (gapIn(this.state, frame)) return this.wire.drop(RESYNC, "gap");
    const items = newsIn(this.state, frame);
    this.#apply(frame);
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
    for (const item of items) this.#tell(item);
    for (const item of items) if (item.type === "message.created" && item.actor.id === this.state.you?.id) this.#shown(item);
    if (frame.type === "bye") this.wire.drop(frame.code, frame.reason);
  }

  #answered({ id, ok, error }) {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return; // an error without an id: about a frame that was none, such as a ping
    this.#waiting.delete(id);
    if (error) return waiting.reject(new CommandRefused(error));
    // In the same turn as the frame: what follows it builds on it.
    if (waiting.command === "hello") this.#apply({ type: "hello", ok });
    if (waiting.command === "hello" && !ok.recovered) this.#tell({ type: "reset", snapshot: ok.snapshot });
    if (waiting.command === "hello" || waiting.command === "refresh") this.sessionExpiresAt = ok.session_expires_at;
    waiting.resolve(ok);
  }

  #ask(command, body) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (command !== "hello" && this.link.name !== "online") return reject(lostLine());
      this.#waiting.set(id, { command, resolve, reject });
      if (!this.wire.say(frameOf(id, command, body))) {
        this.#waiting.delete(id);
        reject(lostLine());
      }
    });
  }

  #transmit(body) {
    const id = body.client_msg_id;
    this.#ask("send", body).then(
      (ok) => {
        this.#apply({ type: "local.stored", client_msg_id: id, seq: ok.seq });
        this.#settle(id, "resolve", ok);
      },
      (error) => {
        if (error.code === "disconnected") return; // goes again after the next hello
        if (error.temporary) return this.#after(`send ${id}`, error.retryAfterMs ?? RETRY_MS, () => this.#transmit(body));
        this.#apply({ type: "local.refused", client_msg_id: id, error: { code: error.code, message: error.message } });
        this.#settle(id, "reject", error);
      },
    );
  }

  /** What the log shows is stored, whether or not its answer ever comes. */
  #shown({ seq, ts, data }) {
    this.#settle(data.client_msg_id, "resolve", { seq, ts, duplicate: false });
  }

  #settle(id, how, value) {
    this.#promises.get(id)?.[how](value);
    this.#promises.delete(id);
  }

  #refreshLater() {
    const inMs = Date.parse(this.sessionExpiresAt) - this.#around.now() - REFRESH_BEFORE_MS;
    // A timer that is set for longer than it can count goes off at once.
    if (inMs > LONGEST_TIMER_MS) this.#after("refresh", LONGEST_TIMER_MS, () => this.#refreshLater());
    // Should it fail, the session ends with 4001 and the next connect brings a fresh one.
    else if (inMs > 0) {
      this.#after("refresh", inMs, () =>
        this.#freshToken().then((token) => this.#ask("refresh", { token })).then(() => this.#refreshLater(), () => {}));
    }
  }

  #linkChanged(phase) {
    if (phase.name !== "online") {
      for (const { reject } of this.#waiting.values()) reject(lostLine());
      this.#waiting.clear();
      this.#cancel("refresh");
    }
    if (phase.name === "closed") this.#closed(phase);
    this.dispatchEvent(new CustomEvent("link", { detail: phase }));
  }

  /** For good: what still waits to be stored never will be on this line. */
  #closed({ code, reason }) {
    if (code === 4504) this.#apply({ type: "bye", code });
    const error = { code: "closed", message: `The connection was closed: ${reason || code}` };
    for (const { client_msg_id: id, error: already } of this.state.pending) {
      if (already === undefined) this.#apply({ type: "local.refused", client_msg_id: id, error });
      this.#settle(id, "reject", new CommandRefused(error));
    }
  }

  #tell(item) {
    this.dispatchEvent(new CustomEvent("item", { detail: item }));
  }

  #apply(frame) {
    const next = reduce(this.state, frame, this.#around.now());
    if (next === this.state) return;
    this.state = next;
    if (Object.keys(next.typing).length > 0 && !this.#timers.has("tick")) this.#after("tick", TICK_MS, () => this.#apply({ type: "tick" }));
    this.dispatchEvent(new CustomEvent("state", { detail: next }));
  }

  #after(name, delayMs, act) {
    this.#cancel(name);
    this.#timers.set(name, this.#around.setTimeout(() => { this.#timers.delete(name); act(); }, delayMs));
  }

  #cancel(name) {
    this.#around.clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}

function frameOf(id, command, body) {
  return JSON.stringify({ id, [command]: body });
}

function lostLine() {
  return new CommandRefused({ code: "disconnected", message: "The connection was lost before an answer came", temporary: true });
}
