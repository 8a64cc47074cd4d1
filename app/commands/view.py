"""How the avatar is looked at; the log."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from ...core.errors import StudioError
from ...core.rendering.display import Display, MeshLayer, MeshStyle, Mode
from ..actions import ClearLog, SelectJoint, SetView
from ..services import Services
from ..state import Vector
from .body import joint_index
from .registry import command

MIN_FOV_DEGREES, MAX_FOV_DEGREES = 5.0, 120.0


@command("Frame", part="head", aspect=1.5)
def frame(services: Services, *, part: str = "body", aspect: float = 1.0, from_front: bool = False) -> None:
    """Bring the body, the head or the hands into view; `aspect` is the picture's width over its height."""
    state = services.store.state
    services.store.dispatch(SetView(orbit=services.scene.framed(state, part, aspect, from_front=from_front)))


@command("View", background=(0.2, 0.3, 0.4), renderer="cpu", splat_scale=0.5, max_sh_degree=0)
def set_view(
    services: Services,
    *,
    background: Vector | None = None,
    renderer: str | None = None,
    splat_scale: float | None = None,
    max_sh_degree: int | None = None,
    display: Display | None = None,
) -> None:
    """Choose the colour behind the avatar, what draws it, how large its Gaussians are, how much colours may turn."""
    services.store.dispatch(
        SetView(
            background=background,
            renderer=renderer,
            splat_scale=splat_scale,
            max_sh_degree=max_sh_degree,
            display=display,
        )
    )


@command("Display", mode="points", mesh="over", mesh_style="wireframe", grid=True)
def set_display(
    services: Services,
    *,
    mode: str | None = None,
    mesh: str | None = None,
    mesh_style: str | None = None,
    floor: bool | None = None,
    grid: bool | None = None,
    transparent: bool | None = None,
) -> None:
    """Choose what stands for the Gaussians, where the mesh lies, and what is around them; what is None stays."""
    display = services.store.state.view.display
    wanted = {
        "mode": None if mode is None else Mode(mode),
        "mesh": None if mesh is None else MeshLayer(mesh),
        "mesh_style": None if mesh_style is None else MeshStyle(mesh_style),
        "floor": floor,
        "grid": grid,
        "transparent": transparent,
    }
    changed = {name: value for name, value in wanted.items() if value is not None}
    services.store.dispatch(SetView(display=replace(display, **changed)))


@command("Background picture…", path="picture.png")
def set_background_picture(services: Services, *, path: str | Path | None) -> None:
    """Lay a picture file behind the avatar, or none again."""
    display = services.store.state.view.display
    picture = None if path is None else Path(path).absolute()
    if picture is not None and not picture.is_file():
        raise StudioError(f"there is no picture {picture.name}", hint="choose a PNG, JPEG or WebP file")
    services.store.dispatch(SetView(display=replace(display, picture=picture, transparent=False)))


@command("Field of view", degrees=50.0)
def set_fov(services: Services, *, degrees: float) -> None:
    """Widen or narrow the view, 5 to 120 degrees from top to bottom; the avatar keeps its size in the picture."""
    if not MIN_FOV_DEGREES <= degrees <= MAX_FOV_DEGREES:
        raise StudioError(f"the field of view lies in {MIN_FOV_DEGREES:g} to {MAX_FOV_DEGREES:g} degrees")
    orbit = services.store.state.view.orbit
    fov = math.radians(degrees)
    distance = orbit.distance * math.tan(orbit.vertical_fov / 2.0) / math.tan(fov / 2.0)
    services.store.dispatch(SetView(orbit=replace(orbit, vertical_fov=fov, distance=distance)))


@command("Select joint", joint="left elbow")
def select_joint(services: Services, *, joint: str | int | None) -> None:
    """Choose the joint that the rings over the picture turn, or none."""
    services.store.dispatch(SelectJoint(joint=None if joint is None else joint_index(joint)))


@command("Clear log")
def clear_log(services: Services) -> None:
    """Empty the log."""
    services.store.dispatch(ClearLog())
