"""What axe-core finds on a page that people with a disability would stumble over."""

from functools import cache
from pathlib import Path

from tests.web.page import Page
from tools.browser import run_async

ROOT = Path(__file__).resolve().parent.parent.parent
_TOLERATED = {"minor", "moderate"}


@cache
def _axe() -> str:
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()


def barriers(page: Page) -> list[str]:
    """Each serious or critical finding with the element that it is about."""
    if not page.js("return typeof axe !== 'undefined'"):
        page.js(_axe())
    found = run_async(page.chrome, "return await axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:160]} – {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] not in _TOLERATED
        for node in rule["nodes"]
    ]
