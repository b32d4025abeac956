// Many sockets in one room, each of which checks every event it is shown.

import { Socket } from "./socket.mjs";

const AT_ONCE = 16;
const PARTING_MS = 20_000;
const REPLY = Buffer.from('{"id":');

/** The order of events as the first observer saw it; every other one is held against it. */
class Log {
  #frames = new Map();
  texts = new Map();

  constructor(first) {
    this.first = first;
  }

  /** The seq behind this frame when it is, byte for byte, what another socket was shown at `seq`; otherwise 0. */
  same(seq, payload) {
    const known = this.#frames.get(seq);
    return known !== undefined && known.payload.equals(payload) ? known.next : 0;
  }

  /** Takes a frame apart: numbers must follow `seq` without a gap, and a text must be what was shown to others. */
  read(seq, payload, events) {
    let next = seq;
    for (const event of events) {
      if (event.seq !== next) {
        throw new Error(`a socket was shown ${event.seq} where ${next} comes`);
      }
      const text = event.data.text;
      if (this.texts.has(next) && this.texts.get(next) !== text) {
        throw new Error(`two sockets were shown different texts at ${next}`);
      }
      this.texts.set(next, text);
      next += 1;
    }
    // A copy: what the socket hands over is a window into a buffer that lives longer than it need.
    this.#frames.set(seq, { payload: Buffer.from(payload), next });
    return next;
  }
}

export class Room {
  deliveries = 0;
  frames = 0;
  bytes = 0;
  onReply = () => {};
  onEvent = () => {};

  constructor(members, first) {
    this.members = members;
    this.log = new Log(first);
    this.next = members.map(() => first);
    this.broken = new Promise((_, reject) => {
      this.onBroken = reject;
    });
    this.broken.catch(() => {});
    members.forEach((socket, index) => {
      this.hear(index, (payload) => this.#heard(index, payload));
      socket.onClose = () => this.onBroken(new Error(`the server closed socket ${index}`));
    });
  }

  /** Connects all and says hello; `seats` are `{url, protocols}`. Events begin after the highest head. */
  static async enter(seats) {
    const members = [];
    let head = 0;
    for (let start = 0; start < seats.length; start += AT_ONCE) {
      const some = seats.slice(start, start + AT_ONCE);
      const entered = await Promise.all(some.map(enter));
      members.push(...entered.map(({ socket }) => socket));
      head = Math.max(head, ...entered.map(({ ok }) => ok.head ?? 0));
    }
    return new Room(members, head + 1);
  }

  /** What a listener finds wrong breaks the room: whoever waits for it is told. */
  hear(index, listener) {
    this.members[index].onText = (payload) => {
      try {
        listener(payload);
      } catch (error) {
        this.onBroken(error);
      }
    };
  }

  /** All go, and have gone: the next to be measured shall not pay for it. */
  async leave() {
    for (const socket of this.members) {
      socket.onClose = () => {};
    }
    const gone = Promise.all(this.members.map((socket) => socket.close()));
    const late = new Promise((_, reject) => {
      setTimeout(() => reject(new Error(`the server did not close within ${PARTING_MS} ms`)), PARTING_MS).unref();
    });
    await Promise.race([gone, late]);
  }

  #heard(index, payload) {
    this.frames += 1;
    this.bytes += payload.length;
    const seq = this.next[index];
    const known = this.log.same(seq, payload);
    if (known > 0) {
      this.#moved(index, known);
    } else if (payload.subarray(0, REPLY.length).equals(REPLY)) {
      this.onReply(JSON.parse(payload.toString()), index);
    } else {
      const value = JSON.parse(payload.toString());
      const events = (Array.isArray(value) ? value : [value]).filter((event) => event.seq !== undefined);
      if (events.length > 0) {
        this.#moved(index, this.log.read(seq, payload, events));
      }
    }
  }

  #moved(index, next) {
    this.deliveries += next - this.next[index];
    this.next[index] = next;
    this.onEvent(index, next);
  }
}

async function enter({ url, protocols }) {
  const socket = await Socket.open(url, protocols);
  const reply = new Promise((resolve, reject) => {
    socket.onText = (payload) => {
      const frame = JSON.parse(payload.toString());
      if (frame.id === 0) {
        frame.ok ? resolve(frame.ok) : reject(new Error(JSON.stringify(frame.error)));
      }
    };
    socket.onClose = () => reject(new Error("closed before hello was answered"));
  });
  socket.send('{"id":0,"hello":{}}');
  return { socket, ok: await reply };
}
