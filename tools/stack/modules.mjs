// A Worker's modules, read from disk under the names and kinds that wrangler gives them when it deploys
// (findAdditionalModules in wrangler 4.164).

import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";

/** Returns `{ mainModule, modulesRoot, modules }` for the folder of `main` plus the vendored packages. */
export async function readManifest(main, moduleRoot, vendored) {
  const mainModule = moduleName(main, moduleRoot);
  // The order is the load order: the entry first.
  const modules = { [mainModule]: { type: "python", contents: await readFile(main, "utf8") } };
  for (const path of await files(moduleRoot)) {
    if (extname(path) === ".py" && path !== main) {
      modules[moduleName(path, moduleRoot)] = { type: "python", contents: await readFile(path, "utf8") };
    } else if (extname(path) === ".pyc") {
      modules[moduleName(path, moduleRoot)] = { type: "data", contents: new Uint8Array(await readFile(path)) };
    }
  }
  return { mainModule, modulesRoot: moduleRoot, modules: { ...modules, ...vendored } };
}

export async function readVendored(folder) {
  const modules = {};
  for (const path of await files(folder)) {
    const name = moduleName(path, folder);
    // The SDK's JavaScript is imported at run time, so it has to be code; everything else is bytes to Python.
    const isScript = name.startsWith("workers/") && [".js", ".mjs"].includes(extname(name));
    modules[`python_modules/${name}`] = isScript
      ? { type: "esm", contents: await readFile(path, "utf8") }
      : { type: "data", contents: new Uint8Array(await readFile(path)) };
  }
  return modules;
}

async function files(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function moduleName(path, root) {
  return relative(root, path).split(sep).join("/");
}
