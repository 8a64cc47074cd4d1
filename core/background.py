"""Threads whose work may wait: the system lets the window's go first, so that a busy machine never holds it up."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

_NICENESS = 3
_BELOW_NORMAL = -1
"""THREAD_PRIORITY_BELOW_NORMAL of Windows."""

_thread = threading.local()


def give_way() -> None:
    """From now on this thread, and those that it starts, come after others; not on every system."""
    _thread.gives_way = True
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)  # on Linux that is one thread's
    elif sys.platform == "win32":
        import ctypes

        kernel32 = ctypes.windll.kernel32
        kernel32.SetThreadPriority(kernel32.GetCurrentThread(), _BELOW_NORMAL)


def gives_way() -> bool:
    """Whether this thread does."""
    return getattr(_thread, "gives_way", False)
