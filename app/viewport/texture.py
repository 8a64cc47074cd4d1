"""Own the storage of the texture that the window shows, so that a new picture needs no copy through DearPyGui.

DearPyGui uploads a `static_texture` once and never looks at it again. Its context is plain OpenGL on Linux: the texture
is made tiny with random content, its GL name is found by that content after the first frame, and from then on its
storage is ours: re-specified at the size of the viewport, written by `glTexSubImage2D` (or, by a renderer on the GPU,
through `gl_name`). Where that cannot be (DearPyGui draws with D3D11 on Windows and Metal on macOS), a `raw_texture`
takes its place: uploaded by DearPyGui on every frame and seen one frame late; `fallback_reason` says why.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable

import dearpygui.dearpygui as dpg
import numpy as np
from jaxtyping import UInt8

PROBE_SIZE = 8
HIGHEST_NAME_SEARCHED = 256
"""DearPyGui has made a handful of textures (its fonts and ours) by the first frame; names count from 1."""


def prepare_environment() -> None:
    """Make PyOpenGL talk GLX: where Wayland is present it would choose EGL, and DearPyGui's context is GLX.

    To be called before anything imports OpenGL.GL.
    """
    if sys.platform.startswith("linux"):
        os.environ["PYOPENGL_PLATFORM"] = "glx"


class ViewportTexture:
    """The picture in the viewport; made before the first frame, `adopt` after it, then `upload` whenever it changes.

    Main thread only, like everything that touches DearPyGui or GL.
    """

    def __init__(self, *, force_raw: bool = False) -> None:
        self._probe = np.random.default_rng().integers(0, 256, (PROBE_SIZE, PROBE_SIZE, 4), dtype=np.uint8)
        self._registry = dpg.add_texture_registry()
        self._force_raw = force_raw
        self._raw: np.ndarray | None = None
        self.gl_name: int | None = None
        """OpenGL's name of the texture; None before `adopt` and where the fallback is at work."""
        self.size = (PROBE_SIZE, PROBE_SIZE)
        """Width and height in pixels."""
        self.fallback_reason = ""
        self.before_resize: Callable[[], None] | None = None
        """Called before the storage is made anew: whoever else holds it must let go."""
        values = (self._probe.astype(np.float32) / 255.0).ravel().tolist()
        self.tag: int | str = dpg.add_static_texture(PROBE_SIZE, PROBE_SIZE, values, parent=self._registry)

    def adopt(self) -> None:
        """Take over the storage; needs one presented frame in which `tag` was drawn."""
        try:
            if self._force_raw:
                raise _NotOurs("asked for by NLFGS_STUDIO_RAW_TEXTURE")
            self.gl_name = _find_by_content(self._probe)
        except _NotOurs as refusal:
            self.fallback_reason = str(refusal)

    def upload(self, rgba: UInt8[np.ndarray, "H W 4"]) -> bool:
        """Show this picture; its size becomes the texture's. True where `tag` is a new one (the image must be told)."""
        height, width = rgba.shape[:2]
        resized = (width, height) != self.size
        self.size = (width, height)
        if self.gl_name is not None:
            if resized and self.before_resize is not None:
                self.before_resize()
            _write(self.gl_name, np.ascontiguousarray(rgba), respecify=resized)
            return False
        return self._upload_raw(rgba)

    def resized(self, width: int, height: int) -> int:
        """OpenGL's name of the texture, its storage of that size and for others to write; only after `adopt`."""
        assert self.gl_name is not None, "DearPyGui owns the storage"
        if (width, height) != self.size:
            if self.before_resize is not None:
                self.before_resize()
            self.size = (width, height)
            _write(self.gl_name, np.zeros((height, width, 4), np.uint8), respecify=True)
        return self.gl_name

    def _upload_raw(self, rgba: UInt8[np.ndarray, "H W 4"]) -> bool:
        height, width = rgba.shape[:2]
        same_storage = self._raw is not None and self._raw.shape == rgba.shape
        if self._raw is None or not same_storage:
            self._raw = np.empty((height, width, 4), np.float32)
        np.multiply(rgba, np.float32(1.0 / 255.0), out=self._raw, casting="unsafe")
        if same_storage:
            return False
        old = self.tag
        self.tag = dpg.add_raw_texture(width, height, self._raw, format=dpg.mvFormat_Float_rgba, parent=self._registry)
        dpg.delete_item(old)
        return True

    def read(self) -> UInt8[np.ndarray, "H W 4"]:
        """The picture as the window has it, from the GPU where it lives there (a wait for the GPU: for inspection)."""
        if self.gl_name is not None:
            return _read(self.gl_name, *self.size)
        assert self._raw is not None, "nothing was uploaded yet"
        return np.rint(self._raw * 255.0).astype(np.uint8)


class _NotOurs(Exception):  # noqa: N818 - a refusal, not a mistake
    """Why the texture's storage cannot be taken over."""


def _find_by_content(probe: UInt8[np.ndarray, "P P 4"]) -> int:
    """The GL name of the texture that holds `probe`, within the rounding of the upload."""
    if sys.platform != "linux":
        raise _NotOurs("DearPyGui does not draw with OpenGL on this system")
    try:
        from OpenGL import GL
        from OpenGL.error import Error as OpenGLError
    except (ImportError, AttributeError) as error:
        raise _NotOurs(f"PyOpenGL cannot be loaded: {error}") from error
    try:
        for name in range(1, HIGHEST_NAME_SEARCHED + 1):
            if GL.glIsTexture(name) and _holds(name, probe):
                return name
    except OpenGLError as error:
        raise _NotOurs(f"OpenGL refused to be read: {type(error).__name__}") from error
    raise _NotOurs("the window's texture was not found in OpenGL")


def _holds(name: int, probe: UInt8[np.ndarray, "P P 4"]) -> bool:
    from OpenGL import GL

    previous = GL.glGetIntegerv(GL.GL_TEXTURE_BINDING_2D)
    GL.glBindTexture(GL.GL_TEXTURE_2D, name)
    try:
        size = tuple(
            int(GL.glGetTexLevelParameteriv(GL.GL_TEXTURE_2D, 0, key))
            for key in (GL.GL_TEXTURE_WIDTH, GL.GL_TEXTURE_HEIGHT)
        )
    finally:
        GL.glBindTexture(GL.GL_TEXTURE_2D, previous)
    if size != (PROBE_SIZE, PROBE_SIZE):
        return False
    return int(np.abs(_read(name, *size).astype(int) - probe).max()) <= 1


def _read(name: int, width: int, height: int) -> UInt8[np.ndarray, "H W 4"]:
    from OpenGL import GL

    pixels = np.empty((height, width, 4), np.uint8)
    previous = GL.glGetIntegerv(GL.GL_TEXTURE_BINDING_2D)
    GL.glBindTexture(GL.GL_TEXTURE_2D, name)
    GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 4)
    GL.glGetTexImage(GL.GL_TEXTURE_2D, 0, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, pixels.ctypes.data_as(ctypes.c_void_p))
    GL.glBindTexture(GL.GL_TEXTURE_2D, previous)
    return pixels


def _write(name: int, rgba: UInt8[np.ndarray, "H W 4"], *, respecify: bool) -> None:
    from OpenGL import GL

    height, width = rgba.shape[:2]
    previous = GL.glGetIntegerv(GL.GL_TEXTURE_BINDING_2D)
    GL.glBindTexture(GL.GL_TEXTURE_2D, name)
    GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 4)
    GL.glPixelStorei(GL.GL_UNPACK_ROW_LENGTH, 0)
    pixels = rgba.ctypes.data_as(ctypes.c_void_p)
    layout = (GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, pixels)
    if respecify:
        GL.glTexImage2D(GL.GL_TEXTURE_2D, 0, GL.GL_RGBA8, width, height, 0, *layout)
    else:
        GL.glTexSubImage2D(GL.GL_TEXTURE_2D, 0, 0, 0, width, height, *layout)
    GL.glBindTexture(GL.GL_TEXTURE_2D, previous)
