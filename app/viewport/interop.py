"""Pictures from CUDA into the window's OpenGL texture, by one copy on the device.

The texture is registered with CUDA once for each size and must be given back before its storage changes:
`ViewportTexture` calls `release` then. Whether it works at all depends on drivers, so a pattern is written and read
back first; where that fails pictures go through the host's memory, and `reason` says why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from .texture import ViewportTexture

GL_TEXTURE_2D = 0x0DE1
PATTERN_SIDE = 64


class InteropError(Exception):
    """CUDA refused; says what and why."""


class CudaTexture:
    """Writes device memory into the viewport's texture; main thread only, like the texture."""

    def __init__(self, texture: ViewportTexture, cudart: Any) -> None:
        self._texture = texture
        self._cudart = cudart
        self._resource: Any = None
        texture.before_resize = self.release

    def write(self, rgba: UInt8[Tensor, "H W 4"]) -> None:
        """Show bytes that lie on the device; queued on torch's stream, the host does not wait.

        Raises:
            InteropError: CUDA refuses.
        """
        if not rgba.is_contiguous():
            rgba = rgba.contiguous()
        height, width = int(rgba.shape[0]), int(rgba.shape[1])
        name = self._texture.resized(width, height)
        if self._resource is None:
            self._resource = self._register(name)
        stream = torch.cuda.current_stream(rgba.device).cuda_stream if rgba.is_cuda else 0
        self._check(self._cudart.cudaGraphicsMapResources(1, self._resource, stream), "map the texture")
        try:
            array = self._check(
                self._cudart.cudaGraphicsSubResourceGetMappedArray(self._resource, 0, 0), "reach the texture"
            )
            row = 4 * width
            copy = self._cudart.cudaMemcpy2DToArrayAsync(
                array,
                0,
                0,
                rgba.data_ptr(),
                row,
                row,
                height,
                self._cudart.cudaMemcpyKind.cudaMemcpyDeviceToDevice,
                stream,
            )
            self._check(copy, "copy into the texture")
        finally:
            # Afterwards OpenGL's commands wait for the copy, on the device.
            unmapped = self._cudart.cudaGraphicsUnmapResources(1, self._resource, stream)
        self._check(unmapped, "give the texture back to OpenGL")

    def release(self) -> None:
        """Take the texture out of CUDA's hands; it is registered again when it is next written.

        Raises:
            InteropError: CUDA refuses.
        """
        if self._resource is not None:
            resource, self._resource = self._resource, None
            self._check(self._cudart.cudaGraphicsUnregisterResource(resource), "release the texture")

    def test(self, device: torch.device) -> None:
        """Write a pattern and look whether the window has it.

        Raises:
            InteropError: it has something else, or CUDA refuses.
        """
        pattern = known_pattern(PATTERN_SIDE)
        self.write(torch.from_numpy(pattern).to(device))
        if not np.array_equal(self._texture.read(), pattern):
            raise InteropError("the window did not get the picture that CUDA was given")

    def _register(self, name: int) -> Any:
        flags = self._cudart.cudaGraphicsRegisterFlags.cudaGraphicsRegisterFlagsWriteDiscard
        return self._check(self._cudart.cudaGraphicsGLRegisterImage(name, GL_TEXTURE_2D, flags), "register the texture")

    def _check(self, answer: tuple[Any, ...], doing: str) -> Any:
        """The value of a call's answer, which begins with its error."""
        error = answer[0]
        if error != self._cudart.cudaError_t.cudaSuccess:
            raise InteropError(f"CUDA could not {doing}: {getattr(error, 'name', error)}")
        return answer[1] if len(answer) > 1 else None


def known_pattern(side: int) -> UInt8[np.ndarray, "S S 4"]:
    """A picture in which rows, columns and channels all differ."""
    rows, columns = np.mgrid[0:side, 0:side]
    return np.stack([rows * 3, columns * 3, (rows ^ columns) * 2, 255 - rows], axis=-1).astype(np.uint8)


def open_interop(
    texture: ViewportTexture, device: torch.device, load: Callable[[], Any] | None = None
) -> tuple[CudaTexture | None, str]:
    """A tested way from CUDA into the texture, or None and the reason why there is none."""
    if texture.gl_name is None:
        return None, texture.fallback_reason or "the window's texture is not there yet"
    try:
        cudart = (load or _cudart)()
    except (ImportError, OSError, RuntimeError) as error:
        return None, f"cuda-python cannot be loaded: {error}"
    interop = CudaTexture(texture, cudart)
    try:
        interop.test(device)
    except InteropError as error:
        texture.before_resize = None
        return None, str(error)
    return interop, ""


def _cudart() -> Any:
    from cuda.bindings import runtime  # pyright: ignore[reportAttributeAccessIssue] - compiled, without annotations

    return runtime
