// Miniflare's options, made from wrangler.toml: what runs locally is what would be deployed, but for the changes below.

import { dirname, join, resolve } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { readManifest, readVendored } from "./modules.mjs";

// Selects the runtime bundle that set-up has built. Experimental, so it is added in memory and never deployed.
const LOCAL_FLAG = "python_workers_development";

/**
 * @param request `{ root, stateDir, workers: { <env>: { port, vars } }, beside: { <name>: { port, folder } } }`, workers
 *   in the order Miniflare gets them
 * @param onLog takes a level and a text
 */
export async function miniflareOptions(request, onLog) {
  const vendored = await readVendored(join(request.root, "python_modules"));
  const workers = [];
  for (const [env, local] of Object.entries(request.workers)) {
    workers.push(await workerOptions(request.root, env, local, vendored));
  }
  for (const [name, local] of Object.entries(request.beside)) {
    workers.push(await besideOptions(request.root, name, local, vendored));
  }
  const shared = convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    // Without this Miniflare asks the internet for a sample of `request.cf`.
    cf: false,
    log: new Log(LogLevel.WARN),
    logRequests: false,
    handleStructuredLogs: ({ level, message }) => onLog(level, message),
    resourcePersistencePath: request.stateDir,
    isolatedResourcePersistencePath: request.stateDir,
    workers: workers.map((worker) => worker.converted),
  });
  for (const [index, { manifest }] of workers.entries()) {
    // Set after the conversion, which would read every module from disk once more.
    shared.workers[index].config.manifest = manifest;
  }
  return shared;
}

async function workerOptions(root, env, local, vendored) {
  const config = unstable_readConfig({ config: join(root, "wrangler.toml"), env });
  const { workerOptions, main } = unstable_getMiniflareWorkerOptions(config, env);
  const { modulesRules: _, ...options } = workerOptions;
  const entry = resolve(root, main);
  return {
    manifest: await readManifest(entry, dirname(entry), vendored),
    converted: {
      ...options,
      name: config.name,
      modules: [{ type: "PythonModule", path: entry, contents: "" }],
      modulesRoot: dirname(entry),
      compatibilityFlags: [...options.compatibilityFlags, LOCAL_FLAG],
      bindings: { ...options.bindings, ...local.vars },
      unsafeDirectSockets: [{ host: "127.0.0.1", port: local.port }],
    },
  };
}

/** A Worker that wrangler.toml does not name: the code in its folder, the compatibility of the others, no bindings. */
async function besideOptions(root, name, { folder, port }, vendored) {
  const config = unstable_readConfig({ config: join(root, "wrangler.toml") });
  const entry = join(folder, "entry.py");
  return {
    manifest: await readManifest(entry, folder, vendored),
    converted: {
      name,
      modules: [{ type: "PythonModule", path: entry, contents: "" }],
      modulesRoot: folder,
      compatibilityDate: config.compatibility_date,
      compatibilityFlags: [...config.compatibility_flags, LOCAL_FLAG],
      unsafeDirectSockets: [{ host: "127.0.0.1", port }],
    },
  };
}

/** What wrangler.toml says of each of these Workers. */
export function configs(root, envs) {
  return envs.map((env) => unstable_readConfig({ config: join(root, "wrangler.toml"), env }));
}

/** The one D1 binding with migrations: `{ worker, binding, migrationsDir }`. */
export function database(root, envs) {
  for (const config of configs(root, envs)) {
    const found = config.d1_databases.find((candidate) => candidate.migrations_dir);
    if (found) {
      const table = found.migrations_table ?? "d1_migrations";
      return { worker: config.name, binding: found.binding, dir: join(root, found.migrations_dir), table };
    }
  }
  throw new Error("wrangler.toml names no D1 database with a migrations_dir");
}

/** The one R2 binding: `{ worker, binding }`. */
export function bucket(root, envs) {
  for (const config of configs(root, envs)) {
    if (config.r2_buckets.length > 0) {
      return { worker: config.name, binding: config.r2_buckets[0].binding };
    }
  }
  throw new Error("wrangler.toml names no R2 bucket");
}
