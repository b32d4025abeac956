"""`make docs`: every document that is made from the code, anew."""

from pathlib import Path

from tools import api_docs, error_docs, licences, setting_docs


def generate() -> dict[Path, str]:
    """Beside docs/api, which has a list of its own."""
    return {
        Path("docs/settings.md"): setting_docs.text(),
        Path("docs/errors.md"): error_docs.text(),
        Path("docs/licences.md"): licences.text(),
    }


def main() -> None:
    api_docs.main()
    api_docs.write(generate())
