"""Credentials that come in another place, in another shape, or for something else than they were made for."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

from shared.protocol import BEARER_SUBPROTOCOL_PREFIX, SUBPROTOCOL
from shared.signing import SCHEME, certificate_hash
from tests.e2e.assault import AMBIGUOUS, FORBIDDEN, NO_METHOD, UPGRADE_REQUIRED, Attempt, attempt
from tests.e2e.links import Chain, stray_bearer, upgrade
from tests.e2e.wire import RawRequest
from tests.shared.credential import ALPHABET


def odd_upgrades(chain: Chain, good: RawRequest, token: str) -> Iterator[Attempt]:
    path = f"/groups/{chain.group_id}/ws"
    bearer = ("Sec-WebSocket-Protocol", BEARER_SUBPROTOCOL_PREFIX + token)
    doubles = {
        "query and subprotocol": upgrade(f"{path}?token={token}", bearer),
        "twice in the query": upgrade(f"{path}?token={token}&token={token}"),
        "twice in the query, one empty": upgrade(f"{path}?token={token}&token="),
        "twice in the query, one encoded": upgrade(f"{path}?token={token}&%74oken={token}"),
        "two subprotocols": upgrade(path, bearer, bearer),
        "two subprotocols in one": upgrade(path, (bearer[0], f"{bearer[1]}, {bearer[1]}")),
        "query and an empty subprotocol": upgrade(f"{path}?token={token}", (bearer[0], BEARER_SUBPROTOCOL_PREFIX)),
    }
    for name, request in doubles.items():
        yield Attempt(name, request, AMBIGUOUS)
    for origin in ("https://evil.test", "null", "http://127.0.0.1", chain.origin("app") + ".evil.test"):
        yield Attempt(f"origin {origin!r}", replace(good, headers=(*good.headers, ("Origin", origin))), FORBIDDEN)
    own = ("Origin", chain.origin("app"))
    yield Attempt(
        "two origins", replace(good, headers=(*good.headers, own, ("Origin", "https://evil.test"))), FORBIDDEN
    )
    plain = tuple(pair for pair in good.headers if pair[0] not in ("Upgrade", "Connection"))
    yield Attempt("no upgrade", replace(good, headers=plain), UPGRADE_REQUIRED)
    for method in ("POST", "PUT", "HEAD", "DELETE"):
        yield Attempt(method, replace(good, method=method, headers=plain), NO_METHOD)
    yield Attempt(
        "h2c", replace(good, headers=(*plain, ("Upgrade", "h2c"), ("Connection", "Upgrade"))), UPGRADE_REQUIRED
    )
    elsewhere = {
        "no token": upgrade(path),
        "as bearer": upgrade(path, ("Authorization", f"Bearer {token}")),
        "as signature": upgrade(path, ("Authorization", f"{SCHEME} {token}")),
        "as cookie": upgrade(path, ("Cookie", f"token={token}")),
        "as another parameter": upgrade(f"{path}?TOKEN={token}&access_token={token}"),
        "in the fragment": upgrade(f"{path}#token={token}"),
        "under another prefix": upgrade(path, (bearer[0], f"{SUBPROTOCOL}, bearer.{token}")),
        "bare": upgrade(path, (bearer[0], token)),
        "a person's bearer": upgrade(f"{path}?token={chain.team.bearers['ada']}"),
        "as somebody": upgrade(path, ("X-Parley-Claims", json.dumps(chain.routing().claims))),
        "the id in other letters": replace(good, target=good.target.replace(chain.group_id, chain.group_id.lower())),
        "the id encoded": replace(good, target=good.target.replace("grp_", "%67rp_")),
        "an absent group": replace(good, target=good.target.replace(chain.group_id, "grp_" + "0" * 26)),
        "a long id": replace(good, target=good.target.replace(chain.group_id, "g" * 3000)),
        "no id": replace(good, target=good.target.replace(chain.group_id, "")),
    }
    for name, request in elsewhere.items():
        yield attempt(name, request)


def odd_bearers(good: str) -> Iterator[tuple[str, str]]:
    """Authorization values around one that is good."""
    for at, char in enumerate(good):
        for step in range(1, 64, 3):
            index = ALPHABET.index(char) if char in ALPHABET else 0
            yield f"character {at} + {step}", f"Bearer {good[:at]}{ALPHABET[(index + step) % 64]}{good[at + 1 :]}"
        yield f"without character {at}", f"Bearer {good[:at]}{good[at + 1 :]}"
    digest = hashlib.sha256(good.encode()).hexdigest()
    for name, value in {
        "its own digest": digest,
        "its digest in capitals": digest.upper(),
        "no prefix": good.removeprefix("prl_"),
        "SQL": "' OR 1=1 --",
        "SQL after it": good + "' OR '1'='1",
        "wildcard": "%",
        "stray": stray_bearer(),
        "null": "null",
        "nothing": "",
        "swapped case": good.swapcase(),
        "a letter more": good + "A",
        "twice": good + good,
        "a word after": f"{good} x",
        "two spaces": f" x{good}",
        "quoted": f'"{good}"',
        "long": good + "A" * 5000,
        "very long": good + "A" * 100_000,
        "not ASCII": good + "é",
    }.items():
        yield name, f"Bearer {value}"
    for scheme in ("", "Basic ", "Token ", "BearerX ", "DPoP ", f"{SCHEME} ", "Bearer:", "Bearer="):
        yield f"scheme {scheme!r}", f"{scheme}{good}"


def claims_of_another_request(chain: Chain, target: str) -> dict[str, dict[str, object]]:
    own = chain.origin("orchestrator")
    port = own.rpartition(":")[2]
    hosts = ["http://localhost:" + port, "http://127.0.0.1", "https://127.0.0.1:" + port, own.upper(), "", own + "."]
    hosts += ["http://evil.test", own + "@evil.test", "http://[::1]:" + port, chain.origin("agents"), own + "/"]
    return {
        **{f"htu at {host}": {"htu": host + target} for host in hosts},
        **{
            f"htu {other}": {"htu": own + other} for other in (target + "?", target + "?x", "/", target + "#", "/infra")
        },
        **{f"htm {method}": {"htm": method} for method in ("GET", "PUT", "PATCH", "DELETE", "post", "*", "HEAD")},
        **{f"aud {aud}": {"aud": aud} for aud in ("agents", "app", "archive", "Orchestrator")},
        **{f"iss {iss}": {"iss": iss} for iss in ("parley", "PARLEY-APP", "orchestrator", "parley-app ")},
        **{f"sub {sub}": {"sub": sub} for sub in ("parley", "PARLEY-APP", chain.team.ids["ada"])},
        "another certificate's hash": {"ath": certificate_hash("x")},
    }
