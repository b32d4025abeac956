// One socket after another to the same group: opening, keeping alive, noticing death, coming back.
//
// Law: knows sockets and time, not what frames mean. Everything it takes from its surroundings is handed in.

import { backoffMs, comesBack } from "./backoff.js";

const PING_EVERY_MS = 25_000;
const PONG_WITHIN_MS = 10_000;
const PROBE_WITHIN_MS = 3_000;
const HELLO_WITHIN_MS = 10_000;
const STABLE_AFTER_MS = 5_000;
const FINAL_STATUS = new Set([400, 401, 403, 404, 409, 410, 422]);
const OPEN = 1;

/** The surroundings of a browser or of Node. */
export function surroundings() {
  return {
    WebSocket: globalThis.WebSocket,
    setTimeout: (...args) => globalThis.setTimeout(...args),
    clearTimeout: (timer) => globalThis.clearTimeout(timer),
    now: () => Date.now(),
    random: () => Math.random(),
  };
}

/**
 * `phase` is "idle", "connecting" (a first time), "online" (the group has said hello), "waiting" (for the next try, at
 * `retryAt`), "retrying" or "closed" (for good: `code` and `reason` say why).
 */
export class Link {
  constructor({ socketUrl, protocolsOf, freshToken, onOpen, onText, onChange, around }) {
    Object.assign(this, { socketUrl, protocolsOf, freshToken, onOpen, onText, onChange, around });
    this.phase = { name: "idle" };
    this.attempt = 0;
    this.generation = 0;
    this.timers = new Map();
  }

  start() {
    if (this.phase.name !== "idle" && this.phase.name !== "closed") return;
    this.attempt = 0;
    this.#open("connecting");
  }

  stop() {
    this.#end(1000, "left", { final: true });
  }

  /** False when there is no socket to say it on. */
  say(text) {
    if (this.socket?.readyState !== OPEN) return false;
    this.socket.send(text);
    return true;
  }

  /** The group knows us: from here on the line counts as up. */
  established() {
    this.#cancel("hello");
    this.upSince = this.around.now();
    this.#be({ name: "online" });
    this.#pingLater();
  }

  /** Ends this socket and comes back (or not: `final`) as if the server had closed it with `code`. */
  drop(code, reason = "", options = {}) {
    this.#end(code, reason, options);
  }

  /** The network may have come back: do not wait any longer. */
  nudge() {
    if (this.phase.name === "waiting") this.#open("retrying");
    else this.probe();
  }

  /** The network may be gone: find out now. */
  probe() {
    if (this.phase.name === "online") this.#ping(PROBE_WITHIN_MS);
  }

  async #open(name) {
    this.#cancelAll();
    const generation = ++this.generation;
    this.#be({ name });
    this.#after("hello", HELLO_WITHIN_MS, () => this.#end(1006, "no token"));
    let token;
    try {
      token = await this.freshToken();
    } catch (problem) {
      if (generation === this.generation) this.#refused(problem);
      return;
    }
    if (generation !== this.generation) return;
    const socket = new this.around.WebSocket(this.socketUrl, this.protocolsOf(token));
    this.socket = socket;
    const mine = (handle) => (event) => { if (this.socket === socket) handle(event); };
    socket.addEventListener("open", mine(() => this.onOpen()));
    socket.addEventListener("message", mine(({ data }) => this.#heard(data)));
    socket.addEventListener("close", mine(({ code, reason }) => this.#end(code, reason)));
    this.#after("hello", HELLO_WITHIN_MS, () => this.#end(1006, "no answer"));
  }

  /** No token, no socket: for good when asking again would give the same answer. */
  #refused(problem) {
    if (FINAL_STATUS.has(problem.status)) {
      const code = problem.code === "group_archived" ? 4504 : problem.status === 401 ? 4500 : 4503;
      return this.#end(code, problem.code);
    }
    this.#end(1006, "no token", { atLeastMs: problem.retryAfterMs ?? 0 });
  }

  #heard(text) {
    // Whatever arrives shows that the line is alive.
    this.#cancel("pong");
    if (this.phase.name === "online") this.#pingLater();
    if (text !== "pong") this.onText(text);
  }

  #pingLater() {
    this.#after("ping", PING_EVERY_MS, () => this.#ping(PONG_WITHIN_MS));
  }

  #ping(withinMs) {
    this.say("ping");
    this.#after("pong", withinMs, () => this.#end(1006, "silent"));
  }

  #end(code, reason, { final = !comesBack(code), atLeastMs = 0 } = {}) {
    if (this.phase.name === "closed") return;
    const { socket, around } = this;
    this.socket = undefined;
    this.generation += 1;
    this.#cancelAll();
    if (socket !== undefined && socket.readyState <= OPEN) socket.close(1000);
    if (this.upSince !== undefined && around.now() - this.upSince >= STABLE_AFTER_MS) this.attempt = 0;
    this.upSince = undefined;
    if (final) return this.#be({ name: "closed", code, reason });
    const waitMs = Math.max(atLeastMs, backoffMs(this.attempt, around.random(), code));
    this.attempt += 1;
    this.#be({ name: "waiting", code, reason, retryAt: around.now() + waitMs });
    this.#after("retry", waitMs, () => this.#open("retrying"));
  }

  #be(phase) {
    this.phase = phase;
    this.onChange(phase);
  }

  #after(name, delayMs, act) {
    this.#cancel(name);
    this.timers.set(name, this.around.setTimeout(act, delayMs));
  }

  #cancel(name) {
    this.around.clearTimeout(this.timers.get(name));
    this.timers.delete(name);
  }

  #cancelAll() {
    for (const name of [...this.timers.keys()]) this.#cancel(name);
  }
}
