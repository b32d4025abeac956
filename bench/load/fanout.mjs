// Throughput: a window of messages in flight, spread over all sockets; ended when every socket has every message.

import { Room } from "./room.mjs";

/** @param job `{seats, messages, window, chars, run}` */
export async function fanout(job) {
  const room = await Room.enter(job.seats);
  const padding = "x".repeat(job.chars);
  const wanted = job.messages * room.members.length;
  const stored = new Map();
  let sent = 0;
  const say = () => {
    const number = sent++;
    const socket = room.members[number % room.members.length];
    const body = { client_msg_id: `${job.run}-${number}`, text: `${number} ${padding}` };
    socket.send(JSON.stringify({ id: number + 1, send: body }));
  };
  const cpu = process.cpuUsage();
  const started = performance.now();
  const done = new Promise((resolve, reject) => {
    room.onReply = (reply) => {
      if (reply.ok === undefined) {
        reject(new Error(`refused: ${JSON.stringify(reply)}`));
      } else if (reply.id > 0) {
        stored.set(reply.ok.seq, reply.id - 1);
        if (sent < job.messages) {
          say();
        }
      }
      finish();
    };
    room.onEvent = () => finish();
    const finish = () => {
      if (room.deliveries >= wanted && stored.size === job.messages) {
        resolve();
      }
    };
    for (let open = Math.min(job.window, job.messages); open > 0; open--) {
      say();
    }
  });
  await Promise.race([done, room.broken]);
  const elapsed = performance.now() - started;
  const used = process.cpuUsage(cpu);
  await room.leave();
  check(room, stored, job);
  return {
    messages_per_s: (job.messages * 1000) / elapsed,
    deliveries: room.deliveries,
    deliveries_per_s: (room.deliveries * 1000) / elapsed,
    frames: room.frames,
    bytes: room.bytes,
    elapsed_ms: elapsed,
    generator_cpu: (used.user + used.system) / 1000 / elapsed,
  };
}

/** What was shown at a seq is what its sender was told stands there. */
function check(room, stored, job) {
  if (room.deliveries !== job.messages * room.members.length) {
    throw new Error(`${room.deliveries} deliveries, not ${job.messages * room.members.length}`);
  }
  for (const [seq, number] of stored) {
    if (!room.log.texts.get(seq)?.startsWith(`${number} `)) {
      throw new Error(`at ${seq} stands ${room.log.texts.get(seq)?.slice(0, 20)}, not message ${number}`);
    }
  }
}
