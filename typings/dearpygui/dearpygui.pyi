# DearPyGui's own stubs declare its context managers as functions that give a number: `with` would not check.
from typing import Any

def __getattr__(name: str) -> Any: ...
