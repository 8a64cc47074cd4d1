"""One photo to an avatar: the person is found, the network reads the crop, what it says is the avatar."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

import numpy as np
from jaxtyping import UInt8

from ..avatar.avatar import Avatar, Provenance
from ..body.model import BodyModel
from ..images import read_image, to_uint8
from ..nlf.network import NlfGs
from ..nlf.reader import PhotoReader, Reading
from ..nlf.weights import read_weights, shipped_weights
from ..tracking.photo_evidence import PhotoEvidence, PhotoWitness
from ..tracking.tracker import prepare
from .close_up import with_close_up

MADE_BY = "nlf-gs"
LONGEST_SIDE = 1600
"""Pixels; the crop has a few hundred, and the detectors look at fewer still."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoAvatar:
    """What came of a photo; only the avatar is ever kept."""

    avatar: Avatar
    body: BodyModel
    picture: UInt8[np.ndarray, "H W 3"]
    evidence: PhotoEvidence
    reading: Reading
    seconds: Mapping[str, float]
    """That each stage took."""


def read_photo(path: Path) -> UInt8[np.ndarray, "H W 3"]:
    """A picture file as large as is of use.

    Raises:
        StudioError: it cannot be read.
    """
    return to_uint8(read_image(path, longest_side=LONGEST_SIDE))


class PhotoCreator:
    """Makes avatars of one body from photos; belongs to one thread, holds its models until it is closed."""

    def __init__(self, body: BodyModel, network: NlfGs, report: Callable[[float, str], None] = lambda *_: None) -> None:
        """Loads and prepares everything, which takes seconds.

        Raises:
            StudioError: MediaPipe is not installed, or the body is too coarse for the network.
        """
        prepare(body, lambda fraction, message: report(0.6 * fraction, message))
        self._body = body
        report(0.6, "preparing the network")
        self.reader = PhotoReader(network, body)
        report(0.8, "loading the detectors")
        self.witness = PhotoWitness(body, network.config.crop_size)

    def create(
        self,
        picture: UInt8[np.ndarray, "H W 3"],
        name: str,
        *,
        field_of_view: float | None = None,
        report: Callable[[float, str], None] = lambda *_: None,
    ) -> PhotoAvatar:
        """The avatar of the most prominent person; `field_of_view` in degrees over the longer side, where it is known.

        Raises:
            StudioError: nobody is seen in it.
        """
        moments = [time.perf_counter()]

        def begin(fraction: float, message: str) -> None:
            moments.append(time.perf_counter())
            report(fraction, message)

        report(0.0, "looking for the person")
        evidence = self.witness.see(picture, name, field_of_view=field_of_view)
        begin(0.4, "finding every point of the body")
        crop = evidence.crop
        reading = self.reader.read(crop.image, crop.camera, crop.evidence)
        begin(0.8, "looking at the face from nearby")
        if evidence.head is not None:
            reading = with_close_up(self.reader, reading, crop, evidence.head)
        begin(1.0, "done")
        avatar = Avatar(
            name=Path(name).stem,
            body=self._body.identity,
            betas=reading.fit.betas,
            template=reading.template,
            parameters=reading.parameters,
            provenance=_provenance(),
        )
        stages = zip(("detect", "network", "close-up"), np.diff(moments).tolist(), strict=True)
        return PhotoAvatar(
            avatar=avatar,
            body=self._body,
            picture=picture,
            evidence=evidence,
            reading=reading,
            seconds=MappingProxyType(dict(stages)),
        )

    def close(self) -> None:
        self.witness.close()

    def __enter__(self) -> PhotoCreator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def photo_creator(
    body: BodyModel, weights: Path | None = None, report: Callable[[float, str], None] = lambda *_: None
) -> PhotoCreator:
    """With the weights of that file, or with those that ship.

    Raises:
        StudioError: as `PhotoCreator`; or there are no such weights.
    """
    return PhotoCreator(body, read_weights(weights or shipped_weights()), report)


def _provenance() -> Provenance:
    """How many pictures and when, never the picture."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    details = (("version", version("nlfgs-studio")), ("photos", "1"), ("made", now))
    return Provenance(made_by=MADE_BY, details=details)
