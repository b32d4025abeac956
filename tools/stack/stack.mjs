// The sidecar: runs Miniflare for a Python parent. One JSON object a line comes in on stdin, one goes out on stdout:
//   in   { id, command, ...arguments }
//   out  { id, result } | { id, error } | { log: { level, text } }
// Whatever anyone else prints goes to stderr. When stdin closes, the parent is gone, and everything ends.

import { createInterface } from "node:readline";
import { Commands } from "./commands.mjs";

const writeLine = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

function send(message) {
  writeLine(`${JSON.stringify(message)}\n`);
}

const commands = new Commands((level, text) => send({ log: { level, text } }));

const known = new Set(["start", "ready", "reload", "configure", "evict", "tick", "doFile", "doList", "d1Migrate", "d1Query", "r2List", "r2Get", "r2Head"]);

async function answer(line) {
  const { id, command, ...args } = JSON.parse(line);
  try {
    if (!known.has(command)) {
      throw new Error(`unknown command ${command}`);
    }
    send({ id, result: (await commands[command](args)) ?? null });
  } catch (error) {
    // What follows the first line is workerd's own output, which has been logged already.
    send({ id, error: error.message.split("\n")[0] });
  }
}

async function end(code) {
  await commands.stop();
  process.exit(code);
}

process.on("SIGTERM", () => end(0));
createInterface({ input: process.stdin })
  .on("line", answer)
  .on("close", () => end(0));
