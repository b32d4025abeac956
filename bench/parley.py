"""Parley as it is measured: the whole stack of wrangler.toml, sockets with routing tokens, people who are members."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import httpx

from bench.rivals import Seat
from tools.chaos.town import Person, Room, Town

SOCKETS_EACH: Final = 10
PEOPLE: Final = 50
NAMES: Final = [f"person{n}" for n in range(PEOPLE)]
AT_ONCE: Final = 8


class Parley:
    name = "Parley"

    def __init__(self, town: Town) -> None:
        self.town = town
        self._rooms: dict[tuple[int, str], Room] = {}

    def room(self, people: int, title: str = "Bench") -> Room:
        """A group of the first so many people, made at the first call with that title."""
        if (people, title) not in self._rooms:
            some = replace(self.town, people=self.town.people[:people])
            self._rooms[people, title] = some.new_group(title)
        return self._rooms[people, title]

    def seats(self, count: int) -> list[Seat]:
        return seats(self.room(min(count, PEOPLE)), count)


def seats(room: Room, count: int) -> list[Seat]:
    """`count` sockets, spread over the people of the group; each with a routing token just issued."""
    tokens = routing_tokens(room, room.people[:count])
    offered = [["groupchat.v1", f"groupchat.bearer.{token}"] for token in tokens]
    return [{"url": room.address, "protocols": offered[n % len(offered)]} for n in range(count)]


def routing_tokens(room: Room, people: Sequence[Person]) -> list[str]:
    with httpx.Client(timeout=30) as client, ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda person: _token(client, room, person), people))


def _token(client: httpx.Client, room: Room, person: Person) -> str:
    response = client.post(f"{room.url}/token", headers=person.headers)
    return str(response.raise_for_status().json()["routing_token"])
