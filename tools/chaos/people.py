"""How people behave in the middle of it: writers that never give up, readers that come and go.

Law: every choice comes from the person's own `chance`, so that a seed says what they want to do.
"""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tools.chaos.client import Client
from tools.chaos.history import SendAcked
from tools.chaos.wire import Lost, Wire

_RETRY_S: Final = (0.05, 0.4)
_SENTENCES: Final = (
    "The ovens arrive on Thursday with the delivery van from the harbour office.",
    "We decided on the small menu: fish soup, bread and plum cake – «Pflaumenkuchen» 🍰.",
    "I'll bring the crates back before the school opens again on Monday.",
    "Who counts the bowls? Forty were promised, and forty-one people have said that they come.",
)


@dataclass
class Message:
    id: str
    text: str


@dataclass
class Person(ABC):
    """Stays connected as long as it lives; subclasses say what else."""

    client: Client
    chance: Random
    stop: asyncio.Event

    async def live(self) -> None:
        """Until `stop`; the wire stays open behind it."""
        while not self.stop.is_set():
            if self.client.is_connected:
                await self.act()
            elif not await self.client.join(self.since()):
                await asyncio.sleep(self.chance.uniform(*_RETRY_S))

    async def stay(self) -> None:
        """Just listens, for ever."""
        while True:
            if not self.client.is_connected:
                await self.client.join(self.client.mind.position)
            await asyncio.sleep(_RETRY_S[1])

    def since(self) -> int | None:
        return self.client.mind.position

    @abstractmethod
    async def act(self) -> None:
        """The next thing that they do."""


@dataclass
class Reader(Person):
    def since(self) -> int | None:
        position = self.client.mind.position
        choices = (position, 0, None, self.chance.randint(0, position))
        return self.chance.choices(choices, (75, 5, 5, 15))[0]

    async def act(self) -> None:
        await asyncio.sleep(self.chance.uniform(0.0, 2.0))
        if self.chance.random() < 0.2:
            await self.client.leave()


@dataclass
class Writer(Person):
    unsettled: list[Message] = field(default_factory=list)
    settled: list[Message] = field(default_factory=list)
    said: int = 0

    async def act(self) -> None:
        match self.chance.choices(("say", "burst", "http", "again", "ask", "leave"), (50, 10, 12, 24, 1, 3))[0]:
            case "say":
                await self._send(self._next(), self.client.wire)
            case "burst":
                wire = self.client.wire
                await asyncio.gather(*(self._send(self._next(), wire) for _ in range(self.chance.randint(2, 6))))
            case "http":
                await self._send(self._next(), None)
            case "again":
                await self._again()
            case "ask":
                await self._send(self._next("@scribe sum up, please"), self.client.wire)
            case _:
                await self.client.leave()
        await asyncio.sleep(self.chance.expovariate(4))

    async def settle(self) -> None:
        """Repeats what was not answered until it is."""
        while self.unsettled:
            await self._again()
            await asyncio.sleep(_RETRY_S[0])

    def _next(self, text: str | None = None) -> Message:
        self.said += 1
        name = self.client.person.name
        words = text or f"{self.chance.choice(_SENTENCES)} ({name} {self.said})"
        return Message(f"{name}-{self.said}", words)

    async def _again(self) -> None:
        """What was never answered, else something old: over the same socket, another one, or HTTP."""
        source = self.unsettled or self.settled
        if not source:
            return
        message = self.chance.choice(source)
        if self.unsettled:
            self.unsettled.remove(message)
        match self.chance.choice(("same", "other", "http")):
            case "other":
                await self._over_another(message)
            case "same" if self.client.is_connected:
                await self._send(message, self.client.wire)
            case _:
                await self._send(message, None)

    async def _over_another(self, message: Message) -> None:
        try:
            async with self.client.second_wire() as wire:
                await self._send(message, wire)
        except Lost:
            self.unsettled.append(message)

    async def _send(self, message: Message, wire: Wire | None) -> None:
        outcome = await self.client.send(message.id, message.text, wire)
        if isinstance(outcome, SendAcked):
            self.settled = [*self.settled[-50:], message]
        elif self.chance.random() < 0.9:
            self.unsettled.append(message)
