"""One picture by itself, or a source in which nobody is."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import StudioError
from .body_solver import BodySolution
from .detection import Detection
from .found_pose import FoundPose
from .motion_solver import MotionSolver
from .solution import TrackedFrame

STILL_FPS = 30.0
"""Of the motion of one picture."""
_ROUNDS = 8
"""A photo is solved as if it were looked at for a while."""
_DARK = 25.0
"""Mean of 0..255 of pictures in which it is no wonder that nobody is found."""
_SMALL = 120
"""Pixels; so too."""


def solved_still(
    solver: MotionSolver, detection: Detection, find: Callable[[BodySolution], FoundPose | None] | None = None
) -> TrackedFrame:
    """The pose of the only picture that the solver sees; `find` as in `MotionSolver.solve`."""
    for index in range(_ROUNDS - 1):
        solver.solve(detection, index=0, seconds=index / STILL_FPS, find=find)
    return solver.solve(detection, index=0, seconds=_ROUNDS / STILL_FPS, find=find)


def nobody_error(description: str, width: int, height: int, *, brightness: float, advice: str = "") -> StudioError:
    """What to say of pictures of that size and mean brightness (0..255) in which nobody was found."""
    if brightness < _DARK:
        hint = "it is very dark: put on a light"
    elif min(width, height) < _SMALL:
        hint = f"{width}x{height} pixels are too few: use larger pictures"
    else:
        hint = "the face must be seen from the front or the side, and take a twentieth of the picture's width or more"
        hint += advice
    return StudioError(f"nobody is seen in {description}", hint=hint)
