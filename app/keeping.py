"""What the window keeps beyond its own life: unsaved work against a crash, the settings, and what was lost before."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..core.jobs import JobRunner
from ..core.paths import cache_directory, pictures_directory, recovery_directory, settings_directory, sweep
from .actions import SetSettings, SetView
from .autosave import Autosave
from .recovery import Lost, find_lost
from .services import Services
from .settings import MIN_SIDE, Look, read_settings
from .settings_keeper import SettingsKeeper
from .state import DEFAULT_BACKGROUND, Vector

BACKGROUNDS: dict[Look, Vector] = {"dark": DEFAULT_BACKGROUND, "light": (0.84, 0.85, 0.88)}


class Keeping:
    """Reads the settings into the store when it is made; `tick` once a frame."""

    def __init__(self, services: Services, *, offers_lost: bool) -> None:
        self._services = services
        services.store.dispatch(SetSettings(settings=read_settings()))
        self._settings = SettingsKeeper(services)
        self._autosave = Autosave(services)
        self._jobs = JobRunner()
        folders = {path.parent for path in services.store.state.recent}
        self._jobs.start("sweep", lambda _: _sweep(folders))
        self._lost = find_lost() if offers_lost else []
        self._look: Look = "dark"

    def tick(self, now: float) -> None:
        """`now` in seconds of a steady clock."""
        self._settings.tick(now)
        self._autosave.tick(now)
        self._follow_look()

    def _follow_look(self) -> None:
        """The colour behind the avatar goes with the window's, where it is the window's."""
        state, before = self._services.store.state, self._look
        self._look = state.settings.look
        if self._look != before and state.view.background == BACKGROUNDS[before]:
            self._services.store.dispatch(SetView(background=BACKGROUNDS[self._look]))

    def choose(self, **changes: Any) -> None:
        """Change fields of the settings.

        Raises:
            ValueError: a value that makes no sense.
        """
        store = self._services.store
        store.dispatch(SetSettings(settings=replace(store.state.settings, **changes)))

    def window_has_size(self, width: int, height: int) -> None:
        """Remember it for the next start, unless the window is folded away."""
        if min(width, height) >= MIN_SIDE:
            self.choose(window=(width, height))

    def next_lost(self) -> Lost | None:
        """The newest work left behind by a crash that was not asked about yet; whoever takes it settles it."""
        return self._lost.pop(0) if self._lost else None

    def recover(self, lost: Lost) -> None:
        """Open it as unsaved work; its files stay until it is kept elsewhere."""
        self._autosave.adopt(lost)
        self._services.open(lost.slot.path, is_recovery=True)

    def close(self, *, is_clean: bool) -> None:
        """At the end; after a failure unsaved work stays for the next start."""
        self._autosave.close(is_clean=is_clean)
        for lost in self._lost:
            lost.slot.release()
        self._settings.close()
        self._jobs.close()


def _sweep(folders: set[Path]) -> None:
    """Remove what a program that was killed left unfinished, of its own files and beside those of the person."""
    own = (settings_directory(), recovery_directory(), cache_directory(), pictures_directory())
    for folder in (*own, *folders):
        sweep(folder)


@contextmanager
def keeping(services: Services, *, offers_lost: bool) -> Iterator[Keeping]:
    """A `Keeping` for as long as the block lasts; an exception out of it is a failure."""
    keeping = Keeping(services, offers_lost=offers_lost)
    is_clean = False
    # At the end of a desktop's session programs are told to end by this signal: that is no wish to lose work.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield keeping
        is_clean = True
    finally:
        keeping.close(is_clean=is_clean)
        signal.signal(signal.SIGTERM, before)
