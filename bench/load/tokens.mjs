// Agents that speak at once while many watch: how old is a token when a viewer is shown it? The model (peers/model.mjs)
// writes the time into every token.

import { Room } from "./room.mjs";

const STAMP = /(\d{13}) /g;
const REMEMBERED = 64;

/** What each viewer was shown of each run: its text so far, of which every byte is checked by its offset. */
class Viewer {
  #runs = new Map();

  take(delta) {
    const run = this.#runs.get(delta.run_id) ?? { length: 0, rest: "" };
    if (delta.offset !== run.length) {
      throw new Error(`a viewer was shown offset ${delta.offset} where ${run.length} comes`);
    }
    run.length += delta.text.length;
    const text = run.rest + delta.text;
    const stamps = [...text.matchAll(STAMP)];
    const last = stamps.at(-1);
    run.rest = last ? text.slice(last.index + last[0].length) : text;
    this.#runs.set(delta.run_id, run);
    return stamps.map((match) => Number(match[1]));
  }
}

/** @param job `{seats, text, runs, run}`: one message that asks `runs` agents; ended when all runs are finished. */
export async function tokens(job) {
  const room = await Room.enter(job.seats);
  const viewers = room.members.map(() => new Viewer());
  const ages = [];
  const recent = [];
  let finished = 0;
  const parse = (payload) => {
    // All are sent the same bytes: one reading of them does for all.
    const known = recent.find((one) => one.payload.equals(payload));
    if (known !== undefined) {
      return known.frames;
    }
    const value = JSON.parse(payload.toString());
    const frames = Array.isArray(value) ? value : [value];
    recent.unshift({ payload: Buffer.from(payload), frames });
    recent.length = Math.min(recent.length, REMEMBERED);
    return frames;
  };
  const done = new Promise((resolve, reject) => {
    room.members.forEach((_, index) => {
      room.hear(index, (payload) => {
        const now = Date.now();
        for (const frame of parse(payload)) {
          if (frame.type === "run.delta") {
            for (const stamp of viewers[index].take(frame)) {
              ages.push(now - stamp);
            }
          } else if (frame.type === "run.finished") {
            if (frame.data.outcome !== "success") {
              reject(new Error(JSON.stringify(frame)));
            }
            finished += 1;
          }
        }
        if (finished === job.runs * viewers.length) {
          resolve();
        }
      });
    });
  });
  const started = performance.now();
  room.members[0].send(JSON.stringify({ id: 1, send: { client_msg_id: job.run, text: job.text } }));
  await Promise.race([done, room.broken]);
  const elapsed = performance.now() - started;
  await room.leave();
  return { ages_ms: summary(ages), shown: ages.length, elapsed_ms: elapsed };
}

function summary(values) {
  const sorted = Float64Array.from(values).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** From sending a message that asks an agent to the first of its words; again and again. */
export async function firstToken(job) {
  const room = await Room.enter(job.seats);
  const waits = [];
  for (let number = 0; number < job.times; number++) {
    const started = performance.now();
    await new Promise((resolve, reject) => {
      let first = null;
      room.broken.catch(reject);
      room.hear(0, (payload) => {
        const value = JSON.parse(payload.toString());
        for (const frame of Array.isArray(value) ? value : [value]) {
          if (frame.type === "run.delta" && first === null) {
            first = performance.now() - started;
          } else if (frame.type === "run.finished") {
            first === null ? reject(new Error(JSON.stringify(frame))) : resolve(waits.push(first));
          }
        }
      });
      const send = { client_msg_id: `${job.run}-${number}`, text: job.text };
      room.members[0].send(JSON.stringify({ id: number + 1, send }));
    });
  }
  await room.leave();
  return { waits_ms: waits };
}

/** The same question to the provider itself. */
export async function provider(job) {
  const waits = [];
  for (let number = 0; number < job.times; number++) {
    const started = performance.now();
    const response = await fetch(job.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: job.model, stream: true, messages: [{ role: "user", content: job.text }] }),
    });
    const reader = response.body.getReader();
    await reader.read();
    waits.push(performance.now() - started);
    while (!(await reader.read()).done);
  }
  return { waits_ms: waits };
}
