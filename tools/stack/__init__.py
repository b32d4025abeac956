"""The whole stack on this machine: the real runtime, one process, one address for each Worker."""

from tools.stack.ports import PortInUse, Ports
from tools.stack.sidecar import StackError
from tools.stack.stack import Stack

__all__ = ["PortInUse", "Ports", "Stack", "StackError"]
