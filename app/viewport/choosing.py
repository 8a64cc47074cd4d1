"""Finds out once on each machine which renderer draws what is shown the fastest, a picture at a time in idle frames."""

from __future__ import annotations

import torch

from ...core.cameras import Camera
from ...core.errors import StudioError
from ...core.gaussians import Gaussians
from ...core.rendering import choice
from ...core.rendering.registry import make_renderer
from ...core.rendering.renderer import RenderSettings
from ..services import Services
from .texture import ViewportTexture

AUTO = "auto"


class RendererChooser:
    """Main thread only, with the window's OpenGL context current."""

    def __init__(self, services: Services, texture: ViewportTexture) -> None:
        self._services = services
        self._texture = texture
        self._trial: choice.Trial | None = None
        self._is_settled = False

    @property
    def is_settled(self) -> bool:
        return self._is_settled

    def step(self, gaussians: Gaussians, camera: Camera, settings: RenderSettings) -> None:
        """Go on finding out; to be called when the window has nothing else to do. Does nothing once it is known."""
        if self._is_settled:
            return
        if self._trial is None:
            opengl = self._opengl()
            known = choice.remembered()
            if known is not None and known.machine == choice.machine_key(opengl):
                self._settle(known, is_new=False)
                return
            names = self._names(opengl)
            if names == [choice.DEFAULT]:
                reason = "it draws in software here" if opengl else "the window has none"
                self._settle(
                    choice.Choice(
                        renderer=choice.DEFAULT,
                        milliseconds={},
                        reasons={"opengl": reason},
                        machine=choice.machine_key(opengl),
                    ),
                    is_new=True,
                )
                return
            self._trial = choice.Trial(names, make_renderer, gaussians, camera, settings, opengl=opengl)
        found = self._trial.step()
        if found is not None:
            self._trial = None
            self._settle(found, is_new=True)

    def close(self) -> None:
        if self._trial is not None:
            self._trial.close()
            self._trial = None

    def _opengl(self) -> str:
        """OpenGL's name for what draws in the window; "" where the window's is not OpenGL, or not ours to use."""
        if self._texture.gl_name is None:
            return ""
        from ...core.rendering.opengl_context import describe

        return describe()

    def _names(self, opengl: str) -> list[str]:
        from ...core.rendering.opengl_context import is_software

        names = [choice.DEFAULT]
        if opengl and not is_software(opengl):
            names.append("opengl")
        if torch.cuda.is_available():
            names.append("gsplat")
        return names

    def _settle(self, found: choice.Choice, *, is_new: bool) -> None:
        self._is_settled = True
        self._services.renderers.automatic_choice = found.in_words()
        if not is_new:
            return
        try:
            choice.remember(found)
        except StudioError as error:
            self._services.report(error.message, hint=error.hint, kind="warning")
        if self._services.renderer(AUTO).name != found.renderer:
            self._services.renderers.forget(AUTO)
        if found.milliseconds:
            self._services.report(f"the fastest renderer here: {found.in_words()}")
