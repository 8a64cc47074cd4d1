"""`nlfgs-studio render`: an avatar to a picture, or in motion to a film."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...core.cameras import Camera, OrbitCamera, framing, orbited
from ...core.errors import StudioError
from ..commands import run
from ..services import Services
from ..state import State
from .arguments import VIDEO_SUFFIXES
from .progress import ProgressLine
from .session import pose, session

if TYPE_CHECKING:
    from ...core.rendering.renderer import RenderedImage, RenderSettings

DEFAULT_SIZE = (1024, 1024)
DEFAULT_FPS = 30.0
TURN_SECONDS = 4.0
FRAMED_MOMENTS = 48
"""At how many moments of a motion it is looked up where the avatar is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """How long, how fast, and whether the camera turns around the avatar."""

    seconds: float
    fps: float
    turning: bool

    @property
    def num_frames(self) -> int:
        return max(1, round(self.seconds * self.fps))


def render(options: argparse.Namespace) -> None:
    """Write the picture or film that the options name.

    Raises:
        StudioError: a file cannot be read or written, or the renderer cannot run here.
    """
    with session(options.avatar, options.motion, stand_in=options.stand_in) as services:
        run(services, "set_view", renderer=options.renderer, background=options.background)
        pose(services, options.pose, options.expression)
        if options.output.suffix.lower() in VIDEO_SUFFIXES:
            _render_film(services, options)
        else:
            _render_picture(services, options)
        print(f"wrote {options.output}")


def _render_picture(services: Services, options: argparse.Namespace) -> None:
    from ...core.images import write_png
    from ...core.rendering.renderer import without_background

    if services.store.state.playback.motion is not None:
        run(services, "scrub", seconds=options.at)
    state = services.store.state
    camera, _ = _camera(services, state, options, moments=[state])
    image, settings = _image(services, state, camera)
    if options.transparent:
        write_png(options.output, without_background(image, settings.background), image.alpha)
    else:
        write_png(options.output, image.rgb)


def _render_film(services: Services, options: argparse.Namespace) -> None:
    from ...core.images import to_uint8
    from ...core.storage.video import VideoWriter

    state = services.store.state
    film = film_of(state, options)
    states = [_at(state, film, index) for index in range(film.num_frames)]
    moments = states[:: max(1, len(states) // FRAMED_MOMENTS)] if state.playback.motion is not None else [state]
    camera, orbit = _camera(services, state, options, moments=moments, turning=film.turning)
    output: Path = options.output
    with VideoWriter(output, camera.width, camera.height, film.fps) as writer, ProgressLine() as line:
        for index, (moment, view) in enumerate(zip(states, _views(film, camera, orbit), strict=True)):
            image, _ = _image(services, moment, view)
            writer.write(to_uint8(image.rgb))
            line.show((index + 1) / film.num_frames, f"picture {index + 1} of {film.num_frames}")


def film_of(state: State, options: argparse.Namespace) -> Film:
    """A film of the whole motion at its own rate, 30 a second at most; without a motion one turn around the avatar."""
    motion = state.playback.motion
    if motion is None:
        return Film(seconds=options.seconds or TURN_SECONDS, fps=options.fps or DEFAULT_FPS, turning=True)
    return Film(
        seconds=min(options.seconds or math.inf, motion.seconds),
        fps=options.fps or min(DEFAULT_FPS, motion.fps),
        turning=options.turntable,
    )


def _at(state: State, film: Film, index: int) -> State:
    """The state at one picture of the film; the store need not know of it."""
    if state.playback.motion is None:
        return state
    return replace(state, playback=replace(state.playback, seconds=index / film.fps))


def _views(film: Film, camera: Camera, orbit: OrbitCamera | None) -> Iterator[Camera]:
    for index in range(film.num_frames):
        if film.turning and orbit is not None:
            turned = orbited(orbit, yaw=math.tau * index / film.num_frames, pitch=0.0)
            yield turned.camera(camera.width, camera.height)
        else:
            yield camera


def _camera(
    services: Services, state: State, options: argparse.Namespace, *, moments: list[State], turning: bool = False
) -> tuple[Camera, OrbitCamera | None]:
    """The camera that sees the part asked for at all moments, and its orbit; a motion's own camera has none."""
    if options.camera == "motion":
        motion = state.playback.motion
        if motion is None or motion.camera is None:
            raise StudioError(
                f"{options.motion.name} holds no camera", hint="leave --camera out: the whole motion is framed then"
            )
        return (motion.camera.resized(*options.size) if options.size else motion.camera), None
    width, height = options.size or DEFAULT_SIZE
    bounds = [each for moment in moments if (each := services.scene.bounds(moment, options.frame)) is not None]
    if not bounds:
        raise StudioError("there is nothing to render")
    lowest = np.min([low for low, _ in bounds], axis=0)
    highest = np.max([high for _, high in bounds], axis=0)
    if turning:
        # Seen from a corner the box is as wide as its diagonal.
        middle, radius = 0.5 * (lowest + highest)[[0, 2]], 0.5 * np.linalg.norm((highest - lowest)[[0, 2]])
        lowest[[0, 2]], highest[[0, 2]] = middle - radius, middle + radius
    # In front of where the person faces on the whole, so that nobody plays with the back to the camera.
    headings = [services.scene.heading(moment) for moment in moments]
    facing = math.atan2(sum(map(math.sin, headings)), sum(map(math.cos, headings)))
    orbit = orbited(state.view.orbit, yaw=facing + math.radians(options.yaw), pitch=math.radians(options.pitch))
    orbit = framing(lowest, highest, orbit=orbit, aspect=width / height)
    return orbit.camera(width, height), orbit


def _image(services: Services, state: State, camera: Camera) -> tuple[RenderedImage, RenderSettings]:
    from ...core.rendering.renderer import RenderSettings

    view = state.view
    settings = RenderSettings(
        background=view.background, splat_scale=view.splat_scale, max_sh_degree=view.max_sh_degree
    )
    gaussians = services.gaussians(state)
    if gaussians is None:
        raise StudioError("there is nothing to render")
    return services.renderer(view.renderer).render(gaussians, camera, settings), settings
