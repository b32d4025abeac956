# https://pyodide.org/en/stable/usage/api/python-api/ffi.html, what the edge uses of it. Proxies are Any.
from collections.abc import Callable, Iterable
from typing import Any

jsnull: Any

class JsException(Exception): ...

def create_once_callable(obj: Callable[..., object], /) -> Any: ...
def create_proxy(obj: object, /) -> Any: ...
def to_js(
    obj: object,
    /,
    *,
    depth: int = -1,
    create_pyproxies: bool = True,
    dict_converter: Callable[[Iterable[Any]], Any] | None = None,
) -> Any: ...
