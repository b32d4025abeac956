import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from pydantic import ValidationError

from shared.keys import KeySet, PrivateKey, PrivateKeySet, PublicKey, PublishedKey, b64url, b64url_bytes
from tools.es256 import new_private_key

# RFC 7517, appendix A.1 and A.2: the same key, public and private.
X, Y = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
D = "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"
KEY = PrivateKey(x=X, y=Y, d=D)


def number(text: str) -> int:
    return int.from_bytes(b64url_bytes(text))


def test_the_public_pem_is_that_key() -> None:
    loaded = load_pem_public_key(KEY.public.pem().encode())

    assert isinstance(loaded, ec.EllipticCurvePublicKey)
    assert loaded.public_numbers() == ec.EllipticCurvePublicNumbers(number(X), number(Y), ec.SECP256R1())


def test_the_private_pem_is_that_key() -> None:
    loaded = load_pem_private_key(KEY.pem().encode(), None)

    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    assert loaded.private_numbers().private_value == number(D)
    assert loaded.private_numbers().public_numbers.x == number(X)


def test_the_thumbprint_is_taken_of_the_required_members_in_order() -> None:
    """RFC 7638 §3.2 and §3.3: crv, kty, x, y, without spaces; the private member does not count."""
    assert KEY.thumbprint == KEY.public.thumbprint == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"


def test_a_key_never_shows_its_secret() -> None:
    assert D not in f"{KEY} {KEY!r} {KEY.public.model_dump_json()} {[KEY]}"


def test_a_key_stays_what_it_is_and_is_written_in_text() -> None:
    with pytest.raises(ValidationError):
        KEY.public.x = Y  # type: ignore[misc]
    for key in (KeySet(keys=(PublishedKey.of(KEY),)), PrivateKeySet(keys=(KEY,))):
        with pytest.raises(ValidationError):
            key.keys = ()  # type: ignore[misc]
    with pytest.raises(ValidationError):
        PublicKey.model_validate({"x": X.encode(), "y": Y})


@pytest.mark.parametrize("text", ["", "AA", "-_-_", "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"])
def test_canonical_base64url_comes_back_as_it_was(text: str) -> None:
    assert b64url(b64url_bytes(text)) == text


@pytest.mark.parametrize("text", ["A", "AB", "AA==", "AA=", "A A", "AA\n", "+/+/", "ä", "AAAAA", "\u00b2"])
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        b64url_bytes(text)


@pytest.mark.parametrize(
    "more",
    [
        {"kty": "RSA"},
        {"crv": "P-384"},
        {"crv": "secp256k1"},
        {"x": X[:-1]},
        {"x": X + "A"},
        {"x": X + "\n"},
        {"x": X[:-1] + "="},
        {"x": 1},
        {"d": D},
        {"kid": "k"},
        {"alg": "none"},
    ],
    ids=str,
)
def test_a_public_key_has_exactly_its_members(more: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PublicKey.model_validate({"kty": "EC", "crv": "P-256", "x": X, "y": Y, **more})


def test_a_published_set_shows_public_members_alone() -> None:
    published = json.loads(PrivateKeySet(keys=(KEY,)).published().model_dump_json())

    assert published == {
        "keys": [
            {"kty": "EC", "crv": "P-256", "x": X, "y": Y, "use": "sig", "alg": "ES256", "kid": KEY.thumbprint},
        ]
    }


def test_a_kid_that_stands_beside_a_key_is_not_believed() -> None:
    liar = PublishedKey(x=X, y=Y, kid=new_private_key().thumbprint)

    assert KeySet(keys=(liar,)).by_id() == {KEY.thumbprint: KEY.public}


def test_a_set_of_signing_keys_is_never_empty() -> None:
    with pytest.raises(ValidationError):
        PrivateKeySet.model_validate_json('{"keys": []}')


def test_a_coordinate_has_one_spelling() -> None:
    with pytest.raises(ValidationError):
        PublicKey(x=X, y=Y[:-1] + "N")


P = 2**256 - 2**224 + 2**192 + 2**96 - 1


def moved(key: PublicKey, x: int = 0, y: int = 0) -> PublicKey:
    """A key whose coordinates are so much further."""
    return PublicKey(x=b64url((number(key.x) + x).to_bytes(32)), y=b64url((number(key.y) + y).to_bytes(32)))


def test_a_point_that_is_not_on_the_curve_is_no_key() -> None:
    for _ in range(20):
        key = new_private_key().public
        assert key.on_curve
        assert not moved(key, x=1).on_curve
        assert not moved(key, y=1).on_curve
    # 0 is the x of a point, and so p is none but looks like it.
    root = pow(0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B, (P + 1) // 4, P)
    for x, y, real in ((0, root, True), (P, root, False), (0, P - root, True)):
        key = PublicKey(x=b64url(x.to_bytes(32)), y=b64url(y.to_bytes(32)))
        assert key.on_curve is real
