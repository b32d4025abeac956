"""Which local port each Worker has. The Workers are told each other's addresses, so all are known before the start."""

import socket
from dataclasses import dataclass

from tools.console import ToolError

HOST = "127.0.0.1"


class PortInUse(ToolError):
    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is in use; set PORT=… or stop what is listening there.")
        self.port = port


@dataclass(frozen=True)
class Ports:
    """0 stands for any free port."""

    app: int = 8787
    orchestrator: int = 8788
    agents: int = 8789

    def resolve(self) -> "Ports":
        """Puts a free port where there is a 0; raises PortInUse when a named one is taken."""
        held: list[socket.socket] = []
        try:
            return Ports(*(hold(port, held) for port in (self.app, self.orchestrator, self.agents)))
        finally:
            for each in held:
                each.close()

    def origins(self) -> dict[str, str]:
        ports = {"app": self.app, "orchestrator": self.orchestrator, "agents": self.agents}
        return {worker: f"http://{HOST}:{port}" for worker, port in ports.items()}


def free_ports(count: int) -> list[int]:
    """That many different ones."""
    held: list[socket.socket] = []
    try:
        return [hold(0, held) for _ in range(count)]
    finally:
        for each in held:
            each.close()


def hold(port: int, held: list[socket.socket]) -> int:
    """Binds the port and keeps it bound, so that three free ports are three different ones."""
    candidate = socket.socket()
    held.append(candidate)
    # As workerd does: a port whose last connections are still closing counts as free.
    candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        candidate.bind((HOST, port))
        candidate.listen(1)
    except OSError as error:
        raise PortInUse(port) from error
    bound: int = candidate.getsockname()[1]
    return bound
