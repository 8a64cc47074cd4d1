"""The renderers a person can choose, by name; a new one is one line here (`torch_reference` is for tests only)."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import StudioError
from .choice import automatic_name
from .cpu_renderer import CpuRenderer
from .renderer import Renderer


def _opengl() -> Renderer:
    from .opengl_renderer import OpenGLRenderer

    return OpenGLRenderer()


def _gsplat() -> Renderer:
    from .gsplat_renderer import GsplatRenderer

    return GsplatRenderer()


def _automatic() -> Renderer:
    """The one that was chosen for this machine; the processor's where that one cannot be had any more."""
    try:
        return _RENDERERS[automatic_name()]()
    except (StudioError, KeyError):
        return CpuRenderer()


_RENDERERS: dict[str, Callable[[], Renderer]] = {
    "auto": _automatic,
    "cpu": CpuRenderer,
    "opengl": _opengl,
    "gsplat": _gsplat,
}


def renderer_names() -> tuple[str, ...]:
    """What `make_renderer` takes; "auto" is the fastest that this machine has. Not all of them need run here."""
    return tuple(_RENDERERS)


def make_renderer(name: str) -> Renderer:
    """A new renderer; its `name` says which one "auto" chose. On a thread with an OpenGL context that one is drawn in.

    Raises:
        StudioError: there is no renderer of that name, or this machine cannot run it: the error says why.
    """
    require_name(name)
    return _RENDERERS[name]()


def require_name(name: str) -> None:
    """
    Raises:
        StudioError: there is no renderer of that name.
    """
    if name not in _RENDERERS:
        raise StudioError(f"there is no renderer {name!r}", hint=f"choose one of: {', '.join(_RENDERERS)}")
