"""What a guest leaves as it found it: the state of OpenGL around drawing in a context that others draw in too."""

# PyOpenGL's annotations say None for what its wrappers do return.
# pyright: reportArgumentType=false, reportOperatorIssue=false

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from OpenGL import GL
from OpenGL.error import Error as OpenGLError

from ..errors import StudioError
from .opengl_context import Context

_CAPABILITIES = (
    GL.GL_BLEND,
    GL.GL_CULL_FACE,
    GL.GL_DEPTH_TEST,
    GL.GL_SCISSOR_TEST,
    GL.GL_STENCIL_TEST,
    GL.GL_FRAMEBUFFER_SRGB,
    GL.GL_RASTERIZER_DISCARD,
    GL.GL_PRIMITIVE_RESTART,
    GL.GL_COLOR_LOGIC_OP,
    GL.GL_POLYGON_OFFSET_FILL,
    GL.GL_SAMPLE_ALPHA_TO_COVERAGE,
)
_PIXEL_STORE = (
    GL.GL_PACK_ALIGNMENT,
    GL.GL_PACK_ROW_LENGTH,
    GL.GL_PACK_SKIP_ROWS,
    GL.GL_PACK_SKIP_PIXELS,
    GL.GL_UNPACK_ALIGNMENT,
    GL.GL_UNPACK_ROW_LENGTH,
    GL.GL_UNPACK_SKIP_ROWS,
    GL.GL_UNPACK_SKIP_PIXELS,
)
NUM_UNITS = 2
"""Texture units that the renderer uses: the first ones."""


def _integer(name: Any) -> int:
    return int(GL.glGetIntegerv(name))


@contextlib.contextmanager
def drawing_in(context: Context) -> Iterator[None]:
    """Our context is current and in a known state; afterwards all is as it was.

    Raises:
        StudioError: OpenGL has failed, or the context was lost.
    """
    try:
        with context.current(), kept_state():
            yield
    except OpenGLError as error:
        raise StudioError(
            f"OpenGL has failed on this machine: {_in_short(error)}", hint="the processor can draw in its place"
        ) from error


def _in_short(error: OpenGLError) -> str:
    """PyOpenGL's errors print everything about the call; the person needs its name and what it answered."""
    operation, code = getattr(error, "baseOperation", None), getattr(error, "err", None)
    name = getattr(operation, "__name__", type(error).__name__)
    return f"{name} answered {code:#x}" if isinstance(code, int) else name


@contextlib.contextmanager
def kept_state() -> Iterator[None]:
    """While the block runs OpenGL is in the state that drawing splats starts from; afterwards in that from before."""
    restore = _record()
    for capability in _CAPABILITIES:
        GL.glDisable(capability)
    GL.glColorMask(True, True, True, True)
    GL.glDepthMask(True)
    GL.glPolygonMode(GL.GL_FRONT_AND_BACK, GL.GL_FILL)
    GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 4)
    GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 4)
    for name in _PIXEL_STORE:
        if name not in (GL.GL_PACK_ALIGNMENT, GL.GL_UNPACK_ALIGNMENT):
            GL.glPixelStorei(name, 0)
    for unit in range(NUM_UNITS):
        GL.glBindSampler(unit, 0)
    GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, 0)
    GL.glBindBuffer(GL.GL_PIXEL_UNPACK_BUFFER, 0)
    try:
        yield
    finally:
        # After a failure the rest is still brought back, as far as it can be.
        refusals = [error for step in restore if (error := _refusal(step)) is not None]
        if refusals:
            raise refusals[0]


def _refusal(step: Callable[[], Any]) -> OpenGLError | None:
    try:
        step()
    except OpenGLError as error:
        return error
    return None


def _record() -> list[Callable[[], Any]]:
    """The calls that bring back all that is now set, of what the renderer changes or relies on."""
    steps: list[Callable[[], Any]] = []

    def later(function: Callable[..., Any], *arguments: Any) -> None:
        steps.append(lambda: function(*arguments))

    for capability in _CAPABILITIES:
        later(GL.glEnable if GL.glIsEnabled(capability) else GL.glDisable, capability)
    for name in _PIXEL_STORE:
        later(GL.glPixelStorei, name, _integer(name))
    later(GL.glBindFramebuffer, GL.GL_DRAW_FRAMEBUFFER, _integer(GL.GL_DRAW_FRAMEBUFFER_BINDING))
    later(GL.glBindFramebuffer, GL.GL_READ_FRAMEBUFFER, _integer(GL.GL_READ_FRAMEBUFFER_BINDING))
    later(GL.glBindRenderbuffer, GL.GL_RENDERBUFFER, _integer(GL.GL_RENDERBUFFER_BINDING))
    later(GL.glViewport, *(int(side) for side in GL.glGetIntegerv(GL.GL_VIEWPORT)))
    later(GL.glUseProgram, _integer(GL.GL_CURRENT_PROGRAM))
    later(GL.glBindVertexArray, _integer(GL.GL_VERTEX_ARRAY_BINDING))
    later(GL.glBindBuffer, GL.GL_ARRAY_BUFFER, _integer(GL.GL_ARRAY_BUFFER_BINDING))
    later(GL.glBindBuffer, GL.GL_PIXEL_PACK_BUFFER, _integer(GL.GL_PIXEL_PACK_BUFFER_BINDING))
    later(GL.glBindBuffer, GL.GL_PIXEL_UNPACK_BUFFER, _integer(GL.GL_PIXEL_UNPACK_BUFFER_BINDING))
    # The texture buffer's generic binding cannot be asked for in 3.3 and drawing never depends on it.
    later(
        GL.glBindBuffer,
        GL.GL_TRANSFORM_FEEDBACK_BUFFER,
        _integer(GL.GL_TRANSFORM_FEEDBACK_BUFFER_BINDING),
    )
    later(
        GL.glBlendFuncSeparate,
        *(
            _integer(name)
            for name in (GL.GL_BLEND_SRC_RGB, GL.GL_BLEND_DST_RGB, GL.GL_BLEND_SRC_ALPHA, GL.GL_BLEND_DST_ALPHA)
        ),
    )
    later(GL.glBlendEquationSeparate, _integer(GL.GL_BLEND_EQUATION_RGB), _integer(GL.GL_BLEND_EQUATION_ALPHA))
    later(GL.glDepthFunc, _integer(GL.GL_DEPTH_FUNC))
    later(GL.glDepthMask, bool(GL.glGetBooleanv(GL.GL_DEPTH_WRITEMASK)))
    later(GL.glClearDepth, float(GL.glGetFloatv(GL.GL_DEPTH_CLEAR_VALUE)))
    later(GL.glColorMask, *(bool(channel) for channel in GL.glGetBooleanv(GL.GL_COLOR_WRITEMASK)))
    later(GL.glPolygonMode, GL.GL_FRONT_AND_BACK, int(GL.glGetIntegerv(GL.GL_POLYGON_MODE)[0]))
    active = _integer(GL.GL_ACTIVE_TEXTURE)
    for unit in range(NUM_UNITS):
        GL.glActiveTexture(GL.GL_TEXTURE0 + unit)
        later(GL.glActiveTexture, GL.GL_TEXTURE0 + unit)
        later(GL.glBindTexture, GL.GL_TEXTURE_2D, _integer(GL.GL_TEXTURE_BINDING_2D))
        later(GL.glBindTexture, GL.GL_TEXTURE_BUFFER, _integer(GL.GL_TEXTURE_BINDING_BUFFER))
        later(GL.glBindSampler, unit, _integer(GL.GL_SAMPLER_BINDING))
    GL.glActiveTexture(active)
    later(GL.glActiveTexture, active)
    return steps
