"""Sending hostile requests to one link and holding their answers against what was promised."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tests.e2e.wire import Answer, RawRequest, Wire

Verdict = tuple[int, str]
REFUSED: Final[frozenset[Verdict]] = frozenset({(401, "invalid_credential")})
AMBIGUOUS: Final[frozenset[Verdict]] = frozenset({(400, "ambiguous_credential")})
# What the runtime itself says to a request that HTTP does not allow, before any Worker sees it.
UNREADABLE: Final[frozenset[Verdict]] = frozenset({(400, ""), (413, ""), (431, ""), (501, "")})
FORBIDDEN: Final[frozenset[Verdict]] = frozenset({(403, "forbidden")})
NOT_FOUND: Final[frozenset[Verdict]] = frozenset({(404, "not_found")})
NO_METHOD: Final[frozenset[Verdict]] = frozenset({(405, "method_not_allowed"), (405, "")})
"""Without a body where the answer to HEAD has none."""
UPGRADE_REQUIRED: Final[frozenset[Verdict]] = frozenset({(426, "upgrade_required")})
TOO_LONG: Final[frozenset[Verdict]] = UNREADABLE | {(0, "")}
"""Also: hung up upon, in the middle of a header that does not end."""
AT_ONCE: Final = 24
_LONG_VALUE: Final = 8000
_REFUSAL: Final = 400
_SERVER_ERROR: Final = 500
_SHOWN: Final = 12


@dataclass(frozen=True)
class Attempt:
    """One hostile request and the answers that count as a refusal."""

    name: str
    request: RawRequest
    expected: frozenset[Verdict] = REFUSED


def attempt(name: str, request: RawRequest) -> Attempt:
    """One that is refused like any bad credential; what is too long for a header may be the runtime's to refuse."""
    longest = max(len(request.target), *(len(value) for _, value in request.headers))
    return Attempt(name, request, REFUSED | (TOO_LONG if longest > _LONG_VALUE else frozenset()))


@dataclass
class Tally:
    """How a link has answered."""

    link: str
    attempts: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    accepted: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)

    def enter(self, attempt: Attempt, answer: Answer) -> None:
        verdict = (answer.status, answer.code)
        self.attempts += 1
        self.verdicts[verdict] += 1
        line = f"{attempt.name} → {answer.status} {answer.code}"
        if answer.status == 0 or answer.status >= _SERVER_ERROR:
            self.broken += [line] if verdict not in attempt.expected else []
        elif answer.status < _REFUSAL:
            self.accepted.append(line)
        elif verdict not in attempt.expected:
            self.unexpected.append(line)

    def held(self) -> None:
        assert not self.accepted, f"{self.link}: ACCEPTED {len(self.accepted)}: {self.accepted[:_SHOWN]}"
        assert not self.broken, f"{self.link}: broke {len(self.broken)} times: {self.broken[:_SHOWN]}"
        assert not self.unexpected, f"{self.link}: {len(self.unexpected)} odd answers: {self.unexpected[:_SHOWN]}"

    def __str__(self) -> str:
        answers = ", ".join(f"{n} × {status} {code}".rstrip() for (status, code), n in self.verdicts.most_common())
        return f"{self.link}: {self.attempts} hostile, {len(self.accepted)} accepted; {answers}"


async def assault(wire: Wire, link: str, attempts: Iterable[Attempt]) -> Tally:
    """Sends all attempts that HTTP can express, several at once, in their order."""
    tally = Tally(link)
    waiting = iter([each for each in attempts if each.request.expressible()])

    async def work() -> None:
        for each in waiting:
            tally.enter(each, await wire.send(each.request))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return tally
