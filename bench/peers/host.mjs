// Serves the JavaScript peers: bundled by esbuild, run by Miniflare without any proxy, as Parley's own stack is.
// One JSON line in: {stateDir, ports: {bare, party}}. "ready" comes out. Ends when stdin closes.

import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { Log, LogLevel, Miniflare, convertV4MiniflareOptions } from "miniflare";

const HERE = import.meta.dirname;
const DATE = "2026-11-01";
const peers = { bare: { ROOM: "Room" }, party: { Main: "Main" } };

async function worker(name, port) {
  const bundled = await build({
    entryPoints: [join(HERE, `${name}.mjs`)],
    bundle: true,
    format: "esm",
    write: false,
    external: ["cloudflare:*", "node:*"],
    conditions: ["workerd"],
  });
  const objects = Object.entries(peers[name]).map(([binding, className]) => [binding, { className, useSQLite: true }]);
  return {
    name,
    modules: [{ type: "ESModule", path: join(HERE, `${name}.bundle.mjs`), contents: bundled.outputFiles[0].text }],
    modulesRoot: HERE,
    compatibilityDate: DATE,
    durableObjects: Object.fromEntries(objects),
    unsafeDirectSockets: [{ host: "127.0.0.1", port }],
  };
}

const input = createInterface({ input: process.stdin });
const [line] = await once(input, "line");
const { stateDir, ports } = JSON.parse(line);
const workers = await Promise.all(Object.entries(ports).map(([name, port]) => worker(name, port)));
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    log: new Log(LogLevel.ERROR),
    resourcePersistencePath: stateDir,
    isolatedResourcePersistencePath: stateDir,
    workers,
  }),
);
await miniflare.ready;
process.stdout.write("ready\n");
input.on("close", async () => {
  await miniflare.dispose();
  process.exit(0);
});
