"""`chat` on a terminal: groups at the left, the conversation beside them, what one writes below.

Law: shows what rooms and transcripts say, and hands on what is typed; knows no rule of either.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from time import monotonic
from typing import Any, ClassVar, Final

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, ListItem, ListView, Static

from parley.cli.sentences import plain
from parley.cli.transcript import Entry, Transcript
from parley.errors import Closed, ParleyError
from parley.events import Event, MessageCreated, TypingNow
from parley.group import Group

_LOOK_EVERY_S: Final = 0.1
# The others are shown that somebody types for a few seconds at a time.
_TYPING_EVERY_S: Final = 4.0
_STYLES: Final[Mapping[str, str]] = {
    "person": "bold",
    "agent": "bold magenta",
    "live": "bold magenta",
    "pending": "dim bold",
    "refused": "bold red",
}
HELP: Final = "/stop ends what agents say · /approve and /deny [reason] answer them · Ctrl-N next group · Ctrl-Q leaves"


class Place:
    """One group: its room, what is on its screen, and whether somebody has yet to look."""

    def __init__(self, title: str, room: Group) -> None:
        self.title = title
        self.room = room
        self.transcript = Transcript()
        self.unread = 0
        self.joined = False
        self.ended: str | None = None
        self.typing: set[str] = set()

    async def stay(self) -> None:
        try:
            async with self.room:
                self.joined = True
                async for item in self.room:
                    self.transcript.take(item, self.room.agents)
                    if isinstance(item, TypingNow):
                        (self.typing.add if item.on else self.typing.discard)(item.user_id)
                    if isinstance(item, Event) and isinstance(item.data, MessageCreated):
                        self.unread += 1
                        self.typing.discard(item.actor.id)
        except Closed as closed:
            self.ended = closed.reason or f"closed with {closed.close_code}"
        except ParleyError as refused:
            self.ended = refused.detail

    def entries(self) -> list[Entry]:
        if not self.joined:
            return []
        return self.transcript.entries(self.room.active_runs, self.room.echoes, self.room.agents)

    def state(self) -> str:
        """How the line is, who types, and what agents wait for."""
        if self.ended is not None:
            return f"○ {plain(self.ended)}"
        if not self.joined:
            return "○ joining …"
        if not self.room.connected:
            return "○ reconnecting …"
        typing = [plain(self.room.members[who].name) for who in sorted(self.typing) if who in self.room.members]
        asked = [f"{plain(approval.tool)}: /approve or /deny?" for approval in self.room.approvals.values()]
        parts = [f"● {len(self.room.online)} here", *(f"{who} is typing" for who in typing), *asked]
        return " · ".join(parts)


class ChatScreen(App[None]):
    """Runs until it is left; the rooms are joined when it starts."""

    CSS = """
    #groups { width: 26; border-right: solid $panel; }
    #log { padding: 0 1; }
    #log Static { margin-bottom: 1; }
    #title { padding: 0 1; text-style: bold; }
    #state { padding: 0 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "move(1)", "Next group"),
        Binding("ctrl+p", "move(-1)", "Previous group", priority=True),
        Binding("ctrl+q", "quit", "Leave"),
    ]
    TITLE = "Parley"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, places: Sequence[Place]) -> None:
        super().__init__()
        self._places = places
        self._at = 0
        self._shown: dict[str, tuple[Entry, Static]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._typing_again_s = 0.0

    @property
    def place(self) -> Place:
        return self._places[self._at]

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield ListView(*(ListItem(Static()) for _ in self._places), id="groups")
            with Vertical():
                yield Static(id="title")
                yield VerticalScroll(id="log")
                yield Static(id="state")
                yield Input(placeholder="Say something; /help tells what else", id="input")

    async def on_mount(self) -> None:
        self._tasks = [asyncio.create_task(place.stay()) for place in self._places]
        self.query_one("#input", Input).focus()
        self.set_interval(_LOOK_EVERY_S, self._look)

    async def on_unmount(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ── showing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _look(self) -> None:
        self.place.unread = 0
        for place, item in zip(self._places, self.query("#groups ListItem > Static").results(Static), strict=True):
            mark = (f" ({place.unread})" if place.unread else "", "bold")
            item.update(Text.assemble(("▸ " if place is self.place else "  ", "bold"), plain(place.title), mark))
        self.query_one("#title", Static).update(Text(plain(self.place.title)))
        self.query_one("#state", Static).update(Text(self.place.state()))
        await self._show(self.place.entries())

    async def _show(self, entries: Sequence[Entry]) -> None:
        """Changes what has changed, and keeps the end in sight for who was looking at it."""
        log = self.query_one("#log", VerticalScroll)
        at_end = log.is_vertical_scroll_end
        if [entry.key for entry in entries][: len(self._shown)] != list(self._shown):
            await log.remove_children()
            self._shown = {}
        for entry in entries:
            before = self._shown.get(entry.key)
            if before is None:
                shown = Static(_drawn(entry))
                await log.mount(shown)
                self._shown[entry.key] = (entry, shown)
            elif before[0] != entry:
                before[1].update(_drawn(entry))
                self._shown[entry.key] = (entry, before[1])
        if at_end:
            log.scroll_end(animate=False)

    # ── doing ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_move(self, step: int) -> None:
        self._at = (self._at + step) % len(self._places)

    def on_list_view_selected(self, selected: ListView.Selected) -> None:
        self._at = selected.list_view.index or 0
        self.query_one("#input", Input).focus()

    def on_input_changed(self, changed: Input.Changed) -> None:
        heard = self.place.joined and self.place.ended is None
        if heard and changed.value and not changed.value.startswith("/") and monotonic() >= self._typing_again_s:
            self._typing_again_s = monotonic() + _TYPING_EVERY_S
            self._do(self.place.room.typing())

    def on_input_submitted(self, submitted: Input.Submitted) -> None:
        text = submitted.value.strip()
        submitted.input.clear()
        if not text:
            return
        if not self.place.joined or self.place.ended is not None:
            self.notify("This group cannot hear you now.", severity="warning")
        elif text.startswith("/"):
            self._obey(*text[1:].split(" ", 1))
        else:
            self.place.room.say(text)

    def _obey(self, word: str, rest: str = "") -> None:
        room = self.place.room
        match word:
            case "help":
                self.notify(HELP, timeout=15, markup=False)
            case "quit":
                self.exit()
            case "stop":
                self._do(*(room.cancel_run(run.run_id) for run in room.active_runs))
            case "approve":
                self._do(*(room.approve(asked) for asked in room.approvals))
            case "deny":
                self._do(*(room.approve(asked, approved=False, reason=rest or None) for asked in room.approvals))
            case _:
                self.notify(f"There is no /{word}. {HELP}", severity="warning", markup=False)

    def _do(self, *commands: Coroutine[Any, Any, None]) -> None:
        self._tasks += [asyncio.create_task(self._told(command)) for command in commands]

    async def _told(self, command: Coroutine[Any, Any, None]) -> None:
        try:
            await command
        except ParleyError as refused:
            self.notify(refused.detail, severity="warning", markup=False)


def _drawn(entry: Entry) -> Text:
    """Styled parts rather than markup: what people write is never read as any."""
    if entry.kind == "notice":
        return Text(entry.text, "dim italic")
    note = (f"  {entry.note}" if entry.note else "", "dim")
    return Text.assemble((entry.who, _STYLES[entry.kind]), note, "\n", entry.text, "▌" if entry.kind == "live" else "")
