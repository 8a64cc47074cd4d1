"""Medians of frames after a warm-up, with the tenth and ninetieth percentile, since other programs run too."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

NUM_WARM_UP = 5
MAX_SECONDS = 6.0
"""For each measurement; a slow machine measures fewer frames."""
Frame = Callable[[int], dict[str, float]]
"""Draws one frame; milliseconds of its stages."""


def measured(frame: Frame, num_frames: int, *, max_seconds: float = MAX_SECONDS) -> dict[str, Any]:
    """Frames a second, `ms` and `spread_ms` of each stage and of the whole frame, and how many frames there were."""
    for index in range(NUM_WARM_UP):
        frame(index)
    stages: list[dict[str, float]] = []
    started = time.perf_counter()
    for index in range(NUM_WARM_UP, NUM_WARM_UP + num_frames):
        before = time.perf_counter()
        milliseconds = frame(index)
        now = time.perf_counter()
        stages.append({**milliseconds, "frame": 1e3 * (now - before)})
        if now - started > max_seconds and len(stages) >= NUM_WARM_UP:
            break
    names = list(dict.fromkeys(name for each in stages for name in each))
    values = {name: [each[name] for each in stages if name in each] for name in names}
    medians = {name: statistics.median(each) for name, each in values.items()}
    return {
        "fps": round(1e3 / medians["frame"], 2),
        "ms": {name: round(median, 3) for name, median in medians.items()},
        "spread_ms": {
            name: [round(float(bound), 3) for bound in np.percentile(each, (10, 90))] for name, each in values.items()
        },
        "frames": len(stages),
    }
