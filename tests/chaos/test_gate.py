import asyncio

from tools.chaos.gate import Gate


async def test_who_shuts_it_waits_for_those_inside_and_those_outside_wait_for_it() -> None:
    gate, order, leave = Gate(), [], asyncio.Event()
    inside = asyncio.Event()

    async def first() -> None:
        async with gate.passing():
            inside.set()
            await leave.wait()
            order.append("first is out")

    async def keeper() -> None:
        async with gate.shut():
            order.append("shut")
            await asyncio.sleep(0)

    async def late() -> None:
        async with gate.passing():
            order.append("late is in")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(first())
        await inside.wait()
        tasks.create_task(keeper())
        await asyncio.sleep(0)
        tasks.create_task(late())
        await asyncio.sleep(0)
        assert order == []
        leave.set()
    assert order == ["first is out", "shut", "late is in"]
