"""Fits Pyodide's loader to workerd's sandbox, by text edits whose every count is checked.

workerd forbids eval, clocks and WebAssembly compilation to ordinary code and hands Pyodide replacements from its
built-in module `pyodide-internal:builtin_wrappers`. The bundle Cloudflare serves has the same edits; this makes it
from the npm package, so that local runs need nothing but the registries.
"""

from dataclasses import dataclass

from tools.console import ToolError

FORBIDDEN_EVAL = "(()=>{throw new Error('eval is not allowed in Workers')})()"

# What followed in the function stays behind the return, unreachable.
LOAD_LIBRARY = (
    "function loadLibData(){"
    "var patched=patchedLoadLibData(Module,libName,flags.rpath);"
    "return flags.loadAsync?Promise.resolve(patched):patched;"
)

TAIL = """
export { _createPyodideModule };
import {
  addEventListener, getRandomValues, location, monotonicDateNow, newWasmModule, patchedLoadLibData, wasmInstantiate,
} from "pyodide-internal:builtin_wrappers";
"""


@dataclass(frozen=True)
class Edit:
    text: str
    replacement: str
    expected_count: int


# Counted in Pyodide 314.0.6.
EDITS = (
    Edit("new WebAssembly.Module", "newWasmModule", 4),
    Edit("WebAssembly.instantiate", "wasmInstantiate", 3),
    Edit("Date.now", "monotonicDateNow", 22),
    Edit("crypto.getRandomValues(", "getRandomValues(Module, ", 1),
    Edit("getMemory(", "Module.getMemoryPatched(Module, libName, ", 1),
    Edit("eval(func)", FORBIDDEN_EVAL, 2),
    Edit("eval(data)", FORBIDDEN_EVAL, 1),
    Edit("eval(UTF8ToString(ptr))", FORBIDDEN_EVAL, 3),
    Edit("function loadLibData(){", LOAD_LIBRARY, 1),
)


def fit_to_workerd(source: str, version: str) -> str:
    """Returns the edited loader, or raises a ToolError when Pyodide is not the one these edits were made for."""
    for edit in EDITS:
        found = source.count(edit.text)
        if found != edit.expected_count:
            raise ToolError(
                f"Pyodide {version} is not the one this tool knows: `{edit.text}` occurs {found} times in "
                f"pyodide.asm.mjs, expected {edit.expected_count}; pin pyodide to the version in package-lock.json, "
                "or look at the new file and correct EDITS in tools/setup/pyodide_edits.py."
            )
        source = source.replace(edit.text, edit.replacement)
    return source + TAIL
