"""What both links of a Group Controller refuse: bad signatures, bad certificates, and a pair that does not fit."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from shared.signing import Audience, certificate_hash
from tests.e2e.assault import Attempt, attempt
from tests.e2e.links import Chain, Session, anew, signed
from tests.shared.credential import Credential
from tests.shared.mutations import BRIEF, Family, hostile_tokens
from tools.es256 import new_private_key


def session_attempts(
    chain: Chain,
    session: Session,
    audience: Audience,
    target: str,
    body: bytes,
    around_url: str,
    families: tuple[Family, ...] = BRIEF,
) -> Iterator[Attempt]:
    """What both links of a Group Controller refuse: bad signatures, bad certificates, and those that do not fit."""
    origin, certificate = chain.origin(audience), session.certificate_text
    good = session.signs(audience, origin, target, body, certificate)
    around = chain.surroundings(around_url)
    signatures = {n: t for n, t in around.others.items() if n != f"{target.rsplit('/', maxsplit=1)[-1]} request"}
    for name, token in hostile_tokens(good, replace(around, others=signatures)):
        yield attempt(f"signature: {name}", signed(target, body, token, certificate))
    certificates = {n: t for n, t in around.others.items() if n != "certificate"}
    for name, cert in hostile_tokens(session.certificate, replace(around, others=certificates), families):
        token = session.signs(audience, origin, target, body, cert).token()
        yield attempt(f"certificate: {name}", signed(target, body, token, cert))
    yield attempt("no certificate", signed(target, body, good.token()))
    for name, token in _mismatches(chain, session, good, audience).items():
        yield attempt(name, signed(target, body, token, certificate))
    for name, cert in _wrong_certificates(chain, session).items():
        yield attempt(name, signed(target, body, session.signs(audience, origin, target, body, cert).token(), cert))
    yield attempt("an app's signature", signed(target, body, chain.app(target, body).token(), certificate))


def _mismatches(chain: Chain, session: Session, good: Credential, audience: str) -> dict[str, str]:
    """Signatures by the right key that belong to something else."""
    other = "orchestrator" if audience == "agents" else "agents"
    newer = anew(session.certificate).token()
    return {
        "no ath": good.without("ath"),
        "ath null": good.but(ath=None),
        "ath of another certificate": good.but(ath=certificate_hash(newer)),
        "ath of nothing": good.but(ath=certificate_hash("")),
        "ath in hex": good.but(ath=hashlib.sha256(session.certificate_text.encode()).hexdigest()),
        "for the other Worker": good.but(aud=other),
        "at the other Worker": good.but(htu=good.claims["htu"].replace(chain.origin(audience), chain.origin(other))),
        "in another's name": good.but(iss="0" * 64),
        "for another": good.but(sub="0" * 64),
        "in another's name for another": good.but(iss="0" * 64, sub="0" * 64),
        "by the issuer's key": replace(good, key=chain.issuer_key).token(),
        "by the app's key": replace(good, key=chain.team.deployment.keys.app).token(),
    }


def _wrong_certificates(chain: Chain, session: Session) -> dict[str, str]:
    """Certificates that would have to be believed if any of these were enough."""
    good, stranger = session.certificate, new_private_key()
    return {
        "certified by itself": replace(good, key=session.key).token(),
        "certified by the app": replace(good, key=chain.team.deployment.keys.app).token(),
        "certified by a stranger": replace(good, key=stranger).token(),
        "another's key": good.but(cnf={"jwk": stranger.public.model_dump()}),
        "another's name": good.but(sub="0" * 64),
        "for agents twice": good.but(aud=["agents", "agents"]),
        "for the Orchestrator twice": good.but(aud=["orchestrator", "orchestrator"]),
        "for one alone": good.but(aud=["agents"]),
        "for three": good.but(aud=["agents", "orchestrator", "app"]),
        "another scope": good.but(scope="org"),
        "epoch 0": good.but(sep=0),
        "a private key in it": good.but(cnf={"jwk": {**session.key.public.model_dump(), "d": session.key.d}}),
        "a key id for a key": good.but(cnf={"kid": session.key.thumbprint}),
        "an address for a key": good.but(cnf={"jku": "http://127.0.0.1/keys.json"}),
        "a symmetric key": good.but(cnf={"jwk": {"kty": "oct", "k": "AAAA"}}),
        "a key of another curve": good.but(cnf={"jwk": {**session.key.public.model_dump(), "crv": "secp256k1"}}),
        "too many agents": good.but(agents=["a"] * 65),
    }


def certified_for_less(other_group_id: str) -> dict[str, dict[str, object]]:
    return {
        "no agent listed": {"agents": []},
        "another agent listed": {"agents": ["agt_" + "0" * 26]},
        "any agent listed": {"agents": ["*"]},
        "certified for another group": {"gid": other_group_id},
    }
