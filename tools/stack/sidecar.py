"""The Node process that runs Miniflare, seen from Python: requests out, answers and log lines in (see stack.mjs)."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from tools.console import ToolError
from tools.setup.layout import Layout
from tools.setup.node import node_of
from tools.setup.workerd import runtime_environment

MAIN = Path(__file__).parent / "stack.mjs"
REQUEST_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 10.0
POLL_S = 0.02

OnLog = Callable[[str, str], None]


class StackError(ToolError):
    """The stack refused a command or has ended; the text is the runtime's own."""


class Sidecar:
    def __init__(self, root: Path, on_log: OnLog) -> None:
        layout = Layout(root)
        self._on_log = on_log
        self._answers: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()
        self._last_id = 0
        self._private = tempfile.TemporaryDirectory(prefix="parley-stack-")
        self._pid_file = Path(self._private.name) / "workerd.pid"
        self._process = subprocess.Popen(
            [node_of(layout).node, str(MAIN)],
            cwd=root,
            env={
                **os.environ,
                **runtime_environment(layout),
                "WORKERD_PID_FILE": str(self._pid_file),
                "WRANGLER_SEND_METRICS": "false",
                "WRANGLER_LOG_PATH": str(layout.cache / "wrangler-logs"),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Ctrl-C is for the parent, which then stops the sidecar in order.
            start_new_session=True,
        )
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._read_answers, self._read_stderr)]
        for reader in self._readers:
            reader.start()

    def request(self, command: str, **arguments: object) -> Any:  # noqa: ANN401 - JSON, each command its own
        """Sends one command and waits for its answer; raises StackError when it is refused or nobody answers."""
        answer: Future[Any] = Future()
        with self._lock:
            self._last_id += 1
            request_id = self._last_id
            self._answers[request_id] = answer
            self._send(json.dumps({"id": request_id, "command": command, **arguments}))
        try:
            return answer.result(REQUEST_TIMEOUT_S)
        except TimeoutError as late:
            raise StackError(f"the local stack did not answer `{command}` within {REQUEST_TIMEOUT_S:.0f} s") from late

    def runtime_pid(self) -> int | None:
        """What the wrapper script has noted (tools/setup/workerd.py)."""
        try:
            return int(self._pid_file.read_text())
        except (OSError, ValueError):
            return None

    def kill_runtime(self) -> None:
        killed = self.runtime_pid()
        self._kill(killed)
        deadline = time.monotonic() + REQUEST_TIMEOUT_S
        while self.runtime_pid() in (killed, None):
            if time.monotonic() > deadline:
                raise StackError("the runtime was killed and did not come back")
            time.sleep(POLL_S)
        self.request("ready")

    def stop(self) -> None:
        """Ends the sidecar and workerd. May be called twice."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            self._kill(self.runtime_pid())
        for reader in self._readers:
            reader.join(STOP_TIMEOUT_S)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        self._private.cleanup()

    def _kill(self, pid: int | None) -> None:
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _send(self, line: str) -> None:
        # stdin is None only for a process started without a pipe.
        assert self._process.stdin is not None  # noqa: S101
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError) as gone:
            raise StackError("the local stack is not running") from gone

    def _read_answers(self) -> None:
        for line in self._process.stdout or ():
            message = json.loads(line)
            if "log" in message:
                self._on_log(message["log"]["level"], message["log"]["text"])
            elif "id" in message:
                self._settle(message)
        # Reaped at once: the wrapper script ends workerd when its parent is gone, and a zombie is not.
        self._process.wait()
        with self._lock:
            left, self._answers = self._answers, {}
        for answer in left.values():
            answer.set_exception(StackError("the local stack ended unexpectedly; its last log lines say why"))

    def _settle(self, message: dict[str, Any]) -> None:
        with self._lock:
            answer = self._answers.pop(message["id"])
        if "error" in message:
            answer.set_exception(StackError(message["error"]))
        else:
            answer.set_result(message["result"])

    def _read_stderr(self) -> None:
        for line in self._process.stderr or ():
            self._on_log("runtime", line.rstrip("\n"))
