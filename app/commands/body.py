"""Pose, expression and shape of the avatar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...core.body.joints import FACE_JOINTS, JOINT_GROUPS, JOINT_NAMES
from ...core.body.model import BodyModel
from ...core.errors import StudioError
from ...core.jobs import JobContext
from ..actions import (
    Action,
    MirrorPose,
    ResetJoints,
    SetBeta,
    SetBetas,
    SetExpression,
    SetExpressionValue,
    SetJoint,
    SetPose,
    SetTranslation,
)
from ..services import Services
from ..state import Document, Vector
from .registry import body_of, command

if TYPE_CHECKING:
    from ...core.tracking.named_expressions import NamedExpressions


@command("Set joint", effect="document", joint="left elbow", rotation=(0.1, -0.8, 0.0))
def set_joint(services: Services, *, joint: str | int, rotation: Vector) -> None:
    """Turn a joint: axis-angle in radians."""
    body_of(services)
    services.store.dispatch(SetJoint(joint=joint_index(joint), rotation=rotation))


@command("Reset joint", effect="document", joint="right knee")
def reset_joint(services: Services, *, joint: str | int) -> None:
    """Put a joint back into the T-pose."""
    body_of(services)
    services.store.dispatch(ResetJoints(joints=(joint_index(joint),)))


@command("Reset group", effect="document", group="right leg")
def reset_group(services: Services, *, group: str) -> None:
    """Put a group of joints back into the T-pose."""
    body_of(services)
    if group not in JOINT_GROUPS:
        raise StudioError(f"there is no group of joints {group!r}", hint=f"there are {', '.join(JOINT_GROUPS)}")
    services.store.dispatch(ResetJoints(joints=JOINT_GROUPS[group]))


@command("Reset pose", effect="document")
def reset_pose(services: Services) -> None:
    """Put the whole body back into the T-pose where it began."""
    body_of(services)
    rest = Document()
    services.store.dispatch(SetPose(rotations=rest.rotations, translation=rest.translation))


@command("Mirror pose", effect="document")
def mirror_pose(services: Services) -> None:
    """Swap left and right."""
    body_of(services)
    services.store.dispatch(MirrorPose())


@command("Move body", effect="document", translation=(0.2, 0.0, -0.1))
def set_translation(services: Services, *, translation: Vector) -> None:
    """Move the whole body: metres."""
    body_of(services)
    services.store.dispatch(SetTranslation(translation=translation))


@command("Set expression", effect="document", action=1, value=0.7)
def set_expression(services: Services, *, action: str | int, value: float) -> None:
    """Set the strength of one of the face's actions; a named blendshape that is none of them is added to the face."""
    body = body_of(services)
    blendshape = None if isinstance(action, int) else _blendshape(body, action)
    if blendshape is None:
        services.store.dispatch(SetExpressionValue(index=expression_index(body, action), value=value))
    else:
        _add_blendshape(services, body, blendshape, value)


@command("Reset expression", effect="document")
def reset_expression(services: Services) -> None:
    """Give the face no expression."""
    body = body_of(services)
    services.store.dispatch(SetExpression(values=(0.0,) * body.num_expression))


@command("Set shape", effect="document", index=2, value=1.5)
def set_beta(services: Services, *, index: int, value: float) -> None:
    """Change one component of the body's shape."""
    body_of(services)
    services.store.dispatch(SetBeta(index=index, value=value))


@command("Reset shape", effect="document")
def reset_shape(services: Services) -> None:
    """Give the body back the shape that the avatar came with."""
    body = body_of(services)
    avatar = services.store.state.document.avatar
    assert avatar is not None
    own = avatar.betas.tolist()
    services.store.dispatch(SetBetas(values=(*own, *(0.0,) * (body.num_betas - len(own)))))


def joint_index(joint: str | int) -> int:
    """A joint by its name, with spaces or underscores, or by its index.

    Raises:
        StudioError: no such joint.
    """
    if isinstance(joint, int):
        return joint
    name = joint.strip().lower().replace(" ", "_")
    if name not in JOINT_NAMES:
        raise StudioError(f"there is no joint {joint!r}", hint=f"joints are {', '.join(JOINT_NAMES)}")
    return JOINT_NAMES.index(name)


def expression_index(body: BodyModel, action: str | int) -> int:
    if isinstance(action, int):
        return action
    lowered = [name.lower() for name in body.expression_names]
    if action.lower() not in lowered:
        raise StudioError(f"this face has no action {action!r}", hint=f"it has {', '.join(body.expression_names)}")
    return lowered.index(action.lower())


def _blendshape(body: BodyModel, action: str) -> str | None:
    """The name of a blendshape as it is written; None for an action of the body's own.

    Raises:
        StudioError: it is neither.
    """
    if action.lower() in (name.lower() for name in body.expression_names):
        return None
    from ...core.tracking.named_expressions import BLENDSHAPES

    found = next((name for name in BLENDSHAPES if name.lower() == action.lower()), None)
    if found is None:
        others = (name for name in BLENDSHAPES if name not in body.expression_names)
        known = f"it has {', '.join(body.expression_names)}; on every body there are {', '.join(others)}"
        raise StudioError(f"this face has no action {action!r}", hint=known)
    return found


def _add_blendshape(services: Services, body: BodyModel, name: str, value: float) -> None:
    """At once where the body's actions have names; else in a job, for the body's face may have to be learned first."""
    from ...core.tracking.named_expressions import BLENDSHAPES, has_named_actions, named_expressions

    row = BLENDSHAPES.index(name)

    def on_top(named: NamedExpressions) -> Iterable[Action]:
        document = services.store.state.document
        if document.body is not body:
            return
        added = zip(document.expression, named.expression[row].tolist(), strict=True)
        rotations, jaw = list(document.rotations), FACE_JOINTS.start
        x, y, z = (turn + value * more for turn, more in zip(rotations[jaw], named.jaw[row].tolist(), strict=True))
        rotations[jaw] = (x, y, z)
        expression = tuple(strength + value * more for strength, more in added)
        yield SetPose(rotations=tuple(rotations), expression=expression)

    def work(context: JobContext) -> NamedExpressions:
        return named_expressions(body, context.report)

    if not has_named_actions(body):
        services.start("face", work, on_top)
        return
    for action in on_top(named_expressions(body)):
        services.store.dispatch(action)
