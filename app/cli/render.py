"""`nlfgs-studio render`: an avatar to a picture, or in motion to a film."""

from __future__ import annotations

import argparse
import math
from dataclasses import replace

import torch

from ...core.cameras import Camera, OrbitCamera, orbited
from ...core.errors import StudioError
from ...core.tracking.reenactment import with_head_kept
from ..actions import SetBetas, ShowMotion
from ..commands import run
from ..filming import Crew, cameras, film_of, framed_at, moments, nothing_to_render, shots_of, write_picture
from ..services import Services
from ..state import State
from .arguments import VIDEO_SUFFIXES
from .progress import ProgressLine
from .session import finish, pose, session

DEFAULT_SIZE = (1024, 1024)
FRAMED_MOMENTS = 48
"""At how many moments of a motion it is looked up where the avatar is."""


def render(options: argparse.Namespace) -> None:
    """Write the picture or film that the options name.

    Raises:
        StudioError: a file cannot be read or written, or the renderer cannot run here.
    """
    with session(options.avatar, options.motion, stand_in=options.stand_in) as services:
        _reenact(services, options)
        _look(services, options)
        pose(services, options)
        if options.output.suffix.lower() in VIDEO_SUFFIXES:
            _render_film(services, options)
        else:
            _render_picture(services, options)
        print(f"wrote {options.output}")


def _reenact(services: Services, options: argparse.Namespace) -> None:
    """Give the avatar the shape of the motion's person, or the motion to an avatar that keeps its own."""
    state = services.store.state
    motion, document = state.playback.motion, state.document
    if options.use_motion_betas:
        if motion is None or motion.betas is None:
            raise StudioError("the motion tells no betas", hint="leave --use-motion-betas and --identity out")
        if len(motion.betas) > len(document.betas):
            raise StudioError(
                f"the motion has {len(motion.betas)} betas, the avatar's body {len(document.betas)}",
                hint="it was made with another kind of body: leave --use-motion-betas and --identity out",
            )
        own = tuple(motion.betas.tolist())
        services.store.dispatch(SetBetas(values=(*own, *(0.0,) * (len(document.betas) - len(own)))))
    elif options.camera == "motion" and motion is not None and document.body is not None:
        kept = with_head_kept(motion, document.body, torch.tensor(document.betas))
        services.store.dispatch(ShowMotion(motion=kept, path=state.playback.path, playing=False))


def _look(services: Services, options: argparse.Namespace) -> None:
    """Give the view what the options say about it."""
    run(
        services,
        "set_view",
        renderer=options.renderer,
        background=options.background,
        splat_scale=options.splat_size,
        max_sh_degree=options.sh_degree,
    )
    run(
        services,
        "set_display",
        mode=options.mode,
        mesh=options.mesh,
        mesh_style=options.mesh_style,
        floor=options.floor or None,  # what is not asked for stays as a project has it
        grid=options.grid or None,
    )
    if options.fov is not None:
        run(services, "set_fov", degrees=options.fov)
    if options.background_image is not None:
        run(services, "set_background_picture", path=options.background_image)
    is_film = options.output.suffix.lower() in VIDEO_SUFFIXES
    run(services, "set_display", transparent=False if is_film else options.transparent or None)


def _crew(services: Services, state: State) -> Crew:
    """What draws; the picture behind the avatar is read first."""
    services.backdrops.of(state.view.display)
    finish(services)
    return Crew(services.scene, services.renderer(state.view.renderer), services.backdrops.of(state.view.display))


def _render_picture(services: Services, options: argparse.Namespace) -> None:
    if options.motion is None:
        run(services, "close_motion")  # of a project: its own pose, or its timeline, is what was asked for
    state = services.store.state
    if options.at:
        _check_moment(state, options.at)
    if state.playback.motion is not None or (options.at and not state.document.timeline.is_empty):
        run(services, "scrub", seconds=options.at)
    state = services.store.state
    camera, _ = _camera(services, state, options, moments=[state])
    subject = services.scene.subject(state)
    if subject is None:
        raise nothing_to_render()
    rgba = _crew(services, state).picture(subject, state.view, camera, samples=options.samples)
    write_picture(options.output, rgba)


def _check_moment(state: State, seconds: float) -> None:
    motion, timeline = state.playback.motion, state.document.timeline
    if motion is None and timeline.is_empty:
        raise StudioError("nothing moves, so there is no other moment", hint="--at goes with --motion or a timeline")
    length = timeline.duration if motion is None else motion.seconds
    if seconds > length:
        raise StudioError(f"there is no moment {seconds:g} s", hint=f"the motion lasts {length:.1f} s")


def _render_film(services: Services, options: argparse.Namespace) -> None:
    state = services.store.state
    fps, motion = options.fps, state.playback.motion
    if fps is None and options.camera == "motion" and motion is not None:
        fps = motion.fps  # frame for frame beside what was filmed
    film = film_of(state, seconds=options.seconds, fps=fps, turning=options.turntable or None)
    states = list(moments(state, film))
    stands = film.turning and state.playback.motion is None
    looked_up = [state] if stands else states[:: max(1, len(states) // FRAMED_MOMENTS)]
    camera, orbit = _camera(services, state, options, moments=looked_up, turning=film.turning)
    shots = zip(states, cameras(film, camera, orbit), strict=True)
    if state.playback.motion is None and state.document.timeline.camera and not film.turning:
        shots = shots_of(state, film, (camera.width, camera.height))
    crew, size, count = _crew(services, state), (camera.width, camera.height), film.num_frames
    with ProgressLine() as line:

        def report(done: int) -> None:
            line.show(done / count, f"picture {done} of {count}")

        crew.film(options.output, shots, size=size, fps=film.fps, report=report)


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
    if options.camera == "project":
        return state.view.orbit.camera(width, height), state.view.orbit
    # In front of where the person faces on the whole, so that nobody plays with the back to the camera.
    front = replace(state.view.orbit, yaw=services.scene.facing(moments), pitch=0.0)
    seen = orbited(front, yaw=math.radians(options.yaw), pitch=math.radians(options.pitch))
    orbit = framed_at(services.scene, seen, moments, options.frame, aspect=width / height, turning=turning)
    return orbit.camera(width, height), orbit
