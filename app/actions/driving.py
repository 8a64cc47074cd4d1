"""Changes of what drives the avatar, and of what the person took over from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..driven import Driving
from ..state import State
from .session import StateAction
from .values import check_index, number, vector


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDriving(StateAction):
    """How driving goes and what it shows; what the person holds stays held while it is on."""

    driving: Driving

    def reduced(self, state: State) -> State:
        pose, document = self.driving.pose, state.document
        if pose is not None:
            if len(pose.rotations) != len(document.rotations):
                raise ValueError(f"a pose has {len(document.rotations)} joints, not {len(pose.rotations)}")
            for each in (*pose.rotations, pose.translation):
                vector(each, "a driven pose")
            for value in pose.expression:
                number(value, "a driven expression")
        return replace(state, driving=self.driving)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver(StateAction):
    """From now on these joints and actions of the face are the person's; nothing happens where nobody drives."""

    joints: tuple[int, ...] = ()
    actions: tuple[int, ...] = ()

    def reduced(self, state: State) -> State:
        driving = state.driving
        joints, actions = driving.held_joints | set(self.joints), driving.held_actions | set(self.actions)
        if not driving.is_on or (joints, actions) == (driving.held_joints, driving.held_actions):
            return state
        for joint in joints:
            check_index(joint, len(state.document.rotations), "joint")
        for action in actions:
            check_index(action, len(state.document.expression), "expression")
        return replace(state, driving=replace(driving, held_joints=joints, held_actions=actions))


@dataclass(frozen=True, slots=True, kw_only=True)
class HandBack(StateAction):
    """The camera moves these again; None: all that are held."""

    joints: tuple[int, ...] | None = None
    actions: tuple[int, ...] | None = None

    def reduced(self, state: State) -> State:
        driving = state.driving
        everything = self.joints is None and self.actions is None
        joints = driving.held_joints if everything else frozenset(self.joints or ())
        actions = driving.held_actions if everything else frozenset(self.actions or ())
        held = replace(driving, held_joints=driving.held_joints - joints, held_actions=driving.held_actions - actions)
        return replace(state, driving=held)
