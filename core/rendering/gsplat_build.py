"""Whether gsplat's CUDA programs are there, and how they are made: its wheel carries their sources only.

python -m nlfgs_studio.core.rendering.gsplat_build
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import torch

from ..errors import StudioError


def cuda_device() -> torch.device:
    """The device of this thread.

    Raises:
        StudioError: there is none.
    """
    if not torch.cuda.is_available():
        built = "no NVIDIA GPU answers" if torch.version.cuda else "this torch is built without CUDA"
        raise StudioError(f"the gsplat renderer needs CUDA, and {built}", hint="choose cpu or opengl")
    return torch.device("cuda", torch.cuda.current_device())


def is_built() -> bool:
    """Whether gsplat's CUDA programs are there: inside the package, or built by torch before."""
    if importlib.util.find_spec("gsplat.csrc") is not None:
        return True
    from torch.utils.cpp_extension import _get_build_directory

    folder = Path(_get_build_directory("gsplat_cuda", verbose=False))
    return any(folder.glob("gsplat_cuda*.so")) or any(folder.glob("gsplat_cuda*.pyd"))


def build() -> None:
    """Build gsplat's CUDA programs; takes minutes and prints what happens.

    Raises:
        StudioError: they cannot be built here.
    """
    cuda_device()
    try:
        from gsplat.cuda import _backend
    except (ImportError, OSError, RuntimeError) as error:
        lines = str(error).strip().splitlines()
        raise StudioError(
            f"gsplat's CUDA programs cannot be built: {lines[-1] if lines else type(error).__name__}",
            hint="install the CUDA toolkit of torch's version (nvcc) and a C++ compiler",
        ) from error
    if getattr(_backend, "_C", None) is None:
        raise StudioError(
            "gsplat's CUDA programs cannot be built: there is no CUDA toolkit",
            hint=f"install CUDA {torch.version.cuda} with nvcc",
        )


if __name__ == "__main__":
    try:
        build()
    except StudioError as error:
        sys.exit(str(error))
