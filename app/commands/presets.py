"""Poses, hand shapes and faces that have a name."""

from __future__ import annotations

from typing import Literal, cast

from ...core.body.presets import (
    EXPRESSION_ACTIONS,
    HAND_SHAPES,
    POSE_PRESETS,
    Side,
    expression_preset,
    expression_presets,
    hand_shape,
    height_on_floor,
    pose_preset,
)
from ...core.errors import StudioError
from ..actions import SetExpression, SetPose
from ..services import Services
from .registry import body_of, command


@command("Pose", effect="document", name="Wave")
def set_pose_preset(services: Services, *, name: str) -> None:
    """Put the body into a pose that has a name, its feet on the floor where it stands."""
    body_of(services)
    rotations = pose_preset(_named(name, POSE_PRESETS, "pose"))
    document = services.store.state.document
    rest = services.scene.rest_joints(document)
    x, _, z = document.translation
    lifted = (x, height_on_floor(rest, rotations), z)
    services.store.dispatch(SetPose(rotations=rotations, translation=lifted))


@command("Expression", effect="document", name="Neutral")
def set_expression_preset(services: Services, *, name: str) -> None:
    """Give the face an expression that has a name."""
    body = body_of(services)
    name = _named(name, tuple(EXPRESSION_ACTIONS), "expression")
    if name not in expression_presets(body.expression_names):
        raise StudioError(
            f"this face cannot look {name.lower()}: its actions have no names",
            hint="the built-in body's face has named actions",
        )
    values = expression_preset(name, body.expression_names)
    services.store.dispatch(SetExpression(values=values))


@command("Hand", effect="document", shape="Fist", side="left")
def set_hand_shape(services: Services, *, shape: str, side: Literal["left", "right", "both"] = "both") -> None:
    """Give one hand or both a shape that has a name."""
    body_of(services)
    side = cast(Side, _named(side, ("left", "right", "both"), "side"))
    rotations = list(services.store.state.document.rotations)
    for joint, rotation in hand_shape(_named(shape, HAND_SHAPES, "hand shape"), side).items():
        rotations[joint] = rotation
    services.store.dispatch(SetPose(rotations=tuple(rotations)))


def _named(name: str, names: tuple[str, ...], kind: str) -> str:
    """The name as it is written, for one in any case and with `_` for a blank."""
    wanted = name.strip().lower().replace("_", " ").replace("-", " ")
    found = next((each for each in names if each.lower() == wanted), None)
    if found is None:
        raise StudioError(f"there is no {kind} {name!r}", hint=f"there are {', '.join(names)}")
    return found
