"""The renderer's programs, from the shaders that ship with the product."""

# PyOpenGL's annotations say None for what its wrappers do return.
# pyright: reportArgumentType=false, reportOperatorIssue=false

from __future__ import annotations

import ctypes
import importlib.resources
from collections.abc import Sequence
from typing import Any

from OpenGL import GL

from ..errors import StudioError
from ..geometry import spherical_harmonics
from . import renderer
from .projection_kernels import LOG2_E, LOG_MIN_ALPHA

SHADERS = f"{__name__.partition('.')[0]}.shaders"
_CONSTANTS: dict[str, float] = {
    **{
        name: float(getattr(renderer, name))
        for name in (
            "DILATION",
            "MIN_ALPHA",
            "MAX_ALPHA",
            "MIN_TRANSMITTANCE",
            "MAX_PIXELS",
            "RING_WIDTH",
        )
    },
    **{name: value for name, value in vars(spherical_harmonics).items() if name.startswith("SH_C")},
    "LOG2_E": LOG2_E,
    "LOG_MIN_ALPHA": LOG_MIN_ALPHA,
}


class Program:
    """A linked program and where its uniforms are; lives in the context that was current when it was made."""

    def __init__(self, vertex: str, fragment: str | None, *, captured: Sequence[str] = ()) -> None:
        """From the shaders of these names; `captured` are the outputs that transform feedback keeps.

        Raises:
            StudioError: the driver refuses them.
        """
        self._uniforms: dict[str, int] = {}
        self.name = int(GL.glCreateProgram())
        stages = [_compiled(vertex, GL.GL_VERTEX_SHADER)]
        if fragment is not None:
            stages.append(_compiled(fragment, GL.GL_FRAGMENT_SHADER))
        for stage in stages:
            GL.glAttachShader(self.name, stage)
        if captured:
            names = (ctypes.c_char_p * len(captured))(*(name.encode() for name in captured))
            as_drivers_want = ctypes.cast(names, ctypes.POINTER(ctypes.POINTER(GL.GLchar)))
            GL.glTransformFeedbackVaryings(self.name, len(captured), as_drivers_want, GL.GL_INTERLEAVED_ATTRIBS)
        GL.glLinkProgram(self.name)
        for stage in stages:
            GL.glDetachShader(self.name, stage)
            GL.glDeleteShader(stage)
        if not GL.glGetProgramiv(self.name, GL.GL_LINK_STATUS):
            raise _refused(vertex, GL.glGetProgramInfoLog(self.name))

    def use(self, **uniforms: Any) -> None:
        """Make it the program that draws; a bool or int, a float, or a tuple of floats for each uniform named."""
        GL.glUseProgram(self.name)
        for name, value in uniforms.items():
            place = self._uniforms.get(name)
            if place is None:
                place = self._uniforms[name] = int(GL.glGetUniformLocation(self.name, name))
            if isinstance(value, bool | int):
                GL.glUniform1i(place, int(value))
            elif isinstance(value, float):
                GL.glUniform1f(place, value)
            elif len(value) == 9:
                # Given row by row, as matrices are written.
                GL.glUniformMatrix3fv(place, 1, True, (ctypes.c_float * 9)(*value))
            else:
                (GL.glUniform2f, GL.glUniform3f, GL.glUniform4f)[len(value) - 2](place, *value)

    def close(self) -> None:
        GL.glDeleteProgram(self.name)


def _compiled(name: str, kind: Any) -> int:
    shader = GL.glCreateShader(kind)
    GL.glShaderSource(shader, source_of(name))
    GL.glCompileShader(shader)
    if not GL.glGetShaderiv(shader, GL.GL_COMPILE_STATUS):
        raise _refused(name, GL.glGetShaderInfoLog(shader))
    return int(shader)


def source_of(name: str) -> str:
    """A shader with the picture model's constants defined after its first line, which names the version."""
    text = (importlib.resources.files(SHADERS) / f"{name}.glsl").read_text(encoding="utf-8")
    version, _, rest = text.partition("\n")
    defines = "".join(f"#define {name} ({value!r})\n" for name, value in _CONSTANTS.items())
    return f"{version}\n{defines}#line 2\n{rest}"


def _refused(name: str, log: Any) -> StudioError:
    words = log.decode("utf-8", "replace") if isinstance(log, bytes) else str(log)
    first_line = next(iter(words.strip().splitlines()), "it does not say why")
    return StudioError(
        f"the graphics driver refuses the program {name}: {first_line}",
        hint="update the graphics card's driver, or draw on the processor",
    )
