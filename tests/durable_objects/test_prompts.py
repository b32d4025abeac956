"""An agent is shown as much as fits into a request, and what it is asked in any case."""

from durable_objects.prompts import TRANSCRIPT_CHARS, TRANSCRIPT_MESSAGES
from shared.protocol import TEXT_LIMIT_CHARS
from tests.durable_objects.house import House

LONG = "x" * TEXT_LIMIT_CHARS
FIT = TRANSCRIPT_CHARS // TEXT_LIMIT_CHARS


def shown(house: House) -> list[int]:
    request = house.asked(house.running())
    assert request is not None
    assert sum(len(message.text) for message in request.messages) <= TRANSCRIPT_CHARS
    return [message.seq for message in request.messages]


def test_of_long_texts_the_latest_are_shown() -> None:
    house = House(agents=("scribe",))
    ada = house.sit("ada")
    said = [ada.say(LONG) for _ in range(FIT + 9)]
    asked = ada.say("@scribe sum up")
    assert shown(house) == [*said[-(FIT - 1) :], asked]


def test_what_is_asked_is_shown_however_much_was_said_since() -> None:
    house = House(agents=("scribe",))
    ada = house.sit("ada")
    before, asked = ada.say("before"), ada.say("@scribe sum up")
    said = [ada.say(LONG) for _ in range(FIT + 9)]
    assert shown(house) == [asked, *said[-(FIT - 1) :]]
    assert before not in shown(house)


def test_short_texts_are_bounded_by_their_number() -> None:
    house = House(agents=("scribe",))
    ada = house.sit("ada")
    said = [ada.say("short") for _ in range(TRANSCRIPT_MESSAGES + 9)]
    asked = ada.say("@scribe sum up")
    assert shown(house) == [*said[-(TRANSCRIPT_MESSAGES - 1) :], asked]


TEXTS = (
    "plain",
    '“quoted” \\ "and" 🍞',
    "line\nbreak\u2028and\x85",
    "x\x00y",
    "{}",
    "[1, 2]",
    "null",
    "5",
    "Ä" * 300,
)


def test_what_is_shown_is_what_stands_there() -> None:
    """Whatever the texts hold, and after edits and deletions, as the group itself tells it to people."""
    house = House(agents=("scribe",))
    ada, ben = house.sit("ada"), house.sit("ben")
    said = [ben.say(text) for text in TEXTS]
    ben.ok("edit", seq=said[1], text=TEXTS[2])
    ben.ok("edit", seq=said[5], text="now\x00this")
    ben.ok("delete", seq=said[4])
    ada.say("@scribe sum up", reply_to=said[0])
    request = house.asked(house.running())
    assert request is not None
    states = [state for state in house.group.rules.messages.states(1, 100) if not state.deleted]
    shown_to_it = [(m.seq, m.ts, m.sender, m.text, m.reply_to) for m in request.messages]
    assert shown_to_it == [(s.seq, s.ts, s.actor, s.text, s.reply_to) for s in states]
    assert len(states) == len(TEXTS)
