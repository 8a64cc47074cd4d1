"""Changes of the document: each is one step of undo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...core.avatar.part_styles import PartStyle, with_style
from ...core.body.joints import MIRROR, NUM_JOINTS
from ..state import REST_ROTATIONS, Document, Vector
from .values import all_values, check_index, vector, with_value

if TYPE_CHECKING:
    from ...core.avatar.avatar import Avatar


class DocumentAction:
    """A change of the document; the store records it as one step of undo."""

    __slots__ = ()

    def changed(self, document: Document) -> Document:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class SetJoint(DocumentAction):
    """Give one joint a rotation: axis-angle, radians."""

    joint: int
    rotation: Vector

    def changed(self, document: Document) -> Document:
        check_index(self.joint, NUM_JOINTS, "joint")
        rotations = list(document.rotations)
        rotations[self.joint] = vector(self.rotation, "rotation")
        return replace(document, rotations=tuple(rotations))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPose(DocumentAction):
    """Give all joints a rotation, and the translation and expression where named."""

    rotations: tuple[Vector, ...]
    translation: Vector | None = None
    expression: tuple[float, ...] | None = None

    def changed(self, document: Document) -> Document:
        if len(self.rotations) != NUM_JOINTS:
            raise ValueError(f"a pose has {NUM_JOINTS} joints, not {len(self.rotations)}")
        rotations = tuple(vector(rotation, "rotation") for rotation in self.rotations)
        document = replace(document, rotations=rotations)
        if self.translation is not None:
            document = replace(document, translation=vector(self.translation, "translation"))
        if self.expression is not None:
            document = SetExpression(values=self.expression).changed(document)
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetJoints(DocumentAction):
    joints: tuple[int, ...]

    def changed(self, document: Document) -> Document:
        for joint in self.joints:
            check_index(joint, NUM_JOINTS, "joint")
        rotations = tuple(
            REST_ROTATIONS[joint] if joint in self.joints else rotation
            for joint, rotation in enumerate(document.rotations)
        )
        return replace(document, rotations=rotations)


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorPose(DocumentAction):
    """Swap left and right, as in a mirror that stands on the body's plane of symmetry."""

    def changed(self, document: Document) -> Document:
        x, y, z = document.translation
        # An axis-angle vector is a pseudovector: a mirror along x keeps its x and turns the others around.
        swapped = [document.rotations[int(MIRROR[joint])] for joint in range(NUM_JOINTS)]
        rotations = tuple((rotation[0], 0.0 - rotation[1], 0.0 - rotation[2]) for rotation in swapped)
        return replace(document, rotations=rotations, translation=(0.0 - x, y, z))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTranslation(DocumentAction):
    """Move the whole body: metres."""

    translation: Vector

    def changed(self, document: Document) -> Document:
        return replace(document, translation=vector(self.translation, "translation"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetExpressionValue(DocumentAction):
    index: int
    value: float

    def changed(self, document: Document) -> Document:
        return replace(document, expression=with_value(document.expression, self.index, self.value, "expression"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetExpression(DocumentAction):
    values: tuple[float, ...]

    def changed(self, document: Document) -> Document:
        return replace(document, expression=all_values(self.values, document.expression, "expression"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBeta(DocumentAction):
    index: int
    value: float

    def changed(self, document: Document) -> Document:
        return replace(document, betas=with_value(document.betas, self.index, self.value, "beta"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBetas(DocumentAction):
    values: tuple[float, ...]

    def changed(self, document: Document) -> Document:
        return replace(document, betas=all_values(self.values, document.betas, "betas"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAvatar(DocumentAction):
    """Put another avatar on the same body, of other betas where named; it stands as the one before stood."""

    avatar: Avatar
    betas: tuple[float, ...] | None = None

    def changed(self, document: Document) -> Document:
        if document.body is None or self.avatar.body != document.body.identity:
            raise ValueError(f"{self.avatar.name} belongs to another body")
        if self.betas is not None:
            document = replace(document, betas=all_values(self.betas, document.betas, "betas"))
        return replace(document, avatar=self.avatar)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPartStyle(DocumentAction):
    """Hide or tint a group of the avatar's Gaussians, or show it as it is."""

    style: PartStyle

    def changed(self, document: Document) -> Document:
        return replace(document, part_styles=with_style(document.part_styles, self.style))
