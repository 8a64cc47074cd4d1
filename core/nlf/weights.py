"""Weights on the disk: safetensors with the config in its header, in one file."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

import torch

from ..errors import StudioError
from ..paths import atomic_write
from .config import NetworkConfig
from .network import NlfGs

ASSETS = f"{__name__.partition('.')[0]}.assets"
"""The package of what ships."""

SHIPPED = "prior-v1.safetensors"

_HINT = "NLF-GS weights are .safetensors files made by `nlfgs-studio train-prior`"


def write_weights(path: Path, network: NlfGs, *, facts: dict[str, str] | None = None) -> None:
    """Half precision, whole or not at all; `facts` say how they were made (seed, steps, hours).

    Raises:
        StudioError: the file cannot be written.
    """
    from safetensors.torch import save

    tensors = {
        name: tensor.detach().cpu().to(torch.float16 if tensor.is_floating_point() else tensor.dtype).contiguous()
        for name, tensor in network.state_dict().items()
    }
    content = save(tensors, metadata={"config": network.config.to_json(), **(facts or {})})
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def shipped_weights() -> Path:
    """The prior that comes with the program.

    Raises:
        StudioError: this copy of the program carries none.
    """
    path = Path(str(importlib.resources.files(ASSETS))) / SHIPPED
    if not path.is_file():
        raise StudioError(
            "this copy of the program carries no trained network",
            hint="install the program again, or name weights of your own made by `nlfgs-studio train-prior`",
        )
    return path


def read_facts(path: Path) -> dict[str, str]:
    """How the weights of that file were made.

    Raises:
        StudioError: the file is missing or damaged.
    """
    metadata, _ = _read(path, tensors=False)
    return {name: value for name, value in metadata.items() if name != "config"}


def read_weights(path: Path) -> NlfGs:
    """The network of that file, in float32, in evaluation mode.

    Raises:
        StudioError: the file is missing or damaged, or its weights do not fit its config (each mismatch is named).
    """
    metadata, tensors = _read(path)
    network = NlfGs(NetworkConfig.from_json(metadata["config"]), pretrained=False)
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    wrong = [
        f"{name}: {found.get(name, 'missing')} instead of {expected.get(name, 'nothing')}"
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise StudioError(
            f"the weights in {path.name} do not fit their config: {'; '.join(wrong[:3])}{more}", hint=_HINT
        )
    network.load_state_dict(
        {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    )
    return network.eval()


def _read(path: Path, *, tensors: bool = True) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise StudioError(f"there is no file {path}", hint=_HINT)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            names = file.keys() if tensors else ()
            content = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise StudioError(f"{path.name} cannot be read: {error}", hint=_HINT) from error
    if "config" not in metadata:
        raise StudioError(f"{path.name} holds no NLF-GS network", hint=_HINT)
    return metadata, content
