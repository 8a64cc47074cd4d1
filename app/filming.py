"""Pictures and films of what is shown, to files and to the clipboard; the window and the command line share it."""

from __future__ import annotations

import contextlib
import io
import logging
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from ..core.cameras import Camera, OrbitCamera, framing, orbited
from ..core.errors import StudioError
from ..core.paths import atomic_write
from ..core.rendering.composition import Composer
from ..core.rendering.display import Backdrop, Subject
from ..core.rendering.large_picture import render_large
from .actions import Report
from .clipboard import clipboard_tool, copy_png
from .scene import Scene
from .state import State, View
from .subjects import render_settings

if TYPE_CHECKING:
    from ..core.jobs import JobContext
    from ..core.rendering.renderer import Renderer
    from .services import Services

DEFAULT_FPS = 30.0
TURN_SECONDS = 4.0
MIN_SIDE, MAX_SIDE, MAX_SAMPLES = 16, 8192, 4
"""Of saved pictures: pixels, and samples of a pixel along each side."""

logger = logging.getLogger(__name__)

Shot = tuple[State, Camera]
"""What is filmed at one moment, and from where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """How long, how fast, and whether the camera turns once around the avatar."""

    seconds: float
    fps: float
    turning: bool

    @property
    def num_frames(self) -> int:
        return max(1, round(self.seconds * self.fps))


def film_of(
    state: State, *, seconds: float | None = None, fps: float | None = None, turning: bool | None = None
) -> Film:
    """A film of the whole motion at its own rate, 30 a second at most, or of the timeline; else a turn around all."""
    motion, timeline = state.playback.motion, state.document.timeline
    if motion is None and not turning and not timeline.is_empty:
        return Film(seconds=min(seconds or math.inf, timeline.duration), fps=fps or DEFAULT_FPS, turning=False)
    if motion is None:
        return Film(seconds=seconds or TURN_SECONDS, fps=fps or DEFAULT_FPS, turning=turning is not False)
    return Film(
        seconds=min(seconds or math.inf, motion.seconds),
        fps=fps or min(DEFAULT_FPS, motion.fps),
        turning=bool(turning),
    )


def moments(state: State, film: Film) -> Iterator[State]:
    """The state at each picture of the film; the store need not know of them."""
    scene = Scene()
    plays = state.playback.motion is not None or not (film.turning or state.document.timeline.is_empty)
    for index in range(film.num_frames):
        yield scene.state_at(state, index / film.fps) if plays else state


def shots_of(state: State, film: Film, size: tuple[int, int]) -> Iterator[Shot]:
    """What is filmed, and from where: as the timeline's camera goes, where it has keys, else as the view stands."""
    orbit = state.view.orbit
    follows = state.playback.motion is None and not film.turning and bool(state.document.timeline.camera)
    for moment, camera in zip(moments(state, film), cameras(film, orbit.camera(*size), orbit), strict=True):
        yield moment, moment.view.orbit.camera(*size) if follows else camera


def cameras(film: Film, camera: Camera, orbit: OrbitCamera | None) -> Iterator[Camera]:
    """`camera` at each picture, or where the film turns, the orbit's turned around."""
    for index in range(film.num_frames):
        if film.turning and orbit is not None:
            turned = orbited(orbit, yaw=math.tau * index / film.num_frames, pitch=0.0)
            yield turned.camera(camera.width, camera.height)
        else:
            yield camera


def framed_at(
    scene: Scene, orbit: OrbitCamera, moments: Iterable[State], part: str, *, aspect: float, turning: bool
) -> OrbitCamera:
    """The camera that sees a part at all these moments, and from all sides where it turns.

    Raises:
        StudioError: nothing is there at any of them.
    """
    bounds = [each for moment in moments if (each := scene.bounds(moment, part)) is not None]
    if not bounds:
        raise nothing_to_render()
    lowest = np.min([low for low, _ in bounds], axis=0)
    highest = np.max([high for _, high in bounds], axis=0)
    if turning:
        # Seen from a corner the box is as wide as its diagonal.
        middle, radius = 0.5 * (lowest + highest)[[0, 2]], 0.5 * np.linalg.norm((highest - lowest)[[0, 2]])
        lowest[[0, 2]], highest[[0, 2]] = middle - radius, middle + radius
    return framing(lowest, highest, orbit=orbit, aspect=aspect)


class Crew:
    """What takes pictures: a scene, a renderer and the composition; belongs to one thread."""

    def __init__(self, scene: Scene, renderer: Renderer, backdrop: Backdrop | None = None) -> None:
        self.scene = scene
        self._renderer = renderer
        self._backdrop = backdrop
        self._composer = Composer()

    def picture(
        self,
        subject: Subject,
        view: View,
        camera: Camera,
        *,
        samples: int = 1,
        report: Callable[[float], None] = lambda _: None,
    ) -> UInt8[np.ndarray, "H W 4"]:
        """As `render_large` gives it: straight alpha, 255 where the view is not transparent."""
        return render_large(
            self._composer,
            self._renderer,
            subject,
            camera,
            render_settings(view),
            view.display,
            self._backdrop,
            samples=samples,
            report=report,
        )

    def film(
        self,
        path: Path,
        shots: Iterable[Shot],
        *,
        size: tuple[int, int],
        fps: float,
        report: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Write a film of shots that are all of `size`; `report` is told how many are done and may stop the work.

        Raises:
            StudioError: nothing is there to film, or the file cannot be written.
        """
        from ..core.storage.video import VideoWriter

        rgba = np.empty((size[1], size[0], 4), np.uint8)
        with VideoWriter(path, *size, fps) as writer:
            for index, (state, camera) in enumerate(shots):
                subject, view = self.scene.subject(state), state.view
                if subject is None:
                    raise nothing_to_render()
                self._composer.render_rgba8(
                    self._renderer,
                    subject,
                    camera,
                    render_settings(view),
                    rgba,
                    view.display,
                    self._backdrop,
                    checkered=False,
                )
                writer.write(rgba[..., :3])
                report(index + 1)

    def close(self) -> None:
        self._composer.close()


@contextlib.contextmanager
def hired(state: State, backdrop: Backdrop | None) -> Iterator[Crew]:
    """A crew of its own for a job's thread."""
    from ..core.rendering.registry import make_renderer

    try:
        renderer = make_renderer(state.view.renderer)
    except StudioError as error:  # the window's OpenGL can be used on the window's thread only
        logger.warning("the cpu renderer takes this picture or film: %s", error.message)
        renderer = make_renderer("cpu")
    crew = Crew(Scene(), renderer, backdrop)
    try:
        yield crew
    finally:
        crew.close()
        renderer.close()


def save_picture(
    services: Services, path: Path, *, size: tuple[int, int], transparent: bool | None = None, samples: int = 1
) -> None:
    """Start to write what the window shows, as a PNG of any size; `transparent` None: as the view is.

    Raises:
        StudioError: nothing is shown.
    """
    take = _picture_taker(services, size=size, transparent=transparent, samples=samples)

    def work(context: JobContext) -> None:
        rgba = take(context)
        context.report(0.9, f"writing {path.name}")
        write_picture(path, rgba)

    services.start("picture", work, lambda _: [Report.now(f"saved the picture {path.name}")])


def copy_picture(services: Services, *, size: tuple[int, int], transparent: bool | None = None) -> None:
    """Start to put what the window shows onto the clipboard.

    Raises:
        StudioError: nothing is shown, or this system's clipboard cannot be reached.
    """
    tool = clipboard_tool()
    take = _picture_taker(services, size=size, transparent=transparent, samples=1)
    services.start(
        "picture", lambda context: copy_png(tool, _png(take(context))), lambda _: [Report.now("copied the picture")]
    )


def save_film(services: Services, path: Path, *, size: tuple[int, int], film: Film) -> None:
    """Start to film the motion, the timeline, or the avatar from all around, as the window shows it.

    Raises:
        StudioError: nothing is shown.
    """
    state = services.store.state
    if services.scene.subject(state) is None:
        raise nothing_to_render()
    start_film(services, path, shots_of(state, film, size), count=film.num_frames, size=size, fps=film.fps)


def start_film(
    services: Services, path: Path, shots: Iterable[Shot], *, count: int, size: tuple[int, int], fps: float
) -> None:
    """Start to film any shots in a job named "film"; `shots` is gone through on the job's thread."""
    state = services.store.state
    backdrop = services.backdrops.of(state.view.display)

    def work(context: JobContext) -> None:
        def report(done: int) -> None:
            context.report(done / count, f"picture {done} of {count}")

        context.report(0.0, "getting ready")
        with hired(state, backdrop) as crew:
            crew.film(path, shots, size=size, fps=fps, report=report)

    services.start("film", work, lambda _: [Report.now(f"saved the film {path.name}")])


def _picture_taker(
    services: Services, *, size: tuple[int, int], transparent: bool | None, samples: int
) -> Callable[[JobContext], UInt8[np.ndarray, "H W 4"]]:
    """The work of taking the present picture, its inputs captured now."""
    state = services.store.state
    subject = services.scene.subject(state)
    if subject is None:
        raise nothing_to_render()
    view = state.view
    if transparent is not None:
        view = replace(view, display=replace(view.display, transparent=transparent))
    backdrop = services.backdrops.of(view.display)
    camera = view.orbit.camera(*size)

    def take(context: JobContext) -> UInt8[np.ndarray, "H W 4"]:
        with hired(state, backdrop) as crew:
            return crew.picture(
                subject, view, camera, samples=samples, report=lambda done: context.report(0.9 * done, "drawing")
            )

    return take


def write_picture(path: Path, rgba: UInt8[np.ndarray, "H W 4"]) -> None:
    """Write a PNG whole or not at all, with alpha where something is transparent.

    Raises:
        StudioError: the place cannot be written to.
    """
    data = _png(rgba)
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)


def _png(rgba: UInt8[np.ndarray, "H W 4"]) -> bytes:
    from PIL import Image

    opaque = bool((rgba[..., 3] == 255).all())
    data = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgba[..., :3]) if opaque else rgba).save(data, format="PNG")
    return data.getvalue()


def nothing_to_render() -> StudioError:
    return StudioError("there is nothing to render", hint="open an avatar first")
