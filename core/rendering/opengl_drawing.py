"""The OpenGL side of the renderer: programs, buffers and targets of one context, in which all calls are made."""

# PyOpenGL's annotations say None for what its wrappers do return.
# pyright: reportArgumentType=false, reportOperatorIssue=false

from __future__ import annotations

import ctypes
import itertools
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from OpenGL import GL
from torch import Tensor

from ..cameras import Camera
from ..errors import StudioError
from ..gaussians import Gaussians
from .opengl_programs import Program
from .opengl_targets import Targets, require_complete
from .renderer import CLAMP_MARGIN, MIN_DEPTH, Footprint, RenderSettings

NUM_SHARES = 4
"""Of the quads, after each of which the full pixels are marked."""
SPLAT_TEXELS = 3
"""Of four floats, per Gaussian."""
FLOAT_BYTES = 4
ROTATION, ADJUGATE_X, ADJUGATE_YZ = 4, 5, 6
"""Where the projecting program takes what it does not always need."""


class Drawing:
    """Made, used and closed while its context is current; nothing here looks at what others draw."""

    def __init__(self) -> None:
        self._max_texels = int(GL.glGetIntegerv(GL.GL_MAX_TEXTURE_BUFFER_SIZE))
        self._max_side = int(GL.glGetIntegerv(GL.GL_MAX_TEXTURE_SIZE))
        self._project = Program("splat_project_vertex", None, captured=("place", "shape", "color"))
        self._quads = Program("splat_quad_vertex", "splat_quad_fragment")
        self._covered = Program("picture_vertex", "covered_fragment")
        self._screen = Program("picture_vertex", "screen_fragment")
        self._buffers = {
            name: int(GL.glGenBuffers(1))
            for name in ("means", "covariances", "opacities", "rotations", "adjugates", "harmonics", "splats", "order")
        }
        self._harmonics_view, self._splats_view = (int(name) for name in GL.glGenTextures(2))
        self._input, self._corners, self._nothing = (int(name) for name in GL.glGenVertexArrays(3))
        self._targets: Targets | None = None
        self._screen_target: int = int(GL.glGenFramebuffers(1))
        self._count = 0
        self._uploaded: tuple[Tensor | None, ...] = (None,) * 5
        self._chosen = (0, False)
        self._usable: tuple[Tensor | None, int, np.ndarray] = (None, 0, np.zeros(0, bool))
        self._describe_layout()

    def _describe_layout(self) -> None:
        """Which numbers of which buffer are the inputs of the programs."""
        GL.glBindVertexArray(self._input)
        floats = ctypes.sizeof(ctypes.c_float)
        for place, (buffer, size, stride, offset) in enumerate(
            (
                ("means", 3, 3, 0),
                ("covariances", 3, 6, 0),
                ("covariances", 3, 6, 3),
                ("opacities", 1, 1, 0),
                ("rotations", 4, 4, 0),
                ("adjugates", 3, 6, 0),
                ("adjugates", 3, 6, 3),
            )
        ):
            GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffers[buffer])
            if place < ROTATION:  # the others are enabled where they are needed
                GL.glEnableVertexAttribArray(place)
            GL.glVertexAttribPointer(place, size, GL.GL_FLOAT, False, stride * floats, ctypes.c_void_p(offset * floats))
        GL.glBindVertexArray(self._corners)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffers["order"])
        GL.glEnableVertexAttribArray(0)
        GL.glVertexAttribDivisor(0, 1)
        GL.glBindVertexArray(0)

    # What is drawn

    def upload(self, gaussians: Gaussians, num_coefficients: int, *, antialiased: bool) -> None:
        """Bring over what is not there yet; tensors compare by identity.

        Raises:
            StudioError: the graphics card cannot hold so many.
        """
        rotations = gaussians.sh_rotations_wxyz if num_coefficients > 1 else None
        inputs = (gaussians.means, gaussians.covariances, gaussians.opacities, rotations, gaussians.sh)
        chosen = (num_coefficients, antialiased)
        if self._chosen == chosen and all(new is old for new, old in zip(inputs, self._uploaded, strict=True)):
            return
        count = len(gaussians)
        if count * max(SPLAT_TEXELS, gaussians.sh.shape[1] * 3) > self._max_texels:
            raise StudioError(
                f"{count:,} Gaussians are more than this graphics card's OpenGL can hold",
                hint="draw on the processor",
            )
        means, covariances = _numbers(gaussians.means), _numbers(gaussians.covariances)
        usable = self._usable_harmonics(gaussians.sh, num_coefficients)
        usable = usable & np.isfinite(means).all(1) & np.isfinite(covariances).all(1)
        self._fill("means", means)
        self._fill("covariances", covariances)
        if rotations is not None:
            quaternions = _numbers(rotations)
            usable &= np.isfinite(quaternions).all(1)
            self._fill("rotations", quaternions)
        if antialiased:
            self._fill("adjugates", _adjugates(covariances))
        GL.glBindVertexArray(self._input)
        for place, is_needed in (
            (ROTATION, rotations is not None),
            (ADJUGATE_X, antialiased),
            (ADJUGATE_YZ, antialiased),
        ):
            (GL.glEnableVertexAttribArray if is_needed else GL.glDisableVertexAttribArray)(place)
        GL.glBindVertexArray(0)
        opacities = _numbers(gaussians.opacities)
        # A graphics card need not know NaN and infinity: what has any goes over as invisible.
        self._fill("opacities", np.where(usable & np.isfinite(opacities), opacities, np.float32(0.0)))
        if count != self._count:
            GL.glBindBuffer(GL.GL_TRANSFORM_FEEDBACK_BUFFER, self._buffers["splats"])
            size = max(1, count) * SPLAT_TEXELS * 4 * FLOAT_BYTES
            GL.glBufferData(GL.GL_TRANSFORM_FEEDBACK_BUFFER, size, None, GL.GL_DYNAMIC_COPY)
            GL.glBindBuffer(GL.GL_TRANSFORM_FEEDBACK_BUFFER, 0)
        self._count = count
        self._uploaded, self._chosen = inputs, chosen

    def _usable_harmonics(self, sh: Float[Tensor, "N K 3"], num_coefficients: int) -> np.ndarray:
        """Which Gaussians' coefficients are finite; they are sent where they are new."""
        if self._usable[0] is not sh or self._usable[1] != num_coefficients:
            coefficients = _numbers(sh)
            usable = np.isfinite(coefficients[:, :num_coefficients]).all((1, 2))
            if self._usable[0] is not sh:
                self._fill("harmonics", coefficients)
            self._usable = (sh, num_coefficients, usable)
        return self._usable[2]

    def set_order(self, indices: Int[np.ndarray, " M"]) -> None:
        self._fill("order", indices)

    def _fill(self, name: str, numbers: np.ndarray) -> None:
        """Replace a buffer's content; the driver gives new memory where the old is still being drawn from."""
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffers[name])
        data = numbers.ctypes.data_as(ctypes.c_void_p) if numbers.size else None
        GL.glBufferData(GL.GL_ARRAY_BUFFER, max(FLOAT_BYTES, numbers.nbytes), data, GL.GL_STREAM_DRAW)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, 0)

    # Drawing it

    def project(
        self, gaussians: Gaussians, camera: Camera, settings: RenderSettings, num_coefficients: int, *, exact: bool
    ) -> None:
        """Steps 1 to 4 of the picture model, for all Gaussians that were uploaded; targets as for `blend`.

        Raises:
            StudioError: the graphics card cannot draw pictures of that size.
        """
        matrix = camera.camera_from_world.detach().to("cpu", torch.float64)
        eye = -matrix[:3, :3].T @ matrix[:3, 3]
        margin_u = CLAMP_MARGIN * camera.width / (2 * camera.fx)
        margin_v = CLAMP_MARGIN * camera.height / (2 * camera.fy)
        self._bind_view(self._harmonics_view, "harmonics", GL.GL_R32F)
        self._project.use(
            harmonics=0,
            stored_coefficients=gaussians.sh.shape[1],
            num_coefficients=num_coefficients,
            has_rotations=gaussians.sh_rotations_wxyz is not None and num_coefficients > 1,
            camera_from_world=tuple(matrix[:3, :3].flatten().tolist()),
            eye=tuple(eye.tolist()),
            focal=(float(camera.fx), float(camera.fy)),
            center=(float(camera.cx), float(camera.cy)),
            view_limits=(
                -camera.cx / camera.fx - margin_u,
                (camera.width - camera.cx) / camera.fx + margin_u,
                -camera.cy / camera.fy - margin_v,
                (camera.height - camera.cy) / camera.fy + margin_v,
            ),
            near=max(float(camera.near), MIN_DEPTH),
            splat_scale=float(settings.splat_scale),
            antialiased=settings.antialiased,
        )
        GL.glBindVertexArray(self._input)
        # Nothing is drawn, but even then something must be there to draw into: without a window that is only ours.
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._targets_of(camera.width, camera.height, exact=exact).sums)
        GL.glEnable(GL.GL_RASTERIZER_DISCARD)
        GL.glBindBufferBase(GL.GL_TRANSFORM_FEEDBACK_BUFFER, 0, self._buffers["splats"])
        GL.glBeginTransformFeedback(GL.GL_POINTS)
        try:
            GL.glDrawArrays(GL.GL_POINTS, 0, self._count)
        finally:
            GL.glEndTransformFeedback()
        GL.glBindBufferBase(GL.GL_TRANSFORM_FEEDBACK_BUFFER, 0, 0)
        GL.glDisable(GL.GL_RASTERIZER_DISCARD)

    def blend(self, num_ordered: int, settings: RenderSettings) -> None:
        """Steps 5 and 6 of the picture model, for what was projected; `exact` targets are of 32 bits and have depth."""
        targets = self._targets
        assert targets is not None
        targets.clear()
        GL.glViewport(0, 0, targets.width, targets.height)
        GL.glEnable(GL.GL_DEPTH_TEST)
        GL.glDepthFunc(GL.GL_LESS)
        GL.glEnable(GL.GL_BLEND)
        GL.glBlendEquation(GL.GL_FUNC_ADD)
        # Front to back: each adds what those before it have left.
        GL.glBlendFunc(GL.GL_ONE_MINUS_DST_ALPHA, GL.GL_ONE)
        bounds = [num_ordered * share // NUM_SHARES for share in range(NUM_SHARES + 1)]
        for first, last in itertools.pairwise(bounds):
            if first == last:
                continue
            self._draw_quads(first, last, targets, settings)
            if last != num_ordered:
                self._mark_covered(targets)
        GL.glDisable(GL.GL_BLEND)
        GL.glDisable(GL.GL_DEPTH_TEST)

    def _draw_quads(self, first: int, last: int, targets: Targets, settings: RenderSettings) -> None:
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, targets.sums)
        GL.glDepthMask(False)
        self._bind_view(self._splats_view, "splats", GL.GL_RGBA32F)
        self._quads.use(
            splats=0,
            picture_size=(float(targets.width), float(targets.height)),
            is_ring=settings.footprint is Footprint.RING,
        )
        GL.glBindVertexArray(self._corners)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffers["order"])
        # The first instance of a draw cannot be given before OpenGL 4.2, so the attribute starts there.
        GL.glVertexAttribIPointer(0, 1, GL.GL_INT, 0, ctypes.c_void_p(first * 4))
        GL.glDrawArraysInstanced(GL.GL_TRIANGLE_STRIP, 0, 4, last - first)

    def _mark_covered(self, targets: Targets) -> None:
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, targets.covered)
        GL.glDepthMask(True)
        GL.glActiveTexture(GL.GL_TEXTURE0)
        GL.glBindTexture(GL.GL_TEXTURE_2D, targets.accumulated)
        self._covered.use(accumulated=0)
        GL.glBindVertexArray(self._nothing)
        GL.glDrawArrays(GL.GL_TRIANGLES, 0, 3)

    def show(self, texture: int, settings: RenderSettings) -> None:
        """Step 7 into a texture of bytes, of the size that was blended.

        Raises:
            StudioError: the texture cannot be drawn into.
        """
        assert self._targets is not None
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._screen_target)
        GL.glFramebufferTexture2D(GL.GL_FRAMEBUFFER, GL.GL_COLOR_ATTACHMENT0, GL.GL_TEXTURE_2D, texture, 0)
        require_complete()
        GL.glViewport(0, 0, self._targets.width, self._targets.height)
        GL.glActiveTexture(GL.GL_TEXTURE0)
        GL.glBindTexture(GL.GL_TEXTURE_2D, self._targets.accumulated)
        self._screen.use(accumulated=0, background=settings.background)
        GL.glBindVertexArray(self._nothing)
        GL.glDrawArrays(GL.GL_TRIANGLES, 0, 3)
        GL.glFramebufferTexture2D(GL.GL_FRAMEBUFFER, GL.GL_COLOR_ATTACHMENT0, GL.GL_TEXTURE_2D, 0, 0)

    def read_bytes(self, settings: RenderSettings, out: UInt8[np.ndarray, "H W 4"]) -> None:
        """Step 7 into memory; waits for the graphics card."""
        assert self._targets is not None
        texture = self._targets.screen()
        self.show(texture, settings)
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._screen_target)
        GL.glFramebufferTexture2D(GL.GL_FRAMEBUFFER, GL.GL_COLOR_ATTACHMENT0, GL.GL_TEXTURE_2D, texture, 0)
        height, width = out.shape[:2]
        GL.glReadPixels(0, 0, width, height, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, out.ctypes.data_as(ctypes.c_void_p))
        GL.glFramebufferTexture2D(GL.GL_FRAMEBUFFER, GL.GL_COLOR_ATTACHMENT0, GL.GL_TEXTURE_2D, 0, 0)

    def read_sums(self) -> tuple[Float[np.ndarray, "H W 4"], Float[np.ndarray, "H W 4"]]:
        """What an exact blend has summed: colour and alpha; depth times weight first. Waits for the graphics card."""
        targets = self._targets
        assert targets is not None
        assert targets.exact
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, targets.sums)
        sums = []
        for attachment in (GL.GL_COLOR_ATTACHMENT0, GL.GL_COLOR_ATTACHMENT1):
            GL.glReadBuffer(attachment)
            pixels = np.empty((targets.height, targets.width, 4), np.float32)
            pointer = pixels.ctypes.data_as(ctypes.c_void_p)
            GL.glReadPixels(0, 0, targets.width, targets.height, GL.GL_RGBA, GL.GL_FLOAT, pointer)
            sums.append(pixels)
        return sums[0], sums[1]

    def _bind_view(self, view: int, buffer: str, layout: Any) -> None:
        GL.glActiveTexture(GL.GL_TEXTURE0)
        GL.glBindTexture(GL.GL_TEXTURE_BUFFER, view)
        GL.glTexBuffer(GL.GL_TEXTURE_BUFFER, layout, self._buffers[buffer])

    def _targets_of(self, width: int, height: int, *, exact: bool) -> Targets:
        if max(width, height) > self._max_side:
            raise StudioError(
                f"this graphics card's OpenGL draws at most {self._max_side} pixels a side",
                hint="ask for a smaller picture, or draw on the processor",
            )
        kept = self._targets
        if kept is None or (kept.width, kept.height, kept.exact) != (width, height, exact):
            if kept is not None:
                kept.close()
            self._targets = None
            kept = self._targets = Targets(width, height, exact=exact)
        return kept

    def close(self) -> None:
        for program in (self._project, self._quads, self._covered, self._screen):
            program.close()
        if self._targets is not None:
            self._targets.close()
        GL.glDeleteFramebuffers(1, [self._screen_target])
        GL.glDeleteTextures([self._harmonics_view, self._splats_view])
        GL.glDeleteVertexArrays(3, [self._input, self._corners, self._nothing])
        GL.glDeleteBuffers(len(self._buffers), list(self._buffers.values()))


def _adjugates(covariances: Float[np.ndarray, "N 6"]) -> Float[np.ndarray, "N 6"]:
    """From which the area of a projected Gaussian follows without the cancellation that a thin one would suffer."""
    a, b, c, d, e, f = covariances.astype(np.float64).T
    with np.errstate(over="ignore", invalid="ignore"):
        minors = (d * f - e * e, c * e - b * f, b * e - c * d, a * f - c * c, b * c - a * e, a * d - b * b)
        return np.nan_to_num(np.stack(minors, axis=1), posinf=0.0, neginf=0.0).clip(-1e37, 1e37).astype(np.float32)


def _numbers(tensor: Tensor) -> Float[np.ndarray, "..."]:
    return tensor.detach().to("cpu", torch.float32).contiguous().numpy()
