"""All that a training needs to go on, in one file: safetensors, with the rest as JSON in its header. No pickles."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..errors import StudioError
from ..paths import atomic_write
from .settings import TrainingSettings

FORMAT = "nlfgs-training-1"
KEPT = 2
"""Checkpoints of a folder; others are removed."""

_NAME = re.compile(r"checkpoint-(\d{8})\.safetensors")
_HINT = "go on from another checkpoint of the folder, or begin anew in another folder"
_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingState:
    """How far a training is."""

    step: int = 0
    """Steps that are done."""
    photos: int = 0
    seconds: float = 0.0
    """Of training, over all sittings."""
    commands: tuple[str, ...] = ()
    """Of those sittings, in order; of some that an older version began, nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checkpoint:
    """As read from the disk; `restore` brings its tensors into a network."""

    path: Path
    settings: TrainingSettings
    state: TrainingState
    tensors: Mapping[str, Tensor]


def checkpoint_path(folder: Path, step: int) -> Path:
    """Where the state after so many steps is kept."""
    return folder / f"checkpoint-{step:08d}.safetensors"


def checkpoints(folder: Path) -> list[Path]:
    """Those of a folder, the newest last."""
    return sorted(path for path in folder.glob("checkpoint-*.safetensors") if _NAME.fullmatch(path.name))


def write_checkpoint(
    folder: Path,
    settings: TrainingSettings,
    state: TrainingState,
    network: nn.Module,
    average: nn.Module,
    optimizer: Optimizer,
) -> Path:
    """Whole or not at all; then all others but the newest are removed.

    Raises:
        StudioError: the folder cannot be written to, or the disk is full.
    """
    from safetensors.torch import save

    tensors = {f"network.{name}": value for name, value in network.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in average.state_dict().items()}
    for name, weight in network.named_parameters():
        for moment in _MOMENTS:
            if weight in optimizer.state:
                tensors[f"{moment}.{name}"] = optimizer.state[weight][moment]
    header = {
        "format": FORMAT,
        "settings": settings.to_json(),
        "state": json.dumps(asdict(state)),
    }
    path = checkpoint_path(folder, state.step)
    content = save({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, metadata=header)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)
    for other in [other for other in checkpoints(folder) if other != path][: 1 - KEPT]:
        other.unlink(missing_ok=True)
    return path


def read_checkpoint(path: Path) -> Checkpoint:
    """
    Raises:
        StudioError: the file is missing, damaged, or no checkpoint of this version.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise StudioError(f"there is no file {path}", hint=_HINT)
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a mapping
    except (SafetensorError, OSError) as error:
        raise StudioError(f"the checkpoint {path.name} is damaged: {error}", hint=_HINT) from error
    if header.get("format") != FORMAT:
        raise StudioError(f"{path.name} is no checkpoint that this version can go on from", hint=_HINT)
    try:
        values: dict[str, Any] = json.loads(header["state"])
        state = TrainingState(
            step=int(values["step"]),
            photos=int(values["photos"]),
            seconds=float(values["seconds"]),
            commands=tuple(map(str, values.get("commands", ()))),
        )
        settings = TrainingSettings.from_json(header["settings"])
    except (KeyError, ValueError, TypeError) as error:
        raise StudioError(f"the checkpoint {path.name} is damaged: {error}", hint=_HINT) from error
    return Checkpoint(path=path, settings=settings, state=state, tensors=tensors)


def restore(checkpoint: Checkpoint, network: nn.Module, average: nn.Module, optimizer: Optimizer) -> None:
    """
    Raises:
        StudioError: the network has other sizes than the checkpoint's.
    """
    for prefix, module in (("network", network), ("average", average)):
        _load(checkpoint, prefix, module)
    for name, weight in network.named_parameters():
        moments = [checkpoint.tensors.get(f"{moment}.{name}") for moment in _MOMENTS]
        if any(moment is not None and moment.shape != weight.shape for moment in moments):
            raise StudioError(f"the checkpoint {checkpoint.path.name} is damaged: moments of {name}", hint=_HINT)
        if moments[0] is not None and moments[1] is not None:
            optimizer.state[weight] = {
                "step": torch.tensor(float(checkpoint.state.step)),
                **{
                    key: torch.empty_like(weight).copy_(value)
                    for key, value in zip(_MOMENTS, moments, strict=True)
                    if value is not None
                },
            }


def _load(checkpoint: Checkpoint, prefix: str, module: nn.Module) -> None:
    start = f"{prefix}."
    found = {name[len(start) :]: value for name, value in checkpoint.tensors.items() if name.startswith(start)}
    expected = module.state_dict()
    wrong = sorted(
        name
        for name in expected.keys() | found.keys()
        if name not in expected or name not in found or expected[name].shape != found[name].shape
    )
    if wrong:
        raise StudioError(
            f"{checkpoint.path.name} is of a network of other sizes: {', '.join(wrong[:3])}"
            + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""),
            hint="a training goes on with the network that it began with: leave out changes of network.*",
        )
    module.load_state_dict(found)
