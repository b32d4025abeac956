// One message in flight: how long until its sender has the reply, and until everybody was shown it.

import { Room } from "./room.mjs";

/** @param job `{seats, messages, chars, run, gap_ms}` */
export async function latency(job) {
  const room = await Room.enter(job.seats);
  const padding = "x".repeat(job.chars);
  const replied = [];
  const shown = [];
  for (let number = 0; number < job.messages; number++) {
    const wanted = (number + 1) * room.members.length;
    const started = performance.now();
    await new Promise((resolve, reject) => {
      let open = 2;
      const settle = (list) => {
        list.push(performance.now() - started);
        if (--open === 0) {
          resolve();
        }
      };
      room.onReply = (reply) => (reply.ok ? settle(replied) : reject(new Error(JSON.stringify(reply))));
      room.onEvent = () => room.deliveries === wanted && settle(shown);
      room.broken.catch(reject);
      const body = { client_msg_id: `${job.run}-${number}`, text: `${number} ${padding}` };
      room.members[number % room.members.length].send(JSON.stringify({ id: number + 1, send: body }));
    });
    if (job.gap_ms) {
      await new Promise((resolve) => setTimeout(resolve, job.gap_ms));
    }
  }
  await room.leave();
  return { replied_ms: replied, shown_ms: shown };
}
