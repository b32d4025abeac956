// POSTs over so many connections, each with one request under way, for so long.

import { Agent, request } from "node:http";

/** @param job `{url, bearers, connections, seconds}` */
export async function posts(job) {
  const agent = new Agent({ keepAlive: true, maxSockets: job.connections });
  const waits = [];
  const started = performance.now();
  const until = started + job.seconds * 1000;
  let asked = 0;
  await Promise.all(
    Array.from({ length: job.connections }, async () => {
      while (performance.now() < until) {
        const begun = performance.now();
        await post(agent, job.url, job.bearers[asked++ % job.bearers.length]);
        waits.push(performance.now() - begun);
      }
    }),
  );
  const elapsed = performance.now() - started;
  agent.destroy();
  waits.sort((a, b) => a - b);
  return { per_s: (waits.length * 1000) / elapsed, p50_ms: waits[waits.length >> 1], p99_ms: waits[Math.floor(waits.length * 0.99)] };
}

function post(agent, url, bearer) {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method: "POST", agent, headers: { authorization: `Bearer ${bearer}` } }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(`${response.statusCode} ${text}`));
      });
    });
    asking.on("error", reject);
    asking.end();
  });
}
