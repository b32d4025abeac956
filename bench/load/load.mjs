// The load generator's process: one job a line on stdin, one result a line on stdout.

import { createInterface } from "node:readline";
import { fanout } from "./fanout.mjs";
import { latency } from "./latency.mjs";

const parts = { fanout, latency };

for await (const line of createInterface({ input: process.stdin })) {
  const { part, job } = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify({ result: await parts[part](job) })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: error.stack })}\n`);
  }
}
