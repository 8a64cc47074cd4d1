"""The renderers a person can choose, by name; a new one is one line here (`torch_reference` is for tests only)."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import StudioError
from .cpu_renderer import CpuRenderer
from .renderer import Renderer

_RENDERERS: dict[str, Callable[[], Renderer]] = {
    "auto": CpuRenderer,
    "cpu": CpuRenderer,
}


def renderer_names() -> tuple[str, ...]:
    """What `make_renderer` takes; "auto" is the fastest that this machine has."""
    return tuple(_RENDERERS)


def make_renderer(name: str) -> Renderer:
    """A new renderer; its `name` says which one "auto" chose.

    Raises:
        StudioError: there is no renderer of that name.
    """
    if name not in _RENDERERS:
        raise StudioError(f"there is no renderer {name!r}", hint=f"choose one of: {', '.join(_RENDERERS)}")
    return _RENDERERS[name]()
