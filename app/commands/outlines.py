"""Correcting by hand who of a picture is the person: the outline follows what is painted."""

from __future__ import annotations

from collections.abc import Sequence

from ..corrected import Says
from ..services import Services
from ..state import Point
from .registry import command


@command("Correct the outline", name="picture-1.jpg")
def correct_outline(services: Services, *, name: str) -> None:
    """Show one of the pictures large, with who was found to be the person, to paint on."""
    services.corrector.open(name)
    services.capturer.stop()


@command("Paint", points=((0.2, 0.2), (0.6, 0.7)), says="not me")
def paint_outline(
    services: Services,
    *,
    points: Sequence[Point],
    says: Says | None = None,
    goes_on: bool = False,
) -> None:
    """Say of what lies along points, in parts of the picture's width and height, that it is `me`, `not me`, `nothing`.

    A stroke that `goes_on` is one step with the one before. Without `says` the brush says what was chosen.
    """
    services.corrector.paint(points, says=says, goes_on=goes_on)


@command("Brush", says="me", radius=0.05)
def set_outline_brush(services: Services, *, says: Says | None = None, radius: float | None = None) -> None:
    """Choose what the brush says, and its radius in parts of the picture's longer side."""
    services.corrector.choose(says=says, radius=radius)


@command("Size of the brush", notches=1.0)
def resize_outline_brush(services: Services, *, notches: float) -> None:
    """Make the brush larger by so many notches, or smaller where they are less than nothing."""
    services.corrector.resize(notches)


@command("Step back")
def step_outline_back(services: Services) -> None:
    """Take back the last stroke over the picture that is corrected."""
    services.corrector.step_back()


@command("Forget corrections")
def forget_outline(services: Services) -> None:
    """Take back all that was painted on the picture: its outline is as it was found."""
    services.corrector.forget()


@command("Done")
def finish_outline(services: Services) -> None:
    """Put the picture away; what was painted is kept beside it."""
    services.corrector.finish()
