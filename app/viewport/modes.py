"""Makes the modes of looking ready in the background: their kernels are compiled once on a machine, then loaded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...core.cameras import OrbitCamera
from ...core.errors import StudioError
from ...core.jobs import JobContext
from ...core.rendering.composition import Composer
from ...core.rendering.cpu_renderer import CpuRenderer
from ...core.rendering.display import PLAIN, Display, MeshLayer, MeshStyle, Mode, Subject
from ..services import Services
from ..state import State
from ..subjects import render_settings

JOB = "modes"
SIZE = 48
"""Pixels along each side of the pictures that nobody sees."""


class ModeStarter:
    """Until the modes are ready the plain splats stand in their place; main thread only."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._is_ready = False
        self._is_starting = False

    def shown(self, state: State) -> State:
        """The state itself, or with a plain display while the first mode other than plain splats is made ready."""
        if self._is_ready or state.view.display.is_plain:
            return state
        if not self._is_starting:
            subject = self._services.scene.subject(state)
            if subject is not None:
                self._start(state, subject)
        return replace(state, view=replace(state.view, display=PLAIN))

    def _start(self, state: State, subject: Subject) -> None:
        def ready(_: object) -> tuple[()]:
            self._is_ready = True
            return ()

        try:
            self._services.start(JOB, lambda context: _draw_all(context, state, subject), ready, ready)
            self._is_starting = True
        except StudioError:
            self._is_ready = True  # the job of an earlier window still runs


def _draw_all(context: JobContext, state: State, subject: Subject) -> None:
    composer, renderer = Composer(), CpuRenderer()
    camera, settings = OrbitCamera().camera(SIZE, SIZE), render_settings(state.view)
    out = np.empty((SIZE, SIZE, 4), np.uint8)
    displays = [Display(mode=mode, mesh_style=MeshStyle.BOTH, floor=True, grid=True) for mode in Mode]
    displays.append(Display(mesh=MeshLayer.UNDER, transparent=True))
    for index, display in enumerate(displays):
        context.report(index / len(displays), "preparing the view modes")
        composer.render_rgba8(renderer, subject, camera, settings, out, display)
    composer.close()
    renderer.close()
