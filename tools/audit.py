"""`make audit`: which of the locked packages have known weaknesses, and what is shipped (build/sbom.cdx.json).

Law: says plainly whom it could not ask; a question without an answer is no good news. Fails when something is known.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from app.health import VERSION
from tools.console import Say, ToolError, out
from tools.sbom import document
from tools.setup.commands import run as setup_run
from tools.setup.layout import Layout
from tools.setup.node import node_of
from tools.setup.steps import Step, digest, perform
from tools.shipped import components

ROOT: Final = Path(__file__).resolve().parent.parent
SBOM: Final = Path("build") / "sbom.cdx.json"
TIME_LIMIT_S: Final = 120
Run = Callable[[list[str]], tuple[int, str, str]]


@dataclass(frozen=True)
class Verdict:
    """What a registry's advisories say of one lock file. `unknown` when they could not be asked."""

    lock: str
    state: Literal["clean", "known weaknesses", "unknown"]
    detail: str = ""


def main() -> None:
    path = ROOT / SBOM
    path.parent.mkdir(exist_ok=True)
    shipped = components(ROOT)
    path.write_text(json.dumps(document(VERSION, shipped), indent=2) + "\n")
    out.print(f"  {SBOM}: {len(shipped)} components")
    perform(auditor_step(Layout(ROOT)), Layout(ROOT).stamps)
    verdicts = [python_verdict(ROOT, lock, run) for lock in locks(ROOT)] + [npm_verdict(ROOT, run)]
    for verdict in verdicts:
        mark = {"clean": "[green]✓[/green]", "unknown": "[yellow]?[/yellow]"}.get(verdict.state, "[red]✗[/red]")
        out.print(f"  {mark} {verdict.lock}: {verdict.state} [dim]{verdict.detail}[/dim]")
    if any(verdict.state == "known weaknesses" for verdict in verdicts):
        raise ToolError(
            "Some locked packages have known weaknesses; see above, and move to the versions that mend them."
        )
    if any(verdict.state == "unknown" for verdict in verdicts):
        out.print("\n  Not everything could be asked, so this run says nothing about the rest.")


def locks(root: Path) -> list[str]:
    return sorted(path.stem for path in (root / "requirements").glob("*.txt"))


def python_verdict(root: Path, lock: str, ask: Run) -> Verdict:
    """By pip-audit, which reads a lock file with digests and installs nothing."""
    name = f"requirements/{lock}.txt"
    command = [str(auditor(root)), "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner=off"]
    code, printed, said = ask([*command, "--format=json", "-r", str(root / name)])
    try:
        rows = json.loads(printed)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Verdict(name, "unknown", _last_line(said))
    found = [f"{row['name']} {row['version']}: {weak['id']}" for row in rows for weak in row.get("vulns", [])]
    # pip-audit 2.10 ends well, too, when the index knew nothing of any package.
    unasked = [row["skip_reason"] for row in rows if "skip_reason" in row]
    if found:
        return Verdict(name, "known weaknesses", ", ".join(found))
    if unasked or code != 0:
        return Verdict(name, "unknown", f"{len(unasked)} of {len(rows)} packages; {_last_line(*unasked[:1] or [said])}")
    return Verdict(name, "clean", f"{len(rows)} packages")


def npm_verdict(root: Path, ask: Run) -> Verdict:
    name = "package-lock.json"
    _, printed, said = ask([node_of(Layout(root)).npm, "audit", "--json"])
    try:
        answer: dict[str, Any] = json.loads(printed)
        found = answer["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        return Verdict(name, "unknown", _last_line(said) or _last_line(printed))
    details = ", ".join(f"{package}: {row['severity']}" for package, row in found.items())
    count = answer.get("metadata", {}).get("dependencies", {}).get("total", 0)
    return Verdict(name, "known weaknesses" if found else "clean", details or f"{count} packages")


def auditor(root: Path) -> Path:
    """The Python that has pip-audit: apart from ours, which it would bring dozens of packages."""
    return Layout(root).cache / "audit" / "bin" / "python"


def auditor_step(layout: Layout) -> Step:
    lock = layout.root / "requirements" / "audit.txt"

    def install(say: Say) -> None:
        say("pip-audit")
        folder = layout.cache / "audit"
        setup_run([sys.executable, "-m", "venv", "--clear", folder], cwd=layout.root, what="Making an environment")
        pip: list[str | Path] = [
            folder / "bin" / "python",
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--no-deps",
        ]
        setup_run([*pip, "--require-hashes", "-r", lock], cwd=layout.root, what="Installing pip-audit")

    return Step("audit", "pip-audit", lambda: digest([lock, sys.version]), auditor(layout.root), install)


def run(command: list[str]) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    path = f"{Path(node_of(Layout(ROOT)).node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIME_LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return 1, "", f"no answer within {TIME_LIMIT_S} s"
    return done.returncode, done.stdout, done.stderr


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no answer"
