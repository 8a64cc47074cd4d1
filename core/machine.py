"""The machine in words, and the memory this process has used on it."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "platform": platform.platform(),
        "processor": _processor_name(),
        "cores": cores,
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
        "python": platform.python_version(),
        **{package: version(package) for package in ("torch", "numba", "nlfgs-studio")},
    }


def in_words(about: dict[str, Any]) -> str:
    """One sentence about `machine()`; what else kept it busy when the measurement began belongs to it."""
    gpu = about["gpu"] or "no GPU that torch can use"
    busy = "" if about.get("load") is None else f", load {about['load']:.1f} at the start"
    return f"{about['processor']}, {about['cores']} cores, {gpu}{busy}"


def peak_memory_mib() -> float | None:
    """The most memory that this process has held; None where the system does not tell."""
    status = Path("/proc/self/status")
    if status.is_file():  # what `getrusage` tells here includes what the parent held when it began this process
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        if "VmHWM" in lines:
            return round(int(lines["VmHWM"].split()[0]) / (1 << 10), 1)
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)


def memory_mib() -> float | None:
    """The memory that this process holds now; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return round(pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20), 1)


def _processor_name() -> str:
    """As Linux calls it; elsewhere the kind of processor must do."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
