"""Writes the settings when they have changed; belongs to the main thread, writes in jobs."""

from __future__ import annotations

import logging

from ..core.errors import StudioError
from ..core.jobs import JobRunner
from .services import Services
from .settings import Settings, write_settings
from .troubles import Trouble

QUIET_SECONDS = 1.0
"""A slider or the window's edge moves on for a while; then once."""

logger = logging.getLogger(__name__)


class SettingsKeeper:
    """What cannot be written is tried again at the next change."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._jobs = JobRunner()
        self._seen = self._kept = services.store.state.settings
        self._changed_at = 0.0
        self._trouble = Trouble(self._say, what="keeping the settings")

    def _say(self, message: str, hint: str, is_trouble: bool) -> None:
        self._services.report(message, hint=hint, kind="warning" if is_trouble else "info")

    def tick(self, now: float) -> None:
        """Once a frame, `now` in seconds of a steady clock."""
        for job in self._jobs.drain()[1]:
            if job.error is None:
                self._trouble.over()
            else:
                self._trouble.met(job.error)
        settings = self._services.store.state.settings
        if settings is not self._seen:
            self._seen, self._changed_at = settings, now
        if settings is not self._kept and now - self._changed_at >= QUIET_SECONDS and not self._jobs.running:
            self._keep(settings)

    def _keep(self, settings: Settings) -> None:
        self._kept = settings
        self._jobs.start("settings", lambda _: write_settings(settings))

    def close(self) -> None:
        """Write what has not been written yet."""
        self._jobs.close()
        self._jobs.drain()
        settings = self._services.store.state.settings
        if settings is self._kept:
            return
        try:
            write_settings(settings)
        except StudioError as error:
            logger.warning("the settings are not kept: %s", error)
