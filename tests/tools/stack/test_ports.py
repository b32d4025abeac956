import socket

import pytest

from tools.stack.ports import HOST, PortInUse, Ports


def test_zero_becomes_three_different_free_ports() -> None:
    ports = Ports(0, 0, 0).resolve()

    assert len({ports.app, ports.orchestrator, ports.agents} - {0}) == 3
    assert ports.origins()["agents"] == f"http://127.0.0.1:{ports.agents}"


def test_resolved_ports_stay_as_they_are() -> None:
    ports = Ports(0, 0, 0).resolve()

    assert ports.resolve() == ports


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen(1)
        port = taken.getsockname()[1]

        with pytest.raises(PortInUse, match=f"Port {port} is in use") as refusal:
            Ports(app=port, orchestrator=0, agents=0).resolve()

    assert refusal.value.port == port
