"""From the state to what stands in front of the camera: the pose that is shown, its Gaussians, and how to frame them.

Remembered by identity: while the parts of the state that count are the same objects, so are the results.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..core.body.joints import JOINT_GROUPS, JOINT_NAMES, NUM_JOINTS
from ..core.body.model import BodyModel, PosedBody, shape_body
from ..core.body.parameters import BodyPose
from ..core.body.timeline import Moment
from ..core.cameras import OrbitCamera, framing
from ..core.geometry.rotations import axis_angle_to_matrix
from .actions import ShowMoment
from .driven import NOBODY_DRIVES
from .state import Document, Playback, State
from .subjects import SubjectMaker

if TYPE_CHECKING:
    from ..core.avatar.avatar import Avatar
    from ..core.avatar.part_styles import PartStyle
    from ..core.device_pipeline import DevicePipeline
    from ..core.gaussians import Gaussians
    from ..core.pipeline import Pipeline
    from ..core.rendering.display import Subject

FRAMES: dict[str, tuple[int, ...] | None] = {
    "body": None,
    "head": JOINT_GROUPS["head"],
    "hands": JOINT_GROUPS["left hand"] + JOINT_GROUPS["right hand"],
    "left hand": JOINT_GROUPS["left hand"] + (JOINT_NAMES.index("left_wrist"),),
    "right hand": JOINT_GROUPS["right hand"] + (JOINT_NAMES.index("right_wrist"),),
}
"""What can be framed, and the joints whose skin that is; None for all of it."""

STRAY_FRACTION = 0.002
"""Of the Gaussians on each side that may lie outside when a foreign splat file is framed: such files have floaters."""


class Scene:
    """Belongs to one thread."""

    def __init__(self) -> None:
        self._pipeline: Pipeline | None = None
        self._betas: tuple[tuple[float, ...], torch.Tensor] = ((), torch.zeros(0))
        self._rest_joints: tuple[BodyModel | None, torch.Tensor, torch.Tensor] = (None, torch.zeros(0), torch.zeros(0))
        self._pose_key: tuple[Any, ...] = ()
        self._pose: BodyPose | None = None
        self._subjects = SubjectMaker()
        self._on_device: DevicePipeline | None = None
        self._styled: tuple[Avatar | None, tuple[PartStyle, ...], Avatar | None] = (None, (), None)

    @property
    def timings(self) -> dict[str, float]:
        """Milliseconds of the last run of each stage."""
        return dict(self._pipeline.timings) if self._pipeline else {}

    @property
    def last_run(self) -> tuple[str, ...]:
        """The stages that the last call of `gaussians` had to run."""
        return self._pipeline.last_run if self._pipeline else ()

    def pose(self, state: State) -> BodyPose | None:
        """What drives it or the motion gives, where there is one, else the document's; None without an avatar."""
        document, playback, driving = state.document, state.playback, state.driving
        if document.body is None:
            return None
        key = (document.body, document.rotations, document.expression, document.translation)
        if driving.pose is not None:
            key += (driving.pose, driving.held_joints, driving.held_actions)
        elif playback.motion is not None:
            key = (document.body, document.betas, playback.motion, playback.seconds, document.expression)
        if len(key) != len(self._pose_key) or any(new is not old for new, old in zip(key, self._pose_key, strict=True)):
            if driving.pose is None and playback.motion is not None:
                self._pose = self._pose_in_motion(document, playback)
            else:
                self._pose = _document_pose(state.shown)
            self._pose_key = key
        return self._pose

    def gaussians(self, state: State) -> Gaussians | None:
        """What to draw; None while there is nothing."""
        document = _drawn(state)
        pose = self.pose(state)
        if document.avatar is None or document.body is None or pose is None:
            return document.static
        if self._pipeline is None or self._pipeline.body is not document.body:
            from ..core.pipeline import Pipeline

            self._pipeline = Pipeline(document.body)
        return self._pipeline.gaussians(self._as_styled(document), self._betas_of(document), pose)

    def gaussians_on(self, state: State, device: torch.device) -> Gaussians | None:
        """What to draw, made on a graphics card; as `gaussians`, the same object while nothing that counts changed."""
        document, pose = _drawn(state), self.pose(state)
        if document.avatar is None or document.body is None or pose is None:
            return document.static
        kept = self._on_device
        if kept is None or kept.body is not document.body or kept.device != device:
            from ..core.device_pipeline import DevicePipeline

            kept = self._on_device = DevicePipeline(document.body, device)
        return kept.gaussians(self._as_styled(document), self._betas_of(document), pose)

    def _as_styled(self, document: Document) -> Avatar:
        """The document's avatar with its parts hidden and tinted; the same object for the same ones."""
        assert document.avatar is not None
        assert document.body is not None
        if not document.part_styles:
            return document.avatar
        avatar, styles, styled = self._styled
        if styled is None or avatar is not document.avatar or styles is not document.part_styles:
            from ..core.avatar.styles import styled_avatar

            styled = styled_avatar(document.avatar, document.body, document.part_styles)
            self._styled = (document.avatar, document.part_styles, styled)
        return styled

    def subject(self, state: State) -> Subject | None:
        """The Gaussians and the mesh under them; the same object while `gaussians` gives the same."""
        gaussians, document, pipeline = self.gaussians(state), _drawn(state), self._pipeline
        if gaussians is None:
            return None
        if document.avatar is None or pipeline is None:
            return self._subjects.subject(gaussians)
        return self._subjects.subject(
            gaussians,
            body=document.body,
            template=document.avatar.template,
            shaped=pipeline.shaped,
            posed=pipeline.posed,
        )

    def posed(self, state: State) -> PosedBody | None:
        """The body as it is shown; None without an avatar."""
        self.gaussians(state)
        return self._pipeline.posed if self._pipeline is not None and state.document.avatar is not None else None

    def _betas_of(self, document: Document) -> Float[Tensor, " S"]:
        if self._betas[0] is not document.betas:
            self._betas = (document.betas, torch.tensor(document.betas, dtype=torch.float32))
        return self._betas[1]

    def _pose_in_motion(self, document: Document, playback: Playback) -> BodyPose:
        assert playback.motion is not None
        assert document.body is not None
        pose = playback.motion.pose_at(playback.seconds, document.body, pelvis=self.pelvis(document))
        if playback.motion.expression is not None:
            return pose
        # A motion without a face leaves the face to the person.
        return replace(pose, expression=torch.tensor(document.expression, dtype=torch.float32))

    def heading(self, state: State) -> float:
        """Where the avatar faces: radians about the vertical, 0 along +z, positive towards its left (+x)."""
        pose = self.pose(state)
        if pose is None:
            return 0.0
        x, _, z = axis_angle_to_matrix(pose.rotations[0])[:, 2].tolist()
        return math.atan2(x, z)

    def facing(self, moments: Iterable[State]) -> float:
        """Where the avatar faces on the whole; a camera of that yaw sees its front."""
        headings = [self.heading(moment) for moment in moments]
        return math.atan2(sum(map(math.sin, headings)), sum(map(math.cos, headings)))

    def rest_joints(self, document: Document) -> Float[Tensor, "55 3"]:
        """Where the joints of the document's body rest; metres."""
        assert document.body is not None
        body, betas = document.body, self._betas_of(document)
        if self._rest_joints[0] is not body or self._rest_joints[1] is not betas:
            self._rest_joints = (body, betas, shape_body(body, betas).joints)
        return self._rest_joints[2]

    def pelvis(self, document: Document) -> Float[Tensor, "3"]:
        """Where the pelvis of the document's body rests; metres."""
        return self.rest_joints(document)[0]

    def moment(self, document: Document, seconds: float) -> Moment:
        """What the timeline shows on the document's body."""
        assert document.body is not None
        pelvis = self.pelvis(document) if document.timeline.clips else None
        return document.timeline.at(seconds, document.body, pelvis=pelvis)

    def state_at(self, state: State, seconds: float) -> State:
        """The state with its playhead at another moment, of the motion or of the timeline; the store need not know."""
        state = replace(state, driving=NOBODY_DRIVES)
        if state.playback.motion is not None or state.document.body is None:
            return replace(state, playback=replace(state.playback, seconds=seconds))
        return ShowMoment(seconds=seconds, moment=self.moment(state.document, seconds)).reduced(state)

    def bounds(self, state: State, part: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Lowest and highest corner of a part of what is shown, in metres; None while there is nothing.

        Raises:
            ValueError: no such part.
        """
        if part not in FRAMES:
            raise ValueError(f"{part!r} is none of {', '.join(FRAMES)}")
        gaussians = self.gaussians(state)
        if gaussians is None or len(gaussians) == 0:
            return None
        document, joints, means = _drawn(state), FRAMES[part], gaussians.means
        if document.avatar is None or document.body is None:
            ordered = means.sort(dim=0).values.double().numpy()
            stray = round(STRAY_FRACTION * (len(ordered) - 1))
            return ordered[stray], ordered[len(ordered) - 1 - stray]
        if joints is not None:
            # The joint that holds most of a Gaussian's first vertex says whose skin it is.
            owners = document.body.skin_weights.argmax(dim=1)[document.avatar.template.corners[:, 0]]
            means = means[torch.isin(owners, torch.tensor(joints))]
        return means.amin(0).double().numpy(), means.amax(0).double().numpy()

    def framed(self, state: State, part: str, aspect: float, *, from_front: bool = False) -> OrbitCamera:
        """The state's camera moved so that a part of what is shown fills a picture of that width over height.

        Raises:
            ValueError: no such part.
        """
        bounds = self.bounds(state, part)
        orbit = state.view.orbit
        if from_front:
            orbit = replace(orbit, yaw=self.facing([state]), pitch=0.0)
        return orbit if bounds is None else framing(*bounds, orbit=orbit, aspect=aspect)


def prepared(document: Document, *, drawing: bool) -> Scene:
    """A scene that has shown `document` once, for the thread that takes it over: there nothing is left to compile.

    With `drawing` the processor's renderer has drawn it too.
    """
    scene = Scene()
    if document.body is not None:
        # A pose that moves everything runs every kernel; at rest some have nothing to do.
        lively = replace(
            document, rotations=((0.1, 0.1, 0.1),) * NUM_JOINTS, expression=(0.1,) * len(document.expression)
        )
        scene.gaussians(State(document=lively))
    gaussians = scene.gaussians(State(document=document))
    if drawing and gaussians is not None:
        from ..core.rendering.cpu_renderer import CpuRenderer
        from ..core.rendering.renderer import RenderSettings

        renderer, camera = CpuRenderer(), OrbitCamera().camera(64, 64)
        renderer.render(gaussians, camera, RenderSettings())
        renderer.render_rgba8(gaussians, camera, RenderSettings(), np.zeros((64, 64, 4), np.uint8))
        renderer.close()
        subject = scene.subject(State(document=document))
        if subject is not None and subject.mesh is not None:
            from ..core.rendering.mesh_renderer import hit

            hit(subject.mesh, camera.center, camera.center)  # what the pointer asks once a frame
    return scene


def _drawn(state: State) -> Document:
    """With what refining has made so far in place of the document's avatar, unless the person looks at that."""
    return (state if state.refining.shows_before else state.kept).document


def _document_pose(document: Document) -> BodyPose:
    return BodyPose(
        rotations=torch.tensor(document.rotations, dtype=torch.float32),
        expression=torch.tensor(document.expression, dtype=torch.float32),
        translation=torch.tensor(document.translation, dtype=torch.float32),
    )
