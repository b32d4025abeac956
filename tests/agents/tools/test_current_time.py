from agents.tools.current_time import current_time_tool
from agents.turn import Turn
from tests.agents.turns import request, said


async def test_it_tells_the_time_and_the_day() -> None:
    made = current_time_tool(lambda: 1_795_552_496_000)
    turn = Turn(request(said(3, "ada", "Hi")))
    assert await made.use(turn, {}) == {"now": "2026-11-24T20:34:56.000Z", "weekday": "Tuesday"}
