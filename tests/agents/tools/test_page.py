import pytest

from agents.tools.page import text_of


def test_of_a_web_page_what_people_see_is_left() -> None:
    page = b"""<!doctype html><title>Bread</title><style>p{}</style><script>var x = "<p>no</p>"</script>
    <h1>Rye &amp; wheat</h1><p>Baked  on
    <b>Thursday</b>.<br>Bring bags<noscript>hidden <b>too</noscript><p>End"""
    assert text_of(page, "text/html", "") == "Bread\nRye & wheat\nBaked on\nThursday.\nBring bags\nEnd"


@pytest.mark.parametrize("page", [b"<p>a<script>never closed", b"<p>a</svg></script>", b"<p>a<svg><script>x</svg>"])
def test_a_broken_page_is_read_as_far_as_it_goes(page: bytes) -> None:
    assert text_of(page, "text/html", "") == "a"


@pytest.mark.parametrize(
    ("body", "parameters", "text"),
    [
        (b"Gr\xfc\xdfe", ' charset="ISO-8859-1"', "Grüße"),
        ("Grüße".encode(), "charset=utf-8", "Grüße"),
        ("Grüße".encode(), "charset=no-such", "Grüße"),
        ("Grüße".encode(), "charset=base64", "Grüße"),
        ("Grüße".encode(), "charset=idna", "Grüße"),
        (b"\xff<b>", "", "\ufffd<b>"),
    ],
)
def test_plain_text_stays_as_it_is_in_its_charset(body: bytes, parameters: str, text: str) -> None:
    assert text_of(body, "text/plain", parameters) == text
