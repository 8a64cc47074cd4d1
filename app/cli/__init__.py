"""The command line: answers at once, loads what is heavy only when it is needed, leaves nothing half-written."""

from .program import main

__all__ = ["main"]
