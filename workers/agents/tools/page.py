"""A web page as text."""

import re
from html.parser import HTMLParser
from typing import Final

_CHARSET: Final = re.compile(r"charset=\"?([A-Za-z0-9._-]+)")
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_UNSEEN: Final = frozenset({"script", "style", "template", "noscript", "svg"})
_BLOCKS: Final = frozenset(
    (
        *(
            "p",
            "div",
            "li",
            "ul",
            "ol",
            "tr",
            "table",
            "section",
            "article",
            "header",
            "footer",
            "main",
            "nav",
            "aside",
        ),
        *("h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "br", "hr", "title", "dt", "dd"),
    )
)


def text_of(body: bytes, media_type: str, parameters: str) -> str:
    text = _decoded(body, parameters)
    if media_type not in _HTML:
        return text
    reader = _Reader()
    reader.feed(text)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).splitlines())
    return "\n".join(line for line in lines if line)


def _decoded(body: bytes, parameters: str) -> str:
    match = _CHARSET.search(parameters)
    try:
        return body.decode(match[1] if match else "utf-8", errors="replace")
    except (LookupError, UnicodeError):
        # No charset that Python knows, or one that is no charset at all.
        return body.decode("utf-8", errors="replace")


class _Reader(HTMLParser):
    """What a reader sees of a page. Of an unseen element everything up to its end is left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _UNSEEN:
            self._unseen.append(tag)
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            del self._unseen[self._unseen.index(tag) :]
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(data)
