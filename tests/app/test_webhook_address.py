"""Which addresses are called and which are not, however they are written."""

import pytest

from app.webhook_address import fault_of

GOOD = [
    "https://hooks.harbour.net",
    "https://hooks.harbour.net/",
    "https://hooks.harbour.net:443/in?key=a&b=c",
    "https://hooks.harbour.net:8443/in/%20x",
    "https://xn--grn-ioa.net/in",
    "https://localhost.harbour.net/",
    "https://hooks.harbour.net:1024/",
    "https://hooks.harbour.net:65535/",
    "https://hooks.harbour.net/".ljust(500, "a"),
]
BAD = [
    "http://hooks.harbour.net/",
    "ftp://hooks.harbour.net/",
    "https://user:secret@hooks.harbour.net/",
    "https://user@hooks.harbour.net/",
    "https://hooks.harbour.net/#part",
    "https://hooks.harbour.net\\@evil.net/",
    "https://hooks.harbour.net/a b",
    "https://hooks.harbour.net/\n",
    "https://hooks.harbour.net:22/",
    "https://hooks.harbour.net:0/",
    "https://hooks.harbour.net:1023/",
    "https://hooks.harbour.net/".ljust(501, "a"),
    "https://hooks.harbour.net:65536/",
    "https://HOOKS.harbour.net/",
    "https://grün.net/",
    "https://hooks/",
    "https://hooks.harbour.net./",
    "https://-a.net/",
    "https://127.0.0.1/",
    "https://10.0.0.1/",
    "https://192.168.1.1:8443/",
    "https://169.254.169.254/latest/meta-data",
    "https://8.8.8.8/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://[::1]/",
    "https://[fd00::1]/",
    "https://localhost/",
    "https://a.localhost/",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://router.home.arpa/",
    "https://1.0.0.127.in-addr.arpa/",
    "https://" + "a" * 500 + ".net/",
    "",
]
LOOPBACK = ["http://127.0.0.1:4000/in", "http://localhost:4000/in", "https://127.0.0.1:4000/"]


@pytest.mark.parametrize("url", GOOD)
def test_a_public_name_over_https_is_called(url: str) -> None:
    assert fault_of(url, is_local=False) is None


@pytest.mark.parametrize("is_local", [False, True])
@pytest.mark.parametrize("url", [url for url in BAD if url not in ("https://127.0.0.1/", "https://localhost/")])
def test_anything_else_is_not(url: str, is_local: bool) -> None:
    assert fault_of(url, is_local=is_local)


@pytest.mark.parametrize("url", LOOPBACK)
def test_this_machine_is_called_from_this_machine_only(url: str) -> None:
    assert fault_of(url, is_local=True) is None
    assert fault_of(url, is_local=False)
