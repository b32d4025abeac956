// Compiles with the very Python that will read it: Pyodide, here in Node.
//   node compile.mjs <pyodide.mjs> <script of Python> <function in it> <places>
// The places are a JSON object: where Python sees a folder, and which one. What comes in on stdin is the function's argument.

import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const [pyodide, script, name, places] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(pyodide).href);
const python = await loadPyodide();
for (const [place, folder] of Object.entries(JSON.parse(places))) {
  python.FS.mkdirTree(place);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, place);
}
python.runPython(await readFile(script, "utf8"));
console.log(python.globals.get(name)(await text(process.stdin)));
