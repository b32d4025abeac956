"""`make serve`: the stack without hot reload: what load and fault tests run against."""

from tools.running import run


def main() -> None:
    run(hot_reload=False)
