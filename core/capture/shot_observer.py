"""Looks at pictures of one person, one after another, and says what each is worth."""

from __future__ import annotations

from contextlib import ExitStack, closing

from ..body.model import BodyModel
from ..tracking.detection import Frame
from ..tracking.following import num_prominent
from ..tracking.mediapipe_detectors import Detectors
from ..tracking.mediapipe_graphs import FaceFinder
from ..tracking.scaling import reduced
from .shot import Mode, Shot
from .shot_reader import ShotReader, mean_brightness

_SMALLEST_PICTURE = 16
"""Pixels; nothing is found in less."""
_COUNTED_EVERY = 5
"""Pictures of a film or camera between two in which faces are counted, which takes as long as all the rest."""


class ShotObserver:
    """Owns its detectors; belongs to one thread after it was made."""

    def __init__(self, body: BodyModel, mode: Mode = "face", *, still: bool = False) -> None:
        """Loads the models, which takes seconds; `tracker.prepare` should have been called for the body.

        With `still` each picture stands alone; else they come in order from one source.

        Raises:
            StudioError: MediaPipe or OpenCV is not installed.
        """
        self._mode: Mode = mode
        self._still = still
        self._reader = ShotReader(body)
        self._num_faces, self._num_observed = 0, 0
        with ExitStack() as parts:
            wanted = ("face",) if mode == "face" else ("face", "body")
            self._detectors = parts.enter_context(closing(Detectors(wanted, static=still)))
            self._finder = parts.enter_context(closing(FaceFinder(far=True)))
            self._parts = parts.pop_all()

    def observe(self, frame: Frame) -> Shot:
        """What is seen in the picture."""
        height, width = frame.image.shape[:2]
        if min(height, width) < _SMALLEST_PICTURE:
            return Shot(
                mode=self._mode,
                width=width,
                height=height,
                seconds=frame.seconds,
                brightness=mean_brightness(frame),
                num_faces=0,
            )
        small = reduced(frame)
        detection = self._detectors.detect(small)
        if self._still or self._num_observed % _COUNTED_EVERY == 0:
            self._num_faces = num_prominent(self._finder.find(small.image))
        self._num_observed += 1
        return self._reader.shot_of(frame, detection, self._num_faces, self._mode)

    def close(self) -> None:
        """Ends the detectors' threads."""
        self._parts.close()

    def __enter__(self) -> ShotObserver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
