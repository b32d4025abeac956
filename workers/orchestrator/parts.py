"""What the Orchestrator is made of, for the deep check."""

from collections.abc import Callable
from typing import Final

from durable_objects.calls import ReadHistory
from orchestrator.ports import Controllers
from shared import checkup
from shared.clock import Clock, seconds
from shared.errors import NotFound, Unavailable
from shared.ports import Bucket, Database, Peer
from shared.protocol import History
from shared.signing import ReplayGuard

_NOBODY: Final = "usr_" + "0" * 26
_REMEMBERED_S: Final = 60


def checks(
    database: Database,
    bucket: Bucket,
    agents: Peer,
    controllers: Controllers,
    guard: ReplayGuard,
    new_jti: Callable[[], str],
    clock: Clock,
) -> checkup.Checks:
    async def ask_controller() -> None:
        # One that no group has says so: its code runs, and its database answers.
        try:
            await controllers.ask(checkup.UNUSED, ReadHistory(user_id=_NOBODY, query=History()))
        except NotFound:
            return
        raise Unavailable(reason="a group that nobody made answers")

    async def ask_guard() -> None:
        if not await guard.claim(checkup.UNUSED, new_jti(), seconds(clock()) + _REMEMBERED_S):
            raise Unavailable(reason="the replay guard has seen what nobody has used")

    return {
        "orchestrator database": checkup.of_database(database),
        "orchestrator archives": checkup.of_bucket(bucket),
        "group controller": ask_controller,
        "replay guard": ask_guard,
        "agents": checkup.of_worker(agents),
    }
