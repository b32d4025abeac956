# The JavaScript global scope, as Pyodide shows it: whatever it has is a proxy, and a proxy has no Python type.
from typing import Any

def __getattr__(name: str) -> Any: ...
