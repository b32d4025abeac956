// The load generator's process: one job a line on stdin, one result a line on stdout.

import { createInterface } from "node:readline";
import { fanout } from "./fanout.mjs";
import { posts } from "./http.mjs";
import { latency } from "./latency.mjs";
import { join, resume } from "./resume.mjs";
import { firstToken, provider, tokens } from "./tokens.mjs";

const LIMIT_MS = 120_000;

/** A frame that never comes is a failure of the server, and shall be named one. */
function within(work, part) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${part} was not over within ${LIMIT_MS} ms`)), LIMIT_MS);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const parts = { fanout, firstToken, join, latency, posts, provider, resume, tokens };

for await (const line of createInterface({ input: process.stdin })) {
  const { part, job } = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify({ result: await within(parts[part](job), part) })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: error.stack })}\n`);
  }
}
// Sockets of a room that broke are still open.
process.exit(0);
