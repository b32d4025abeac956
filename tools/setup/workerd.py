"""The runtime as Miniflare starts it: a small script, because Miniflare has no option for what Python needs locally.

Miniflare and wrangler run whatever MINIFLARE_WORKERD_PATH names.
"""

import shlex
from pathlib import Path

from tools.setup.layout import Layout
from tools.setup.npm import workerd_binary

# Work that V8 does in the background for an isolate can need a collection there, which only the isolate's own thread
# can begin. Where nobody asks anything of that isolate the work waits for ever, and with it the background thread, of
# which there is one less than cores. With two cores nothing is optimised any more from then on, in any isolate: in
# 5 of 21 processes Python ran a quarter slower (workerd 1.20261117). Without these two kinds of work nothing waits.
V8_FLAGS = "--no-concurrent-sparkplug --no-concurrent-recompilation"

# Miniflare kills workerd when it ends in an orderly way. The loop in the background does it when Miniflare itself was
# killed; `$$` is workerd's own process id after the exec.
SCRIPT = """\
#!/bin/sh
# Made by set-up (tools/setup/workerd.py).
[ -z "$WORKERD_PID_FILE" ] || echo $$ > "$WORKERD_PID_FILE"
parent=$PPID
(while kill -0 "$parent" && kill -0 $$; do sleep 1; done; kill -9 $$) </dev/null >/dev/null 2>&1 3>&- &
serve=$1
shift
exec {command} "$serve" {options} "$@"
"""


def write_wrapper(layout: Layout, snapshot: Path | None) -> None:
    options = [f"--pyodide-bundle-disk-cache-dir={layout.bundle.parent}"]
    if snapshot is not None:
        options += [f"--python-snapshot-dir={snapshot.parent}", f"--python-load-snapshot={snapshot.name}"]
    script = SCRIPT.format(command=shlex.quote(str(workerd_binary(layout))), options=shlex.join(options))
    if not layout.workerd_wrapper.exists() or layout.workerd_wrapper.read_text() != script:
        layout.workerd_wrapper.write_text(script)
        layout.workerd_wrapper.chmod(0o755)


def runtime_environment(layout: Layout) -> dict[str, str]:
    """What Miniflare's process is told, so that it starts the runtime by the script."""
    return {"MINIFLARE_WORKERD_PATH": str(layout.workerd_wrapper), "MINIFLARE_WORKERD_V8_FLAGS": V8_FLAGS}
