// Compiles the packages that every Worker imports, with the very Python that will read them: Pyodide, here in Node.
//   node compile.mjs <pyodide.mjs> <python_modules> <script of Python> <names to import, with commas>

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const [pyodide, folder, script, names] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(pyodide).href);
const python = await loadPyodide();
// Where the Workers runtime mounts it; tracebacks name this place.
const mounted = "/session/metadata/python_modules";
python.FS.mkdirTree(mounted);
python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, mounted);
python.runPython(await readFile(script, "utf8"));
console.log(python.globals.get("compile_imported")(mounted, names));
