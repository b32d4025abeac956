"""What somebody said, sentence by sentence, each with the reference that says where."""

import re
from dataclasses import dataclass
from typing import Final

from agents.builtin.text import sentences, shortened
from shared.agent_api import TurnMessage

MENTION: Final = re.compile(r"(?<![\w@/.])@[A-Za-z0-9][A-Za-z0-9_-]*[,:]?\s*")
SPOKEN_TO: Final = re.compile(r"\A(?:@[A-Za-z0-9][A-Za-z0-9_-]*[,:]?\s+)+")


@dataclass(frozen=True)
class Sentence:
    seq: int
    speaker: str
    text: str

    def quoted(self) -> str:
        return f"{self.speaker}: “{shortened(self.text)}” (#{self.seq})"


def sentences_of(message: TurnMessage) -> list[Sentence]:
    """The sentences of a message, without the names it is addressed to."""
    text = SPOKEN_TO.sub("", message.text)
    return [Sentence(message.seq, message.sender.name, part) for part in sentences(text)]
