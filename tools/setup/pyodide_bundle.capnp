@0xe8b4d0b1f6c9a2d3;
# The part of workerd's own schema (src/workerd/io/../api/pyodide) that a Pyodide bundle is written in.
# The ordinals are the wire format: they must stay as workerd has them.

struct Bundle {
  modules @0 :List(Module);
}

enum ModuleType {
  bundle @0;
  builtin @1;
  internal @2;
}

struct Module {
  name @0 :Text;
  union {
    src @1 :Data;
    wasm @4 :Data;
    data @5 :Data;
    json @6 :Text;
  }
  type @2 :ModuleType;
  tsDeclaration @3 :Text;
  compileCache @7 :Data;
}
