from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from app.idp_keys import _der, idp_keys
from shared.keys import b64url
from tests.shared.id_tokens import EC_KEY, RsaKey, good_tokens, key_set

EC, RSA = (good.jwk() for good in good_tokens("i", "a", 0))


def kids(*keys: dict[str, Any]) -> set[str]:
    return set(idp_keys(key_set(*keys)))


def test_keys_are_found_by_their_ids_with_an_algorithm_of_their_own() -> None:
    found = idp_keys(key_set(EC, RSA))
    assert {kid: (key.algorithm, key.signature_bytes) for kid, key in found.items()} == {
        "ec-1": ("ES256", 64),
        "rsa-1": ("RS256", 256),
    }
    assert found["ec-1"].pem == EC_KEY.public.pem()


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_the_pem_of_an_rsa_key_is_that_key(bits: int) -> None:
    key = RsaKey(bits)
    found = idp_keys(key_set(key.jwk(kid="x")))["x"]
    loaded = load_pem_public_key(found.pem.encode())
    assert isinstance(loaded, rsa.RSAPublicKey)
    assert loaded.public_numbers() == key.private.public_key().public_numbers()
    assert found.signature_bytes == bits // 8


@pytest.mark.parametrize(("n", "length"), [(2**2047, 256), (2**2048, 257), (2**2055, 257), (2**4096 - 1, 512)])
def test_a_signature_is_as_long_as_its_modulus(n: int, length: int) -> None:
    assert idp_keys(key_set({**RSA, "n": big(n)}))["rsa-1"].signature_bytes == length


@pytest.mark.parametrize(
    ("length", "head"), [(0, "0400"), (127, "047f"), (128, "048180"), (255, "0481ff"), (256, "04820100")]
)
def test_der_says_a_length_in_its_shortest_form(length: int, head: str) -> None:
    assert _der(4, bytes(length)) == bytes.fromhex(head) + bytes(length)


def test_a_key_id_may_be_long() -> None:
    assert kids({**RSA, "kid": "x" * 200}) == {"x" * 200}


def test_what_a_provider_adds_is_passed_over() -> None:
    more = {"x5c": ["MIIB"], "x5t": "x", "issuer": "https://login.test", "key_ops": ["verify"]}
    bare = {name: value for name, value in RSA.items() if name not in ("alg", "use")}
    assert kids({**EC, **more}, {**bare, **more}) == {"ec-1", "rsa-1"}


def big(number: int) -> str:
    return b64url(number.to_bytes((number.bit_length() + 7) // 8))


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "oct", "k": "AAAA"},
        {"kty": "EC"},
        {"kty": None},
        {"use": "enc"},
        {"alg": "RS512"},
        {"alg": "PS256"},
        {"alg": "HS256"},
        {"alg": "ES256"},
        {"kid": ""},
        {"kid": None},
        {"kid": 1},
        {"kid": "x" * 201},
        {"e": "Aw"},
        {"e": "AQAC"},
        {"e": "AQ"},
        {"e": "AQAB="},
        {"n": big(2**2047 - 1)},
        {"n": big(2**4096 + 1)},
        {"n": RSA["n"] + "="},
        {"n": "!"},
        {"n": ""},
        {"n": None},
    ],
    ids=lambda change: str(change)[:50],
)
def test_an_rsa_key_that_is_not_for_us_is_passed_over(change: dict[str, Any]) -> None:
    assert kids({**RSA, **change}, EC) == {"ec-1"}


@pytest.mark.parametrize(
    "change",
    [
        {"crv": "P-384"},
        {"crv": "secp256k1"},
        {"alg": "ES384"},
        {"use": "enc"},
        {"y": EC["x"]},
        {"x": "A" * 43},
        {"x": EC["x"] + "="},
        {"x": None},
        {"kty": "OKP"},
    ],
    ids=str,
)
def test_a_curve_key_that_is_not_for_us_is_passed_over(change: dict[str, Any]) -> None:
    assert kids({**EC, **change}, RSA) == {"rsa-1"}


def test_an_id_that_two_keys_share_is_nobodys() -> None:
    assert kids(EC, {**RSA, "kid": "ec-1"}) == set()
    assert kids(EC, {**RSA, "kid": "ec-1", "use": "enc"}) == {"ec-1"}


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"keys":{}}', b'{"keys":[1]}', b"<html>", b'{"keys":null}'])
def test_what_is_no_key_set_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"validation error"):
        idp_keys(text)
