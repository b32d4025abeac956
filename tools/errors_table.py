"""The table of errors in `docs/api.md`, from the one place where they are defined."""

import re
from typing import Final

from shared import errors
from shared.errors import ParleyError

BEGIN: Final = "<!-- errors: written by `make docs` -->\n"
END: Final = "<!-- /errors -->"


def with_table(page: str) -> str:
    """The page with the table as it has to be. Raises ValueError when it has no place for one."""
    if BEGIN not in page or END not in page:
        raise ValueError(f"no {BEGIN.strip()} … {END} in the page")
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: BEGIN + table() + END, page, flags=re.DOTALL)


def table() -> str:
    rows = sorted(_shown_over_http(), key=lambda error: (error.status, error.code))
    lines = [
        f"| {error.status} | `{error.code}` | {error.title} | {'yes' if error.temporary else ''} |" for error in rows
    ]
    return "\n".join(["| status | code | | try again |", "|---|---|---|---|", *lines, ""])


def _shown_over_http() -> list[type[ParleyError]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ParleyError)]
    return [kind for kind in kinds if kind is not ParleyError]
