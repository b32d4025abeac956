"""`make dev`: the stack with hot reload."""

from tools.running import run


def main() -> None:
    run(hot_reload=True)
