"""Whether an archive is whole and who vouches for it, judged from outside: by its bytes, its manifest, the public keys.

Law: pure, and independent of the code that writes archives. Nothing is believed before it was computed again.

    JWKS ── signs ──▶ session certificate ── names ──▶ session key ── signs ──▶ manifest ── commits to ──▶ parts, chain
"""

import hashlib
import hmac
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import InvalidCredential
from shared.keys import PublicKey, PublishedKey, b64url
from shared.tokens import ARCHIVE, ORCHESTRATOR, SESSION, SessionClaims, Tokens

FORMAT: Final = "parley-archive/1"
PRIVATE: Final = ("actor.name", "data.member.name", "data.reason", "data.text")
_CHECKPOINT_CHARS: Final = 16
_GZIP: Final = 16 + zlib.MAX_WBITS


class ArchiveInvalid(Exception):
    """The first thing that does not hold, in one sentence. `seqs`: the first bad event is one of these, when known."""

    def __init__(self, what: str, seqs: range | None = None) -> None:
        super().__init__(what if seqs is None else f"{what} ({_named(seqs)})")
        self.seqs = seqs


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)

    key: str
    size_bytes: int
    sha256: str


class _Checkpoints(BaseModel):
    model_config = ConfigDict(frozen=True)

    every: Annotated[int, Field(ge=1)]
    values: tuple[str, ...]


class _Manifest(BaseModel):
    model_config = ConfigDict(frozen=True)

    format: str
    group_id: str
    epoch: str
    first_seq: int
    last_seq: int
    count: int
    head: str
    checkpoints: _Checkpoints
    parts: tuple[_Part, ...]
    seals: dict[str, str]
    certificate: str
    signature: str


@dataclass(frozen=True)
class Verified:
    """`lines` are the events as they were stored; `controller_id` is who signed, `kid` the published key above it.

    `erased` are the seqs of events whose words were taken out, with their digests left to hold the chain.
    """

    lines: tuple[bytes, ...]
    head: str
    erased: tuple[int, ...]
    controller_id: str
    kid: str


def verify_archive(manifest: Mapping[str, Any], packed: bytes, jwks: Mapping[str, Any], tokens: Tokens) -> Verified:
    """Raises ArchiveInvalid."""
    try:
        read = _Manifest.model_validate(manifest)
    except ValidationError as exc:
        raise ArchiveInvalid("The manifest lacks members or has malformed ones") from exc
    _expect(read.format == FORMAT, f"The manifest's format is not {FORMAT}")
    controller_id, kid = _check_signatures(read, manifest, _published(jwks), tokens)
    lines = _unpacked(packed)
    erased = _check_log(read, lines)
    _check_parts(read.parts, packed)
    return Verified(lines, read.head, erased, controller_id, kid)


def sealed(event: dict[str, Any], seals: Mapping[str, str]) -> dict[str, Any]:
    """The form that the chain hashes: digests in place of words. Raises KeyError when whose event it is has no key."""
    if "digests" in event:
        return event
    copy = json.loads(json.dumps(event))
    subject = copy["data"]["member"] if "member" in copy["data"] else copy["actor"]
    key, digests = bytes.fromhex(seals[subject["id"]]), {}
    for path in PRIVATE:
        *way, name = path.split(".")
        holder = reduce(lambda value, step: value.get(step, {}), way, copy)
        if name in holder:
            digests[path] = hmac.new(key, f"{event['seq']}\n{path}\n{holder[name]}".encode(), "sha256").hexdigest()
            holder[name] = ""
    return {**copy, "digests": digests}


def canonical(value: object) -> bytes:
    """RFC 8785 for values without fractions, whose member names are ASCII."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def chain_head(lines: Sequence[bytes], seals: Mapping[str, str]) -> str:
    """h_n = SHA-256(h_{n-1} ‖ sealed_n) from 32 zero bytes, in hex."""
    return [bytes(32), *_chain(map(json.loads, lines), seals)][-1].hex()


def _chain(events: Iterable[dict[str, Any]], seals: Mapping[str, str]) -> Iterator[bytes]:
    running = bytes(32)
    for event in events:
        running = hashlib.sha256(running + canonical(sealed(event, seals))).digest()
        yield running


def _named(seqs: range) -> str:
    return f"first at seq {seqs[0]}" if len(seqs) == 1 else f"first between seq {seqs[0]} and {seqs[-1]}"


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ArchiveInvalid(otherwise)


def _check_parts(parts: Sequence[_Part], packed: bytes) -> None:
    start = 0
    for part in parts:
        chunk = packed[start : start + part.size_bytes]
        _expect(hashlib.sha256(chunk).hexdigest() == part.sha256, f"{part.key} is not what the manifest says it is")
        start += part.size_bytes
    _expect(start == len(packed), "The download is longer than its parts")


def _unpacked(packed: bytes) -> tuple[bytes, ...]:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        text = unpacker.decompress(packed)
    except zlib.error as exc:
        raise ArchiveInvalid("The archive is not gzip") from exc
    _expect(unpacker.eof and not unpacker.unused_data and text.endswith(b"\n"), "The archive ends in the middle")
    return tuple(text.removesuffix(b"\n").split(b"\n"))


def _check_log(manifest: _Manifest, lines: Sequence[bytes]) -> tuple[int, ...]:
    """The seqs of erased events. The chain is followed as far as the first line that is wrong for itself."""
    _expect((manifest.first_seq, manifest.last_seq) == (1, manifest.count), "The manifest counts wrong")
    events = [_event(line, seq) for seq, line in enumerate(lines, 1)]
    wrong = _out_of_place(manifest, events)
    events = events[:wrong]
    _check_chain(manifest, [event for event in events if event is not None])
    seqs = None if wrong is None else range(wrong + 1, wrong + 2)
    if seqs is not None:
        raise ArchiveInvalid("An event is damaged, or not the one that belongs there", seqs)
    return tuple(event["seq"] for event in events if event is not None and "digests" in event)


def _event(line: bytes, seq: int) -> dict[str, Any] | None:
    """None unless the line is an event in canonical form, with this seq."""
    try:
        event = json.loads(line, parse_float=_no_number, parse_constant=_no_number)
        whole = canonical(event) == line and event["seq"] == seq and {"actor", "data", "epoch", "type"} <= event.keys()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return event if whole else None


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is not a number that events have")


def _out_of_place(manifest: _Manifest, events: Sequence[dict[str, Any] | None]) -> int | None:
    """The index of the first line that is no event, or one that cannot come there; None when all of them can."""
    epoch = None
    for at, event in enumerate(events):
        if event is None or at >= manifest.count:
            return at
        if event["epoch"] != epoch and epoch is not None and event["type"] != "group.restored":
            return at
        epoch = event["epoch"]
    if len(events) < manifest.count:
        return len(events)
    return None if epoch == manifest.epoch else manifest.count - 1


def _check_chain(manifest: _Manifest, events: Sequence[dict[str, Any]]) -> None:
    """Raises ArchiveInvalid, and names the checkpoint at which the chain first went another way."""
    every, good, head = manifest.checkpoints.every, 0, ""
    links = _chain(events, manifest.seals)
    for seq in range(1, len(events) + 1):
        try:
            head = next(links).hex()
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise ArchiveInvalid("An event is not sealed by any key of the manifest", range(good + 1, seq + 1)) from exc
        if seq % every == 0:
            if manifest.checkpoints.values[seq // every - 1 : seq // every] != (head[:_CHECKPOINT_CHARS],):
                raise ArchiveInvalid("The hash chain went another way: an event was changed", range(good + 1, seq + 1))
            good = seq
    if len(events) == manifest.count and head != manifest.head:
        # With a checkpoint behind the last event it is the manifest that contradicts itself.
        seqs = range(good + 1, len(events) + 1) or None
        raise ArchiveInvalid("The hash chain ends elsewhere: an event was changed", seqs)
    _expect(len(manifest.checkpoints.values) == manifest.count // every, "The checkpoints do not fit the log")


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
