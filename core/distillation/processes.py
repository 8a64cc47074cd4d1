"""One process of a training, or one of many that `torchrun` started."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import distributed, nn

from ..errors import StudioError


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """Which of how many this one is, and what it computes on."""

    rank: int = 0
    count: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def leads(self) -> bool:
        """Whether this one writes files and speaks."""
        return self.rank == 0

    def shared(self, module: nn.Module) -> nn.Module:
        """The module, such that backward passes leave the mean of all processes' gradients in each of them."""
        return nn.parallel.DistributedDataParallel(module) if self.count > 1 else module

    def largest(self, *values: float) -> tuple[float, ...]:
        """Each value's maximum over the processes: what they must agree on."""
        if self.count == 1:
            return values
        together = torch.tensor(values, device=self.device, dtype=torch.float64)
        distributed.all_reduce(together, distributed.ReduceOp.MAX)
        return tuple(together.tolist())


@contextlib.contextmanager
def joined(device: str = "auto") -> Iterator[Processes]:
    """This process among those of `torchrun`, by the environment that it sets; alone without it.

    Raises:
        StudioError: the device is not there.
    """
    count, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    kind = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    if kind == "cuda":
        if not torch.cuda.is_available():
            raise StudioError("there is no CUDA device", hint="--device cpu, or install torch with CUDA")
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        chosen = torch.device("cuda", torch.cuda.current_device())
    else:
        chosen = torch.device("cpu")
    if count == 1:
        yield Processes(device=chosen)
        return
    distributed.init_process_group("nccl" if kind == "cuda" else "gloo")
    try:
        yield Processes(rank=rank, count=count, device=chosen)
    finally:
        distributed.destroy_process_group()
