"""OpenGL contexts to draw in: the one that is current (the window's), else one of our own without a window.

On Linux our own comes from EGL, with or without a display; elsewhere from a window that is never shown. PyOpenGL binds
itself to one window system per process, when it is first imported: whoever opens a window on Linux sets
`PYOPENGL_PLATFORM=glx` before, and where nobody has, this module chooses EGL. Import it before anything of OpenGL.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

from ..errors import StudioError

NEEDED_VERSION = (3, 3)
SOFTWARE_NAMES = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software rasterizer", "gdi generic")

_EGL_PLATFORM_DEVICE = 0x313F
_EGL_PLATFORM_SURFACELESS = 0x31DD
_EGL_CONTEXT_MAJOR, _EGL_CONTEXT_MINOR = 0x3098, 0x30FB
_EGL_PROFILE_MASK, _EGL_CORE_PROFILE = 0x30FD, 1
_MAX_DEVICES = 16

if sys.platform.startswith("linux"):
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    os.environ.setdefault("EGL_LOG_LEVEL", "fatal")  # devices that do not answer are not the person's concern


@runtime_checkable
class Context(Protocol):
    """Something in which OpenGL can be called."""

    def current(self) -> contextlib.AbstractContextManager[None]:
        """While the block runs, the context is the calling thread's; afterwards the one from before is again."""
        ...

    def close(self) -> None: ...


def find_context() -> Context:
    """The context that is current on this thread, else a new one without a window.

    Raises:
        StudioError: this machine offers none.
    """
    # Without the library there can be no context yet; what it answers for none is falsy everywhere.
    if "OpenGL.platform" in sys.modules and sys.modules["OpenGL.platform"].GetCurrentContext():
        return CurrentContext()
    return off_screen_context()


def off_screen_context() -> Context:
    """A context of our own.

    Raises:
        StudioError: this machine offers none.
    """
    return EglContext() if _is_bound_to_egl() else HiddenWindow()


def describe() -> str:
    """The driver's name for what draws in the current context."""
    from OpenGL import GL

    name = GL.glGetString(GL.GL_RENDERER)
    return name.decode("utf-8", "replace") if name else "an unnamed OpenGL"


def is_software(description: str) -> bool:
    """Whether the processor does the drawing, by the name that `describe` gives."""
    return any(name in description.lower() for name in SOFTWARE_NAMES)


def require_version() -> None:
    """Refuse a current context that is too old.

    Raises:
        StudioError: it is.
    """
    from OpenGL import GL

    text = GL.glGetString(GL.GL_VERSION)
    version = text.decode("utf-8", "replace") if text else "none"
    if version_of(version) < NEEDED_VERSION:
        raise StudioError(
            f"the OpenGL of this machine is too old: {describe()} offers {version}, 3.3 is needed",
            hint="install the graphics card's driver, or draw on the processor",
        )


def version_of(text: str) -> tuple[int, int]:
    """Major and minor of what a driver calls its version; (0, 0) where it says nothing that can be read."""
    numbers = text.split(" ")[0].split(".")
    try:
        return int(numbers[0]), int(numbers[1])
    except (ValueError, IndexError):
        return 0, 0


def _is_bound_to_egl() -> bool:
    try:
        from OpenGL import platform
    except (ImportError, AttributeError, OSError) as error:
        raise StudioError(
            f"OpenGL cannot be loaded: {error}", hint="on Debian and Ubuntu: apt install libegl1 libgl1"
        ) from error
    return type(platform.PLATFORM).__name__ == "EGLPlatform"


class CurrentContext:
    """The context of a window that others own; it stays current, and is theirs to close."""

    @contextlib.contextmanager
    def current(self) -> Iterator[None]:
        yield

    def close(self) -> None:
        """It is not ours."""


class EglContext:
    """A context without any surface; of several devices the first that is no software."""

    def __init__(self) -> None:
        from OpenGL import EGL

        self._egl = EGL
        best: tuple[Any, Any] | None = None
        for display in _displays(EGL):
            made = _try_display(EGL, display)
            if made is None:
                continue
            if best is not None and not is_software(made[2]):
                EGL.eglDestroyContext(*best)
                best = None
            if best is None:
                best = made[:2]
            else:
                EGL.eglDestroyContext(*made[:2])
            if not is_software(made[2]):
                break
        if best is None:
            raise StudioError(
                "OpenGL cannot draw without a window here: no device offers OpenGL 3.3 through EGL",
                hint="install the graphics card's driver, or draw on the processor",
            )
        self._display, self._context = best

    @contextlib.contextmanager
    def current(self) -> Iterator[None]:
        egl = self._egl
        before = (
            egl.eglGetCurrentDisplay(),
            egl.eglGetCurrentSurface(egl.EGL_DRAW),
            egl.eglGetCurrentSurface(egl.EGL_READ),
            egl.eglGetCurrentContext(),
        )
        egl.eglBindAPI(egl.EGL_OPENGL_API)
        egl.eglMakeCurrent(self._display, egl.EGL_NO_SURFACE, egl.EGL_NO_SURFACE, self._context)
        try:
            yield
        finally:
            if before[3]:
                egl.eglMakeCurrent(*before)
            else:
                _release(egl, self._display)

    def close(self) -> None:
        self._egl.eglDestroyContext(self._display, self._context)


def _release(egl: Any, display: Any) -> None:
    egl.eglMakeCurrent(display, egl.EGL_NO_SURFACE, egl.EGL_NO_SURFACE, egl.EGL_NO_CONTEXT)


def _displays(egl: Any) -> Iterator[Any]:
    """Every graphics device, then Mesa's own way to draw without one."""
    from OpenGL.EGL.EXT.device_base import eglQueryDevicesEXT
    from OpenGL.EGL.EXT.platform_base import eglGetPlatformDisplayEXT

    extensions = (egl.eglQueryString(egl.EGL_NO_DISPLAY, egl.EGL_EXTENSIONS) or b"").split()
    if b"EGL_EXT_platform_base" in extensions and b"EGL_EXT_platform_device" in extensions:
        devices, count = (egl.EGLDeviceEXT * _MAX_DEVICES)(), egl.EGLint()
        if eglQueryDevicesEXT(_MAX_DEVICES, devices, count):
            for device in devices[: count.value]:
                yield eglGetPlatformDisplayEXT(_EGL_PLATFORM_DEVICE, device, None)
    if b"EGL_MESA_platform_surfaceless" in extensions:
        yield eglGetPlatformDisplayEXT(_EGL_PLATFORM_SURFACELESS, ctypes.c_void_p(0), None)
    yield egl.eglGetDisplay(egl.EGL_DEFAULT_DISPLAY)


def _try_display(egl: Any, display: Any) -> tuple[Any, Any, str] | None:
    """The display, a context on it and the name of what draws there; None where that cannot be had."""
    from OpenGL.error import Error

    try:
        egl.eglInitialize(display, egl.EGLint(), egl.EGLint())
        egl.eglBindAPI(egl.EGL_OPENGL_API)
        wanted = (egl.EGLint * 3)(egl.EGL_RENDERABLE_TYPE, egl.EGL_OPENGL_BIT, egl.EGL_NONE)
        configurations, count = (egl.EGLConfig * 1)(), egl.EGLint()
        egl.eglChooseConfig(display, wanted, configurations, 1, count)
        attributes = (_EGL_CONTEXT_MAJOR, 3, _EGL_CONTEXT_MINOR, 3, _EGL_PROFILE_MASK, _EGL_CORE_PROFILE, egl.EGL_NONE)
        context = egl.eglCreateContext(
            display, configurations[0] if count.value else None, egl.EGL_NO_CONTEXT, (egl.EGLint * 7)(*attributes)
        )
        egl.eglMakeCurrent(display, egl.EGL_NO_SURFACE, egl.EGL_NO_SURFACE, context)
        name = describe()
        _release(egl, display)
    except (Error, ctypes.ArgumentError):
        return None
    return display, context, name


class HiddenWindow:
    """A context of a window that is never shown."""

    def __init__(self) -> None:
        import glfw

        if threading.current_thread() is not threading.main_thread():
            raise StudioError("OpenGL can be started on the main thread only", hint="the processor draws elsewhere")
        self._glfw = glfw
        if not glfw.init():
            raise StudioError(
                "OpenGL cannot draw here: GLFW does not start", hint="a display is needed, or another renderer"
            )
        glfw.default_window_hints()
        glfw.window_hint(glfw.VISIBLE, False)
        glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, NEEDED_VERSION[0])
        glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, NEEDED_VERSION[1])
        glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
        glfw.window_hint(glfw.OPENGL_FORWARD_COMPAT, True)  # what macOS asks for
        self._window = glfw.create_window(16, 16, "nlfgs studio", None, None)
        if not self._window:
            raise StudioError(
                "OpenGL 3.3 cannot be had on this display",
                hint="install the graphics card's driver, or draw on the processor",
            )

    @contextlib.contextmanager
    def current(self) -> Iterator[None]:
        before = self._glfw.get_current_context()
        self._glfw.make_context_current(self._window)
        try:
            yield
        finally:
            self._glfw.make_context_current(before)

    def close(self) -> None:
        self._glfw.destroy_window(self._window)
