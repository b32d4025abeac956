from collections.abc import AsyncIterator

import pytest

from tests.orchestrator.office import Office


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    office = Office()
    yield office
    await office.client.aclose()
    office.database.close()
