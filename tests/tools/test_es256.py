"""RFC 7515 A.3 (a P-256 key, a message and a signature of it) against the machine's ES256."""

from shared.keys import PrivateKey, b64url, b64url_bytes
from tools.es256 import HostEs256, new_private_key

KEY = PrivateKey(
    x="f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    y="x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    d="jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
)
MESSAGE = (
    b"eyJhbGciOiJFUzI1NiJ9."
    b"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
SIGNATURE = b64url_bytes("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")


def test_the_signature_of_the_rfc_is_accepted() -> None:
    assert HostEs256().verify(KEY.public.pem(), MESSAGE, SIGNATURE)


def test_own_signatures_are_64_bytes_and_accepted() -> None:
    signature = HostEs256().sign(KEY.pem(), MESSAGE)

    assert len(signature) == 64
    assert HostEs256().verify(KEY.public.pem(), MESSAGE, signature)


def test_a_changed_message_signature_or_key_is_refused() -> None:
    es256, flipped = HostEs256(), bytes([SIGNATURE[0] ^ 1]) + SIGNATURE[1:]

    assert not es256.verify(KEY.public.pem(), MESSAGE + b"x", SIGNATURE)
    assert not es256.verify(KEY.public.pem(), MESSAGE, flipped)
    assert not es256.verify(new_private_key().public.pem(), MESSAGE, SIGNATURE)


def test_a_null_signature_is_refused() -> None:
    assert not HostEs256().verify(KEY.public.pem(), MESSAGE, bytes(64))


def test_a_point_that_is_not_on_the_curve_is_no_key() -> None:
    beside = KEY.public.model_copy(update={"y": b64url(bytes(31) + b"\x01")})

    assert not HostEs256().verify(beside.pem(), MESSAGE, SIGNATURE)
