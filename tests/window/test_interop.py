"""CUDA's runtime is called in the right order; whatever goes wrong, pictures reach the window and the person knows."""

from __future__ import annotations

import enum
import types

import numpy as np
import pytest
import torch
from nlfgs_studio.app.viewport.interop import CudaTexture, InteropError, known_pattern, open_interop

CPU = torch.device("cpu")


class _Answer(enum.Enum):
    cudaSuccess = 0  # noqa: N815 - CUDA's name
    cudaErrorUnknown = 30  # noqa: N815


class _Runtime:
    """Keeps a list of what is called, and an array for what is copied; fails where it is told to."""

    cudaError_t = _Answer  # noqa: N815
    cudaGraphicsRegisterFlags = types.SimpleNamespace(cudaGraphicsRegisterFlagsWriteDiscard=2)  # noqa: N815
    cudaMemcpyKind = types.SimpleNamespace(cudaMemcpyDeviceToDevice=3)  # noqa: N815

    def __init__(self, texture, fails=""):
        self.calls, self._texture, self.fails = [], texture, fails

    def __getattr__(self, name):
        if not name.startswith("cuda"):
            raise AttributeError(name)

        def call(*arguments):
            short = name.removeprefix("cudaGraphics").removeprefix("cuda")
            self.calls.append(short)
            if short == self.fails:
                return (_Answer.cudaErrorUnknown,)
            if short == "GLRegisterImage":
                assert arguments == (self._texture.gl_name, 0x0DE1, 2)
                return _Answer.cudaSuccess, "resource"
            if short == "SubResourceGetMappedArray":
                assert arguments == ("resource", 0, 0)
                return _Answer.cudaSuccess, "array"
            if short == "Memcpy2DToArrayAsync":
                array, x, y, pointer, pitch, row, height, kind, _stream = arguments
                assert (array, x, y, kind) == ("array", 0, 0, 3)
                assert pitch == row
                self._texture.receive(pointer, row, height)
            return (_Answer.cudaSuccess,)

        return call


class _Texture:
    """As `ViewportTexture`, in the host's memory."""

    def __init__(self):
        self.gl_name, self.size, self.fallback_reason, self.before_resize = 7, (8, 8), "", None
        self.pixels = np.zeros((8, 8, 4), np.uint8)

    def resized(self, width, height):
        if (width, height) != self.size:
            if self.before_resize is not None:
                self.before_resize()
            self.size, self.pixels = (width, height), np.zeros((height, width, 4), np.uint8)
        return self.gl_name

    def receive(self, pointer, row, height):
        import ctypes

        assert (row, height) == (4 * self.size[0], self.size[1])
        data = (ctypes.c_uint8 * (row * height)).from_address(pointer)
        self.pixels = np.frombuffer(data, np.uint8).reshape(height, row // 4, 4).copy()

    def read(self):
        return self.pixels


def _picture(width, height):
    return torch.arange(width * height * 4, dtype=torch.int32).to(torch.uint8).reshape(height, width, 4)


ONE_WRITE = ["MapResources", "SubResourceGetMappedArray", "Memcpy2DToArrayAsync", "UnmapResources"]


def test_a_texture_is_registered_once_for_each_size_and_given_back_before_it_changes():
    texture = _Texture()
    runtime = _Runtime(texture)
    interop = CudaTexture(texture, runtime)
    interop.write(_picture(5, 3))
    interop.write(_picture(5, 3))
    assert runtime.calls == ["GLRegisterImage", *ONE_WRITE, *ONE_WRITE]
    runtime.calls.clear()
    interop.write(_picture(6, 4))
    assert runtime.calls == ["UnregisterResource", "GLRegisterImage", *ONE_WRITE]
    assert np.array_equal(texture.pixels, _picture(6, 4).numpy())
    runtime.calls.clear()
    interop.release()
    interop.release()
    assert runtime.calls == ["UnregisterResource"]


def test_a_picture_that_is_not_contiguous_arrives_as_it_is():
    texture = _Texture()
    picture = _picture(6, 4).flip(0)[:, ::2]
    CudaTexture(texture, _Runtime(texture)).write(picture)
    assert np.array_equal(texture.pixels, picture.numpy())


def test_resizing_a_thousand_times_registers_no_more_than_it_gives_back():
    texture = _Texture()
    runtime = _Runtime(texture)
    interop = CudaTexture(texture, runtime)
    for step in range(1000):
        interop.write(_picture(2 + step % 7, 3))
    interop.release()
    assert runtime.calls.count("GLRegisterImage") == runtime.calls.count("UnregisterResource") == 1000


@pytest.mark.parametrize("call", ["MapResources", "SubResourceGetMappedArray", "Memcpy2DToArrayAsync"])
def test_a_failure_leaves_nothing_mapped(call):
    texture = _Texture()
    runtime = _Runtime(texture, fails=call)
    with pytest.raises(InteropError, match="CUDA could not"):
        CudaTexture(texture, runtime).write(_picture(5, 3))
    assert (runtime.calls[-1] == "UnmapResources") == (call != "MapResources")


def test_the_pattern_is_written_and_read_back_before_anything_is_trusted():
    texture = _Texture()
    interop, reason = open_interop(texture, CPU, lambda: _Runtime(texture))
    assert interop is not None
    assert reason == ""
    assert np.array_equal(texture.pixels, known_pattern(64))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda texture: setattr(texture, "gl_name", None), "texture"),
        (lambda texture: setattr(texture, "read", lambda: np.zeros((64, 64, 4), np.uint8)), "did not get the picture"),
        (lambda _: None, "could not register the texture: cudaErrorUnknown"),
    ],
)
def test_where_it_does_not_work_the_reason_is_given(spoil, reason):
    texture = _Texture()
    spoil(texture)
    fails = "GLRegisterImage" if "register" in reason else ""
    interop, told = open_interop(texture, CPU, lambda: _Runtime(texture, fails=fails))
    assert interop is None
    assert reason in told
    assert texture.before_resize is None


def test_without_cuda_python_the_reason_is_given():
    def load():
        raise ImportError("no module named cuda")

    assert open_interop(_Texture(), CPU, load) == (None, "cuda-python cannot be loaded: no module named cuda")


def test_the_installed_cuda_python_takes_the_calls_as_they_are_made():
    """Without a driver each answers an error; what must not happen is that it refuses the kinds of the arguments."""
    runtime = pytest.importorskip("cuda.bindings.runtime")
    texture = _Texture()
    interop = CudaTexture(texture, runtime)
    if torch.cuda.is_available():
        pytest.skip("with a driver the texture's name would be looked up")
    with pytest.raises(InteropError, match="register the texture: cudaError"):
        interop.write(_picture(5, 3))
    resource = runtime.cudaGraphicsResource_t(0)
    assert runtime.cudaGraphicsMapResources(1, resource, 0)[0] != runtime.cudaError_t.cudaSuccess
    assert runtime.cudaGraphicsSubResourceGetMappedArray(resource, 0, 0)[0] != runtime.cudaError_t.cudaSuccess
    pointer, kind = _picture(5, 3).data_ptr(), runtime.cudaMemcpyKind.cudaMemcpyDeviceToDevice
    copied = runtime.cudaMemcpy2DToArrayAsync(runtime.cudaArray_t(0), 0, 0, pointer, 20, 20, 3, kind, 0)
    assert copied[0] != runtime.cudaError_t.cudaSuccess
    assert runtime.cudaGraphicsUnmapResources(1, resource, 0)[0] != runtime.cudaError_t.cudaSuccess
    assert runtime.cudaGraphicsUnregisterResource(resource)[0] != runtime.cudaError_t.cudaSuccess
