// What a group tells its readers, one item after the other: every numbered event once and in order, of every run's text
// only what is new, and "reset" when what follows does not continue what came before.
//
// Law: `newsIn` is pure and agrees with `reduce`: an item is what changed the room. It never calls anything new twice.

import { codePoints } from "./runs.js";

/** The server ended the room: do not come back as you are. */
export class Closed extends Error {
  constructor({ code, reason }) {
    super(`The server closed the room: ${code} ${reason}`.trim());
    this.name = "Closed";
    Object.assign(this, { code: "closed", closeCode: code, reason });
  }
}

/** What of a frame is new to this room, in its order. A delta is cut to what is not known yet. */
export function newsIn({ seq, epoch, runs }, frame) {
  const lengths = new Map(Object.values(runs).map((run) => [run.run_id, run.length]));
  const items = [];
  for (const part of Array.isArray(frame) ? frame : [frame]) {
    if (part.type === "run.delta") items.push(...freshPart(part, lengths));
    else if (part.type === "typing" || part.type === "presence") items.push(part);
    else if (part.seq === seq + 1 && part.epoch === epoch) {
      seq = part.seq;
      if (part.type === "run.started" && !lengths.has(part.data.run_id)) lengths.set(part.data.run_id, 0);
      if (part.type === "message.created") lengths.delete(part.run_id);
      items.push(part);
    }
  }
  return items;
}

function freshPart(delta, lengths) {
  const known = lengths.get(delta.run_id);
  if (known === undefined || delta.offset > known) return [];
  const text = [...delta.text].slice(known - delta.offset).join("");
  if (text === "") return [];
  lengths.set(delta.run_id, known + codePoints(text));
  return [{ ...delta, offset: known, text }];
}

/** The items of a group from now on, for `for await`. Ends when this side closes, throws Closed when the server does. */
export class Items {
  #group;
  #waiting = [];
  #ready = [];
  #end = null;
  #heard = ({ detail }) => this.#give({ item: detail });
  #linked = ({ detail }) => {
    if (detail.name === "closed") this.#give({ end: detail.reason === "left" ? "left" : new Closed(detail) });
  };

  constructor(group) {
    this.#group = group;
    group.addEventListener("item", this.#heard);
    group.addEventListener("link", this.#linked);
  }

  [Symbol.asyncIterator]() { return this; }

  next() {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#match();
    });
  }

  return(value) {
    this.#give({ end: "left" });
    return Promise.resolve({ value, done: true });
  }

  #give(news) {
    if (this.#end !== null) return;
    if (news.end === undefined) this.#ready.push(news.item);
    else {
      this.#end = news.end;
      this.#group.removeEventListener("item", this.#heard);
      this.#group.removeEventListener("link", this.#linked);
    }
    this.#match();
  }

  #match() {
    while (this.#waiting.length > 0 && (this.#ready.length > 0 || this.#end !== null)) {
      const { resolve, reject } = this.#waiting.shift();
      if (this.#ready.length > 0) resolve({ value: this.#ready.shift(), done: false });
      else if (this.#end === "left") resolve({ value: undefined, done: true });
      else reject(this.#end);
    }
  }
}
