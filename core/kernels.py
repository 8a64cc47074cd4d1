"""Compiled loops without numba's own threading: kernels release the GIL and run on threads of ours.

numba's `workqueue` layer aborts the process when two threads enter parallel kernels, and which layer a machine has is
not ours to choose. A kernel therefore works on a range of its items, and `run_split` hands the ranges to threads. The
split depends only on the number of items and threads, so results repeat bit for bit.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import config

from .background import give_way, gives_way
from .paths import cache_directory

_KEPT_SECONDS = 30 * 24 * 3600
_RELATIVE_IMPORT = re.compile(r"^from (\.+)([\w.]*) import", re.MULTILINE)


def _cache_folder() -> str:
    """Where compiled kernels are kept: a folder for each state of the sources that they are made from.

    numba looks only at the file of a kernel, and would go on using what it compiled from constants and functions that
    an update has changed in the files beside it. So the folder is named by all of them: the files that import from this
    one, and those that they import.
    """
    sources: set[Path] = {Path(__file__)}
    for path in Path(__file__).parent.rglob("*.py"):
        imports = _RELATIVE_IMPORT.findall(path.read_text(encoding="utf-8"))
        if any(module == "kernels" for _, module in imports):
            sources.add(path)
            sources.update(
                path.parents[len(dots) - 1].joinpath(*name.split(".")).with_suffix(".py") for dots, name in imports
            )
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(sources) if path.is_file()))
    folder = cache_directory() / "kernels" / digest.hexdigest()[:16]
    if not folder.exists():
        _forget_old(folder.parent)
    return str(folder)


def _forget_old(folder: Path) -> None:
    """Remove what was compiled for versions that have not run for a month."""
    for other in folder.glob("*/"):
        if time.time() - max((file.stat().st_mtime for file in other.rglob("*")), default=0.0) > _KEPT_SECONDS:
            shutil.rmtree(other, ignore_errors=True)


# numba makes its settings at run time, so a checker cannot see this one
setattr(config, "CACHE_DIR", os.environ.get("NUMBA_CACHE_DIR") or _cache_folder())  # noqa: B010

#: Reassociation and reciprocals are welcome; NaN and infinity keep their meaning, so that bad input can be told.
FAST_MATH = {"reassoc", "contract", "arcp", "nsz"}


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop to machine code at its first call; cached for the user, callable from many threads at once."""
    return numba.njit(cache=True, nogil=True, fastmath=FAST_MATH, error_model="numpy")(function)


def device_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a small function that kernels call; inlined into them."""
    return numba.njit(cache=True, nogil=True, fastmath=FAST_MATH, error_model="numpy", inline="always")(function)


def num_threads() -> int:
    """How many threads share a kernel: numba's own setting, by default the cores this process may use."""
    return int(getattr(config, "NUMBA_NUM_THREADS"))  # noqa: B009


def keep_to_one_thread() -> None:
    """For one of many processes: to split kernels among cores that are taken costs more than it brings."""
    setattr(config, "NUMBA_NUM_THREADS", 1)  # noqa: B010


@cache
def _pool(*, is_behind: bool) -> ThreadPoolExecutor:
    """Threads in background work's own place, so that the window's kernels do not queue behind it."""
    return ThreadPoolExecutor(num_threads(), thread_name_prefix="kernel", initializer=give_way if is_behind else None)


def run_split(function: Callable[..., Any], num_items: int, *arguments: Any, parts: int | None = None) -> None:
    """Call `function(start, stop, *arguments)` on ranges that cover `num_items`, the first on the caller's thread."""
    parts = min(parts or num_threads(), max(1, num_items))
    bounds = [num_items * part // parts for part in range(parts + 1)]
    pool = _pool(is_behind=gives_way())
    others = [pool.submit(function, bounds[part], bounds[part + 1], *arguments) for part in range(1, parts)]
    try:
        function(bounds[0], bounds[1], *arguments)
    finally:
        for other in others:
            other.result()
