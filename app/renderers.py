"""The renderers in use, each made once; what takes the place of one that cannot run. Main thread only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..core.errors import StudioError
from .actions import SetView
from .state import State
from .store import Store

if TYPE_CHECKING:
    from ..core.rendering.renderer import Renderer

AUTO, SAFE = "auto", "cpu"


class Renderers:
    """`warn` tells the person of an error that was got around."""

    def __init__(self, store: Store, warn: Callable[[StudioError], None]) -> None:
        self._store = store
        self._warn = warn
        self._made: dict[str, Renderer] = {}
        self.uses_interop = True
        """Whether pictures that CUDA makes may go straight into the window's texture."""
        self.automatic_choice = ""
        """Which renderer "auto" is and why, in words; empty until it is known."""

    def begin(self, name: str, *, uses_interop: bool) -> None:
        """What the command line asks for; nothing is made yet, since some draw in a window that is not there yet.

        Raises:
            StudioError: there is no renderer of that name.
        """
        from ..core.rendering.registry import require_name

        require_name(name)
        self.uses_interop = uses_interop

    def of(self, name: str) -> Renderer:
        """The renderer of that name.

        Raises:
            StudioError: this machine cannot run it.
        """
        from ..core.rendering.registry import make_renderer

        if name not in self._made:
            self._made[name] = make_renderer(name)
        return self._made[name]

    def of_view(self, state: State) -> Renderer:
        """The renderer that the view asks for; where it cannot run, say so once and let the program choose."""
        try:
            return self.of(state.view.renderer)
        except StudioError as error:
            if state.view.renderer == AUTO:
                raise
            self._store.dispatch(SetView(renderer=AUTO))
            self._warn(error)
            return self.of(AUTO)

    def in_place_of_failed(self, error: StudioError) -> Renderer:
        """What draws on after the view's renderer has failed in the middle of its work: said, and not tried again."""
        self.forget(self._store.state.view.renderer)
        self._store.dispatch(SetView(renderer=SAFE))
        self._warn(error)
        return self.of(SAFE)

    def forget(self, name: str | None = None) -> None:
        """Close a renderer, or all of them: they are made anew when they are next asked for."""
        for each in (name,) if name is not None else tuple(self._made):
            renderer = self._made.pop(each, None)
            if renderer is not None:
                renderer.close()
