"""The textures that pictures are summed in, and the framebuffers around them."""

# PyOpenGL's annotations say None for what its wrappers do return.
# pyright: reportArgumentType=false, reportOperatorIssue=false

from __future__ import annotations

import ctypes
from typing import Any

from OpenGL import GL

from ..errors import StudioError


class Targets:
    """The textures that pictures of one size are summed in."""

    def __init__(self, width: int, height: int, *, exact: bool) -> None:
        self.width, self.height, self.exact = width, height, exact
        self._screen: int | None = None
        layout = GL.GL_RGBA32F if exact else GL.GL_RGBA16F
        self.accumulated = _texture(layout, width, height)
        self._deep = _texture(layout, width, height) if exact else None
        self._depth = int(GL.glGenRenderbuffers(1))
        GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, self._depth)
        GL.glRenderbufferStorage(GL.GL_RENDERBUFFER, GL.GL_DEPTH_COMPONENT24, width, height)
        self.sums, self.covered = (int(name) for name in GL.glGenFramebuffers(2))
        for framebuffer in (self.covered, self.sums):
            GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, framebuffer)
            GL.glFramebufferRenderbuffer(GL.GL_FRAMEBUFFER, GL.GL_DEPTH_ATTACHMENT, GL.GL_RENDERBUFFER, self._depth)
            if framebuffer == self.covered:
                GL.glDrawBuffer(GL.GL_NONE)
                GL.glReadBuffer(GL.GL_NONE)
                require_complete()
        used = [GL.GL_COLOR_ATTACHMENT0]
        if self._deep is not None:
            used.append(GL.GL_COLOR_ATTACHMENT1)
        for attachment, texture in zip(used, (self.accumulated, self._deep), strict=False):
            GL.glFramebufferTexture2D(GL.GL_FRAMEBUFFER, attachment, GL.GL_TEXTURE_2D, texture, 0)
        GL.glDrawBuffers(len(used), used)
        require_complete()

    def clear(self) -> None:
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self.sums)
        GL.glDepthMask(True)
        for buffer in range(2 if self.exact else 1):
            GL.glClearBufferfv(GL.GL_COLOR, buffer, (ctypes.c_float * 4)())
        GL.glClearBufferfv(GL.GL_DEPTH, 0, (ctypes.c_float * 1)(1.0))

    def screen(self) -> int:
        """A texture of bytes of this size."""
        if self._screen is None:
            self._screen = _texture(GL.GL_RGBA8, self.width, self.height)
        return self._screen

    def close(self) -> None:
        GL.glDeleteFramebuffers(2, [self.sums, self.covered])
        GL.glDeleteRenderbuffers(1, [self._depth])
        GL.glDeleteTextures([name for name in (self.accumulated, self._deep, self._screen) if name is not None])


def _texture(layout: Any, width: int, height: int) -> int:
    name = int(GL.glGenTextures(1))
    GL.glActiveTexture(GL.GL_TEXTURE0)
    GL.glBindTexture(GL.GL_TEXTURE_2D, name)
    GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_MIN_FILTER, GL.GL_NEAREST)
    GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_MAG_FILTER, GL.GL_NEAREST)
    GL.glTexImage2D(GL.GL_TEXTURE_2D, 0, layout, width, height, 0, GL.GL_RGBA, GL.GL_FLOAT, None)
    return name


def require_complete() -> None:
    """
    Raises:
        StudioError: what is bound cannot be drawn into.
    """
    status = GL.glCheckFramebufferStatus(GL.GL_FRAMEBUFFER)
    if status != GL.GL_FRAMEBUFFER_COMPLETE:
        raise StudioError(
            f"this graphics card's OpenGL cannot draw into float textures (status {int(status):#x})",
            hint="draw on the processor",
        )
