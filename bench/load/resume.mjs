// Somebody comes back after a long time: how long until the whole gap has been shown?

import { Socket } from "./socket.mjs";

/** @param job `{seat, since, head}` */
export async function resume(job) {
  const socket = await Socket.open(job.seat.url, job.seat.protocols);
  const started = performance.now();
  let next = job.since + 1;
  let recovered = false;
  await new Promise((resolve, reject) => {
    socket.onClose = () => reject(new Error("closed in the middle"));
    socket.onText = (payload) => {
      const value = JSON.parse(payload.toString());
      for (const frame of Array.isArray(value) ? value : [value]) {
        if (frame.error !== undefined) {
          reject(new Error(JSON.stringify(frame)));
        } else if (frame.ok !== undefined) {
          recovered = frame.ok.recovered;
        } else if (frame.seq !== undefined) {
          if (frame.seq !== next) {
            reject(new Error(`shown ${frame.seq} where ${next} comes`));
          }
          next += 1;
        }
      }
      if (next > job.head) {
        resolve();
      }
    };
    socket.send(JSON.stringify({ id: 0, hello: { since: job.since } }));
  });
  const elapsed = performance.now() - started;
  await leave(socket);
  if (!recovered) {
    throw new Error("everything came, and hello said that it would not");
  }
  return { elapsed_ms: elapsed };
}

/** How long it takes to be in the room: from opening a socket to the answer to hello. */
export async function join(job) {
  const waits = [];
  for (let number = 0; number < job.times; number++) {
    const started = performance.now();
    const socket = await Socket.open(job.seat.url, job.seat.protocols);
    await new Promise((resolve, reject) => {
      socket.onClose = () => reject(new Error("closed before hello was answered"));
      socket.onText = (payload) => JSON.parse(payload.toString()).id === 0 && resolve();
      socket.send('{"id":0,"hello":{}}');
    });
    waits.push(performance.now() - started);
    await leave(socket);
  }
  return { waits_ms: waits };
}

async function leave(socket) {
  socket.onClose = () => {};
  await socket.close();
}
