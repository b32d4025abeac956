// The live groups of one person: a socket for each, so that unread counts are true and changing rooms takes no time.

import { Group } from "./parley/parley.js";

const LIVE_AT_ONCE = 20;
const CLOSE_ARCHIVED = 4504;

export class Rooms extends EventTarget {
  #api;
  #groups = new Map();

  constructor(api) {
    super();
    this.#api = api;
    this.summaries = null;
    this.joinable = [];
    this.problem = null;
  }

  group(id) { return this.#groups.get(id); }

  /** How many messages of others came after what I have read there. */
  unread(id) {
    const group = this.#groups.get(id);
    return group === undefined ? 0 : unreadIn(group.state);
  }

  async refresh() {
    try {
      const [fresh, joinable] = await Promise.all([this.#api.all("/groups", "groups"), this.#api.all("/groups?show=joinable", "groups")]);
      this.joinable = joinable;
      this.summaries = fresh.sort((one, other) => (one.created_at < other.created_at ? 1 : -1));
      this.problem = null;
      this.#follow();
    } catch (problem) {
      this.problem = problem;
    }
    this.#changed();
  }

  /** A live group, connected; made at the first call. */
  enter(id) {
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = new Group({ api: this.#api, groupId: id });
      group.addEventListener("state", () => this.#changed());
      group.addEventListener("link", ({ detail }) => { if (detail.name === "closed" && detail.reason !== "left") this.refresh(); });
      this.#groups.set(id, group);
      group.connect();
    }
    return group;
  }

  /** Forgets a group, so that entering it again starts anew. */
  leave(id) {
    this.#groups.get(id)?.close();
    this.#groups.delete(id);
  }

  close() {
    for (const id of [...this.#groups.keys()]) this.leave(id);
  }

  online() { for (const group of this.#groups.values()) group.online(); }
  offline() { for (const group of this.#groups.values()) group.offline(); }

  #follow() {
    const active = new Set(this.summaries.filter(({ status }) => status === "active").map(({ group_id: id }) => id));
    for (const [id, { link }] of this.#groups) {
      // One that was brought back from its archive is another room than the one that ended.
      if (link.name === "closed" && (!active.has(id) || link.code === CLOSE_ARCHIVED)) this.leave(id);
    }
    for (const id of [...active].slice(0, LIVE_AT_ONCE)) this.enter(id);
  }

  #changed() { this.dispatchEvent(new Event("change")); }
}

/** How many messages of others came after what I have read, as far as they are loaded. */
export function unreadIn({ messages, reads, you }) {
  if (you === null) return 0;
  const read = reads[you.id] ?? 0;
  let count = 0;
  for (let at = messages.length - 1; at >= 0 && messages[at].seq > read; at -= 1) {
    if (messages[at].actor.id !== you.id && !messages[at].deleted) count += 1;
  }
  return count;
}
