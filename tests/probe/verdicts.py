"""What the product's verifiers say of a case: the same code under CPython and inside a Worker.

Law: pure. A case and a verdict are plain JSON, so that both can cross the wire; the ES256 port is an argument.
"""

from typing import Any

from pydantic import ValidationError

from shared.errors import InvalidCredential
from shared.jwks import OwnKeys
from shared.keys import KeySet, PublicKey, PublishedKey, b64url_bytes
from shared.signing import SignedRequest, Verifier, content_digest
from shared.tokens import ARCHIVE, ORCHESTRATOR, REQUEST, ROUTING, SESSION, Es256, Kind, Tokens

KINDS: dict[str, Kind[Any]] = {kind.typ: kind for kind in (REQUEST, ROUTING, SESSION, ARCHIVE)}
Case = dict[str, Any]
ACCEPTED = "accepted"


class Memory:
    """The `ReplayGuard` and `AppKeySource` of one case."""

    def __init__(self, keys: dict[str, PublicKey], app_id: str) -> None:
        self._keys = keys
        self._app_id = app_id

    async def claim(self, kid: str, jti: str, until_s: int) -> bool:
        del kid, jti, until_s
        return True

    async def app_key(self, kid: str) -> tuple[str, PublicKey] | None:
        key = self._keys.get(kid)
        return (self._app_id, key) if key else None


async def judge(es256: Es256, case: Case) -> str:
    """`accepted`, or the class of the reason why not; for a thumbprint or a digest, its value."""
    tokens = Tokens(es256)
    try:
        match case["ask"]:
            case "thumbprint":
                return PublicKey.model_validate(case["jwk"]).thumbprint
            case "digest":
                return content_digest(b64url_bytes(case["body"]))
            case "signature":
                pem = PublicKey.model_validate(case["jwk"]).pem()
                good = es256.verify(pem, b64url_bytes(case["message"]), b64url_bytes(case["signature"]))
                return ACCEPTED if good else "signature"
            case "token":
                tokens.verify(
                    KINDS[case["kind"]],
                    case["token"],
                    _by_id(case["keys"]),
                    issuer=case["issuer"],
                    now_s=case["now_s"],
                )
            case _:
                await _judge_request(tokens, case)
    except InvalidCredential as exc:
        return exc.reason.partition(":")[0]
    except ValidationError:
        return "not a key"
    return ACCEPTED


async def _judge_request(tokens: Tokens, case: Case) -> None:
    keys = _by_id(case["keys"])
    memory = Memory(keys, case["app_id"])
    verifier = Verifier(tokens, memory, case["audience"], case["origin"])
    request = SignedRequest(case["method"], case["target"], case["headers"], b64url_bytes(case["body"]))
    if case["ask"] == "app request":
        await verifier.app_request(request, memory, case["now_s"])
    else:
        issuer = OwnKeys(KeySet(keys=tuple(PublishedKey.of(key) for key in keys.values())))
        await verifier.session_request(request, issuer, ORCHESTRATOR, case["now_s"])


def _by_id(keys: list[dict[str, str]]) -> dict[str, PublicKey]:
    found = [PublicKey.model_validate(key) for key in keys]
    return {key.thumbprint: key for key in found}
