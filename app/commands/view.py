"""How the avatar is looked at; the log."""

from __future__ import annotations

from ..actions import ClearLog, SetView
from ..services import Services
from ..state import Vector
from .registry import command


@command("Frame", part="head", aspect=1.5)
def frame(services: Services, *, part: str = "body", aspect: float = 1.0) -> None:
    """Bring the body, the head or the hands into view; `aspect` is the picture's width over its height."""
    state = services.store.state
    services.store.dispatch(SetView(orbit=services.scene.framed(state, part, aspect)))


@command("View", background=(0.2, 0.3, 0.4), renderer="cpu", splat_scale=0.5, max_sh_degree=0)
def set_view(
    services: Services,
    *,
    background: Vector | None = None,
    renderer: str | None = None,
    splat_scale: float | None = None,
    max_sh_degree: int | None = None,
) -> None:
    """Choose the colour behind the avatar, what draws it, how large its Gaussians are, how much colours may turn."""
    services.store.dispatch(
        SetView(background=background, renderer=renderer, splat_scale=splat_scale, max_sh_degree=max_sh_degree)
    )


@command("Clear log")
def clear_log(services: Services) -> None:
    """Empty the log."""
    services.store.dispatch(ClearLog())
