"""Whether an archive is whole and who vouches for it, judged from outside: by its bytes, its manifest, the public keys.

Law: pure, and independent of the code that writes archives. Nothing is believed before it was computed again.

    JWKS ── signs ──▶ session certificate ── names ──▶ session key ── signs ──▶ manifest ── commits to ──▶ parts, chain
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import InvalidCredential
from shared.keys import PublicKey, PublishedKey, b64url
from shared.tokens import ARCHIVE, ORCHESTRATOR, SESSION, SessionClaims, Tokens

FORMAT: Final = "parley-archive/1"
_GZIP: Final = 16 + zlib.MAX_WBITS


class ArchiveInvalid(Exception):
    """The first thing that does not hold, in one sentence."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)

    key: str
    size_bytes: int
    sha256: str


class _Manifest(BaseModel):
    model_config = ConfigDict(frozen=True)

    format: str
    group_id: str
    epoch: str
    first_seq: int
    last_seq: int
    count: int
    head: str
    parts: tuple[_Part, ...]
    certificate: str
    signature: str


@dataclass(frozen=True)
class Verified:
    """`lines` are the events as they were stored; `controller_id` is who signed, `kid` the published key above it."""

    lines: tuple[bytes, ...]
    head: str
    controller_id: str
    kid: str


def verify_archive(manifest: Mapping[str, Any], packed: bytes, jwks: Mapping[str, Any], tokens: Tokens) -> Verified:
    """Raises ArchiveInvalid."""
    try:
        read = _Manifest.model_validate(manifest)
    except ValidationError as exc:
        raise ArchiveInvalid("The manifest lacks members or has malformed ones") from exc
    _expect(read.format == FORMAT, f"The manifest's format is not {FORMAT}")
    lines = tuple(line for part in _parts(read.parts, packed) for line in _unpacked(part))
    _check_log(read, lines)
    controller_id, kid = _check_signatures(read, manifest, _published(jwks), tokens)
    return Verified(lines, read.head, controller_id, kid)


def chain_head(lines: Sequence[bytes]) -> str:
    """h_n = SHA-256(h_{n-1} ‖ line_n) from 32 zero bytes, in hex."""
    running = bytes(32)
    for line in lines:
        running = hashlib.sha256(running + line).digest()
    return running.hex()


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ArchiveInvalid(otherwise)


def _parts(parts: Sequence[_Part], packed: bytes) -> Iterator[bytes]:
    start = 0
    for part in parts:
        chunk = packed[start : start + part.size_bytes]
        _expect(hashlib.sha256(chunk).hexdigest() == part.sha256, f"{part.key} is not what the manifest says it is")
        start += part.size_bytes
        yield chunk
    _expect(start == len(packed), "The download is longer than its parts")


def _unpacked(part: bytes) -> list[bytes]:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        text = unpacker.decompress(part)
    except zlib.error as exc:
        raise ArchiveInvalid("A part is not gzip") from exc
    _expect(unpacker.eof and not unpacker.unused_data and text.endswith(b"\n"), "A part ends in the middle")
    return text.removesuffix(b"\n").split(b"\n")


def _check_log(manifest: _Manifest, lines: Sequence[bytes]) -> None:
    _expect(len(lines) == manifest.count, f"{manifest.count} events are promised, {len(lines)} are there")
    try:
        places = [(event["epoch"], event["seq"]) for event in map(json.loads, lines)]
    except (ValueError, KeyError, TypeError) as exc:
        raise ArchiveInvalid("A line is not an event") from exc
    promised = [(manifest.epoch, seq) for seq in range(manifest.first_seq, manifest.last_seq + 1)]
    _expect(places == promised, "The events are not numbered without a gap")
    _expect(chain_head(lines) == manifest.head, "The hash chain ends elsewhere: an event was changed")


def _published(jwks: Mapping[str, Any]) -> dict[str, PublicKey]:
    try:
        keys = [PublishedKey.model_validate(key) for key in jwks["keys"]]
    except (ValidationError, KeyError, TypeError) as exc:
        raise ArchiveInvalid("The published keys cannot be read") from exc
    return {key.public.thumbprint: key.public for key in keys}


def _check_signatures(
    manifest: _Manifest, raw: Mapping[str, Any], published: Mapping[str, PublicKey], tokens: Tokens
) -> tuple[str, str]:
    """Controller and published key. The certificate must have been good when the manifest was signed, not now."""
    try:
        envelope = tokens.open(ARCHIVE, manifest.signature)
        signed_s = envelope.payload.get("iat")
        claims = tokens.check_claims(ARCHIVE, envelope, now_s=signed_s if isinstance(signed_s, int) else 0)
        session = _session(manifest.certificate, published, tokens, now_s=claims.iat)
        tokens.check_signature(envelope, session.cnf.jwk)
    except InvalidCredential as exc:
        raise ArchiveInvalid(f"The signatures do not hold: {exc.reason}") from exc
    _expect(envelope.kid == session.cnf.jwk.thumbprint, "The manifest names another key than it is signed with")
    _expect(claims.iss == session.sub, "The certificate belongs to another controller")
    _expect(claims.gid == session.gid == manifest.group_id, "The signatures speak of another group")
    _expect(claims.man == _digest(raw), "The manifest was changed after it was signed")
    return session.sub, tokens.open(SESSION, manifest.certificate).kid


def _session(certificate: str, published: Mapping[str, PublicKey], tokens: Tokens, *, now_s: int) -> SessionClaims:
    return tokens.verify(SESSION, certificate, published, issuer=ORCHESTRATOR, now_s=now_s)


def _digest(manifest: Mapping[str, Any]) -> str:
    """Of the manifest without its signature, in the order in which it was written."""
    unsigned = {name: value for name, value in manifest.items() if name != "signature"}
    text = json.dumps(unsigned, ensure_ascii=False, separators=(",", ":"))
    return b64url(hashlib.sha256(text.encode()).digest())
