"""The network's part in tracking: points of the body found in a picture, or in as many as it has time for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from jaxtyping import Float, UInt8

from ..body.fast_forward import FastPoser
from ..body.model import BodyModel, shape_body
from ..cameras import Camera
from ..nlf.network import NlfGs
from ..nlf.reader import PhotoReader
from .body_solver import BodySolution, body_pose
from .found_pose import FoundPoints, FoundPose, PoseFinder, found_vertices
from .person_crop import PersonCropper
from .solution import CAMERA_FROM_WORLD

_STALE = 3.0
"""Seconds after which an answer says nothing about the present picture."""


class BodyFinder:
    """Finds the points in pictures of one camera; belongs to one thread after it was made."""

    def __init__(self, body: BodyModel, betas: Float[torch.Tensor, " S"], camera: Camera, network: NlfGs) -> None:
        """
        Raises:
            StudioError: MediaPipe is not installed.
        """
        self._camera = camera
        self._shaped = shape_body(body, betas)
        self._poser = FastPoser(body)
        self._reader = PhotoReader(network, body)
        self._vertices = found_vertices(body)
        self._cropper = PersonCropper(body, network.config.crop_size)

    def find(self, picture: UInt8[np.ndarray, "H W 3"], seen: BodySolution) -> FoundPoints | None:
        """`seen` is what the landmarks say of that picture; None where the picture lacks the body."""
        pose = body_pose(seen.rotations, seen.expression, seen.translation)
        crop = self._cropper.crop(picture, self._camera, self._poser.pose(self._shaped, pose).vertices)
        if crop is None:
            return None
        found = self._reader.find(crop.image, crop.camera, crop.evidence, self._vertices)
        points = found.points.numpy() * np.array(CAMERA_FROM_WORLD)
        return FoundPoints(points=points.astype(np.float32), sigma=found.sigma.numpy().astype(np.float32))

    def close(self) -> None:
        self._cropper.close()


class HeldFinding:
    """A finder on a thread of its own: no picture waits for it, those that come while it is busy are passed over."""

    def __init__(self, body: BodyModel, betas: Float[torch.Tensor, " S"], make: Callable[[], BodyFinder]) -> None:
        """`make` is called on the thread too, for it takes seconds."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="network")
        self._finder = self._thread.submit(make)
        self._poses = PoseFinder(body, betas)
        self._begun: Future[FoundPose | None] | None = None
        self._held: FoundPose | None = None
        self._begun_at = self._held_at = 0.0

    def find(self, picture: UInt8[np.ndarray, "H W 3"], seen: BodySolution, seconds: float) -> FoundPose | None:
        """The newest answer, of this picture or of one that is not long past.

        Raises:
            StudioError: the finder could not be made.
        """
        if self._begun is not None and self._begun.done():
            begun, self._begun = self._begun, None
            self._held, self._held_at = begun.result(), self._begun_at
        if self._begun is None:
            self._begun, self._begun_at = self._thread.submit(self._found, picture, seen), seconds
        return self._held if seconds - self._held_at <= _STALE else None

    def _found(self, picture: UInt8[np.ndarray, "H W 3"], seen: BodySolution) -> FoundPose | None:
        points = self._finder.result().find(picture, seen)
        return None if points is None else self._poses.fit(points)

    def close(self) -> None:
        """Waits for what it is at."""
        self._thread.shutdown()
        if self._finder.exception() is None:
            self._finder.result().close()
