"""When everybody is sent a frame of their own for each event, and when events share one.

Law: pure. Sending may take a part of the object's time and no more, so that there is time left for what comes in. As
long as there is budget an event goes out at once; beyond it events gather until a frame can be paid for. So a lone
message waits for nothing, however large the room. Words of agents that speak at once are many and need not be shown one
by one: they are patient with each other, and hold up nothing else.
"""

from typing import Final

SENDS_PER_S: Final = 12_000
"""A quarter to a third of the time, at 20 to 30 µs a send with what the runtime does for it (workerd 1.20261117)."""
BURST_SENDS: Final = 800
FRAME_SENDS: Final = 10
"""What a frame costs beside its sends: crossing the border, and the runtime's turn that carries it out."""
SHORTEST_MS: Final = 4
LONGEST_MS: Final = 50
PATIENCE_MS: Final = 30
"""How long the words of agents wait for those of others, who share a frame with them."""
_MS: Final = 1000


class Pacing:
    def __init__(self) -> None:
        self._budget = float(BURST_SENDS)
        self._at_ms = 0
        self._patient_ms = 0

    def wait_ms(self, now_ms: int, *, patient: bool = False) -> int:
        """0 when a frame may go out now; otherwise for how long to gather."""
        self._earn(now_ms)
        patience_ms = min(max(self._patient_ms + PATIENCE_MS - now_ms, 0), PATIENCE_MS) if patient else 0
        if self._budget > 0:
            return patience_ms
        return max(min(max(int(-self._budget * _MS / SENDS_PER_S) + 1, SHORTEST_MS), LONGEST_MS), patience_ms)

    def sent(self, sockets: int, now_ms: int, *, patient: bool = False) -> None:
        """A frame went out to so many, with something patient in it or not. A large room may overdraw: what it owes is
        waited for before the next.
        """
        self._earn(now_ms)
        if patient:
            self._patient_ms = now_ms
        self._budget -= sockets + FRAME_SENDS

    def _earn(self, now_ms: int) -> None:
        earned = max(now_ms - self._at_ms, 0) * SENDS_PER_S / _MS
        # Debts end too: after LONGEST_MS of gathering a frame goes out whatever it costs.
        floor = -LONGEST_MS * SENDS_PER_S / _MS
        self._budget = min(max(self._budget, floor) + earned, BURST_SENDS)
        self._at_ms = now_ms
