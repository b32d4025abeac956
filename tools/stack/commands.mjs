// What the Python side may ask of a running stack; each command takes plain data and returns plain data.

import { join } from "node:path";
import { Miniflare } from "miniflare";
import * as d1 from "./database.mjs";
import { bucket, configs, database, miniflareOptions } from "./options.mjs";

export class Commands {
  #miniflare;
  #request;
  #onLog;
  #durableObjects = [];

  constructor(onLog) {
    this.#onLog = onLog;
  }

  async start(request) {
    this.#request = request;
    const options = await miniflareOptions(request, this.#onLog);
    this.#durableObjects = durableObjects(Object.keys(request.workers), options.workers);
    this.#miniflare = new Miniflare(options);
    await this.ready();
  }

  /** Waits for a start or restart that is under way. */
  async ready() {
    await this.#miniflare.ready;
  }

  async reload() {
    await this.#miniflare.setOptions(await miniflareOptions(this.#request, this.#onLog));
  }

  /** `vars`: what each Worker is told from now on, in place of what it was started with. */
  async configure({ vars }) {
    for (const [env, values] of Object.entries(vars)) {
      this.#request.workers[env].vars = values;
    }
    await this.reload();
    await this.ready();
  }

  async evict({ className, worker, object, webSockets }) {
    const { script } = this.#durableObject(className, worker);
    await this.#miniflare.unsafeEvictDurableObject(script, className, { ...object, webSockets });
  }

  /** What the platform does by the clock, done now: every Worker that has a cron trigger is called for it. */
  async tick() {
    for (const { name, triggers } of configs(this.#request.root, Object.keys(this.#request.workers))) {
      for (const cron of triggers.crons ?? []) {
        const worker = await this.#miniflare.getWorker(name);
        const { outcome } = await worker.scheduled({ cron });
        if (outcome !== "ok") {
          throw new Error(`${name} did not survive its cron trigger: ${outcome}`);
        }
      }
    }
  }

  /** Where the object keeps its SQLite file: Miniflare's own layout, `do/<script>-<class>/<id>.sqlite`. */
  async doFile({ className, object }) {
    const { script, binding } = this.#durableObject(className);
    const namespace = await this.#miniflare.getDurableObjectNamespace(binding, script);
    // Names become ids by a keyed hash that only the namespace knows.
    const id = object.id ?? namespace.idFromName(object.name).toString();
    return join(this.#request.stateDir, "do", `${script}-${className}`, `${id}.sqlite`);
  }

  async doList({ className }) {
    return this.#miniflare.listDurableObjectIds(className, this.#durableObject(className).script);
  }

  async d1Migrate() {
    const target = database(this.#request.root, Object.keys(this.#request.workers));
    return d1.migrate(await this.#miniflare.getD1Database(target.binding, target.worker), target);
  }

  async d1Query({ sql, params }) {
    const target = database(this.#request.root, Object.keys(this.#request.workers));
    return d1.query(await this.#miniflare.getD1Database(target.binding, target.worker), sql, params);
  }

  async r2List({ prefix }) {
    const r2 = await this.#bucket();
    const keys = [];
    let cursor;
    do {
      const page = await r2.list({ prefix, cursor });
      keys.push(...page.objects.map((object) => object.key));
      cursor = page.truncated ? page.cursor : undefined;
    } while (cursor !== undefined);
    return keys;
  }

  /** The object's bytes in base64, or null. */
  async r2Get({ key }) {
    const object = await (await this.#bucket()).get(key);
    return object === null ? null : Buffer.from(await object.arrayBuffer()).toString("base64");
  }

  /** What R2 keeps beside the object's bytes, or null. */
  async r2Head({ key }) {
    const object = await (await this.#bucket()).head(key);
    return object && { httpMetadata: object.httpMetadata, customMetadata: object.customMetadata };
  }

  async stop() {
    await this.#miniflare?.dispose();
  }

  async #bucket() {
    const target = bucket(this.#request.root, Object.keys(this.#request.workers));
    return this.#miniflare.getR2Bucket(target.binding, target.worker);
  }

  #durableObject(className, env) {
    const found = this.#durableObjects.filter((one) => one.className === className && (!env || one.env === env));
    if (found.length === 0) {
      throw new Error(`wrangler.toml binds no Durable Object class ${className}`);
    }
    return found.at(-1);
  }
}

/** Every class that a Worker binds and exports: `{ className, env, script, binding }`. */
function durableObjects(envs, workers) {
  return workers.flatMap(({ config }, index) =>
    Object.entries(config.env)
      .filter(([, { type, worker }]) => type === "durable-object" && worker === config.name)
      .map(([binding, { exportName, worker }]) => ({ className: exportName, env: envs[index], script: worker, binding })),
  );
}
