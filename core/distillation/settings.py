"""How a network is trained: a value that travels with every checkpoint, and can be changed when training goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from ..errors import StudioError
from ..nlf.config import NetworkConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class LossWeights:
    """What the terms of `objectives` count. Lengths are in metres there, colours in [0, 1]."""

    relative: float = 1.0
    pixels: float = 1.0
    heat: float = 0.2
    """The heatmap's cross-entropy: what a network from nothing learns fastest by (DESIGN §4)."""
    absolute: float = 0.1
    colors: float = 2.0
    hidden: float = 0.3
    """Of a Gaussian that the photo does not show, beside 1 of one that it does."""
    offsets: float = 5.0
    kernels: float = 0.1
    opacities: float = 0.2
    pictures: float = 1.0
    dissimilarity: float = 0.2
    """Of a picture, beside 1 - this of its mean difference (Kerbl et al. 2023)."""
    silhouettes: float = 0.5
    oversizes: float = 0.1
    """Of giants and needles. This and what follows is to be far below what the truth pulls with."""
    departures: float = 0.02
    """Of Gaussians from the skin: 1 in 250 of what the truth pulls with from a centimetre on."""
    indecision: float = 0.002
    """Of Gaussians that are half there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """Of `trainer.train`. Shares of the training are of its whole length, in steps or in time."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    weights: LossWeights = field(default_factory=LossWeights)
    seed: int = 0
    steps: int = 20_000
    batch: int = 16
    """Photos in a step, of all processes together."""
    points: int = 256
    """Labelled Gaussians of a photo."""
    workers: int = 1
    """Processes that make photos, for each process that trains; 0 makes them in between."""
    learning_rate: float = 1e-3
    backbone_rate: float = 1.0
    """Of the learning rate, for a backbone; less where it was trained before."""
    warm_up: int = 300
    """Steps in which the learning rate rises."""
    last_rate: float = 0.02
    """Of the learning rate, at the end."""
    weight_decay: float = 0.02
    clip: float = 1.0
    """Largest norm of the gradient."""
    averaging: float = 0.999
    """Of the weights over steps; the average is what is evaluated and shipped."""
    evidence_dropped: float = 0.25
    """Of the photos, in which the network is given no evidence at all."""
    part_dropped: float = 0.15
    """Of the others, in which it lacks the fitted body; and as many lack the person's mask."""
    own_places: float = 0.5
    """Of the photos, in the end, in which Gaussians are decoded where they were found instead of where they are."""
    absolute_from: float = 0.1
    offsets_from: float = 0.05
    harmonics_from: float = 0.6
    """From where on degrees of the harmonics above 0 are let in, one after the other, evenly up to the end."""
    pictures_from: float = 0.2
    pictures_every: int = 16
    """Steps from one with terms on rendered pictures to the next; 0 for none."""
    picture_side: int = 128
    """Pixels."""
    log_every: int = 50
    minutes_between_checkpoints: float = 10.0
    mixed_precision: bool = True
    """On CUDA."""

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "points", "warm_up", "log_every", "picture_side"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, not {getattr(self, name)}")
        for name in ("seed", "workers", "pictures_every"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be below 0")
        for name in ("learning_rate", "clip", "minutes_between_checkpoints"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0")
        for name in ("evidence_dropped", "part_dropped", "own_places", "averaging", "last_rate"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must lie in 0 to 1")

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> TrainingSettings:
        """The inverse of `to_json`; what a newer version added has its default.

        Raises:
            StudioError: the text is no such settings, or has entries that this version does not know.
        """
        try:
            values: Any = json.loads(text)
        except ValueError as error:
            raise StudioError("the training's settings are no JSON", hint=_VERSIONS) from error
        if not isinstance(values, dict):
            raise StudioError("the training's settings hold no names and values", hint=_VERSIONS)
        network = NetworkConfig.from_json(json.dumps(values.pop("network", {})))
        weights = values.pop("weights", {})
        if not isinstance(weights, dict):
            raise StudioError("the training's settings have no weights by name", hint=_VERSIONS)
        settings = replace(TrainingSettings(), network=network)
        flat = {**values, **{f"weights.{name}": value for name, value in weights.items()}}
        return changed(settings, {name: json.dumps(value) for name, value in flat.items()})


_VERSIONS = "the training and the program come from different versions"

PRESETS: Mapping[str, TrainingSettings] = {
    # Two cores: one process makes photos, about a fifth of the whole; two threads train.
    "cpu-small": TrainingSettings(
        network=NetworkConfig(channels=128, width=96),
        weights=LossWeights(relative=3.0, pixels=3.0, colors=3.0),
        batch=8,
        points=160,
        learning_rate=7e-4,
        averaging=0.998,
    ),
    "gpu": TrainingSettings(
        network=NetworkConfig(
            encoder="convnextv2-nano", image_size=256, stride=16, channels=256, width=256, sh_degree=1
        ),
        steps=200_000,
        batch=64,
        points=1024,
        workers=14,
        learning_rate=5e-4,
        warm_up=2000,
        averaging=0.9995,
        pictures_every=4,
        picture_side=256,
        log_every=200,
    ),
    "cluster": TrainingSettings(
        network=NetworkConfig(
            encoder="facebook/dinov2-base", image_size=256, stride=16, channels=384, width=384, sh_degree=3
        ),
        steps=300_000,
        batch=512,
        points=1024,
        workers=12,
        learning_rate=2.1e-4,
        backbone_rate=0.15,
        warm_up=5000,
        averaging=0.9998,
        pictures_every=4,
        picture_side=256,
        log_every=200,
    ),
}
"""By the machine that each is for."""


def changed(settings: TrainingSettings, changes: Mapping[str, str]) -> TrainingSettings:
    """With values by name, as in {"learning_rate": "5e-4", "weights.heat": "0.1", "network.channels": "256"}.

    Raises:
        StudioError: there is no such setting, or the value does not fit it.
    """
    for path, text in changes.items():
        *owners, name = path.split(".")
        owner = _owner(settings, owners, path)
        known = {each.name for each in fields(owner)}
        if name not in known or name in {"network", "weights"}:
            raise StudioError(f"there is no setting {path!r}", hint=f"known are: {', '.join(sorted(known))}")
        try:
            new = replace(owner, **{name: _value(text, like=getattr(owner, name))})
        except ValueError as error:
            raise StudioError(f"{path} cannot be {text}: {error}", hint="--set NAME=VALUE, as in steps=5000") from error
        settings = replace(settings, **{owners[0]: new}) if owners else new
    return settings


def _owner(settings: TrainingSettings, owners: Sequence[str], path: str) -> Any:
    if not owners:
        return settings
    if owners not in (["network"], ["weights"]):
        raise StudioError(f"there is no setting {path!r}", hint="settings within others are network.* and weights.*")
    return getattr(settings, owners[0])


def _value(text: str, *, like: bool | int | float | str) -> bool | int | float | str:
    if isinstance(like, bool):
        if text.lower() not in {"true", "false"}:
            raise ValueError("it is true or false")
        return text.lower() == "true"
    if isinstance(like, str):
        return text.strip('"')
    return type(like)(text)
