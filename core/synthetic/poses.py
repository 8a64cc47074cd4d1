"""Natural poses drawn by dice: how somebody stands or sits, what the arms and hands do, where the head turns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from ..body.hand_shapes import LEFT_HAND_SHAPES
from ..body.joints import JOINT_NAMES, LEFT_HAND, RIGHT_HAND
from .arm_reach import ARMS, HIGH, LOW, hand_frame, placed, reached
from .gestures import GESTURES, Anchor, Gesture

_MIRROR = np.array([1.0, -1.0, -1.0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnPose:
    """How somebody holds still for a photograph."""

    rotations: Float[np.ndarray, "55 3"]
    """Axis-angle, radians; the person faces +z, apart from leaning."""
    facing: Float[np.ndarray, "3"]
    """Unit vector in the world: where the face looks."""
    sits: bool
    selfie_wrist: int | None
    """The joint of the hand that holds the camera, if one does."""


def _joint(name: str) -> int:
    return JOINT_NAMES.index(name)


_NECK, _HEAD, _CHEST = _joint("neck"), _joint("head"), _joint("spine3")
_COLLARS = (_joint("left_collar"), _joint("right_collar"))
_HIPS, _KNEES = (_joint("left_hip"), _joint("right_hip")), (_joint("left_knee"), _joint("right_knee"))
_ANKLES, _FEET = (_joint("left_ankle"), _joint("right_ankle")), (_joint("left_foot"), _joint("right_foot"))


def _shape(name: str) -> Float[np.ndarray, "15 3"]:
    shape = LEFT_HAND_SHAPES[name]
    return np.radians([shape.get(joint, (0.0, 0.0, 0.0)) for joint in JOINT_NAMES[LEFT_HAND]])


_HANDS = {name: _shape(name) for name in LEFT_HAND_SHAPES}


def drawn_pose(random: np.random.Generator, rest_joints: Float[np.ndarray, "55 3"], *, whole: bool = True) -> DrawnPose:
    """A pose within the joints' limits for a body with these joints at rest; more people sit if not shown `whole`."""
    rotations = np.zeros((55, 3))
    kind = random.uniform()
    sits = kind < (0.2 if whole else 0.35)
    walks = not sits and kind > (0.78 if whole else 0.9)
    if sits:
        _sit(random, rotations)
    elif walks:
        _walk(random, rotations)
    else:
        _stand(random, rotations)
    _bend_spine(random, rotations)
    _turn_head(random, rotations)
    selfie_wrist = _draw_arms(random, rotations, rest_joints, sits=sits, walks=walks, whole=whole)
    if selfie_wrist is not None:
        _look_at(random, rotations, rest_joints, selfie_wrist)
    rotations[1:] = np.clip(rotations[1:], LOW[1:], HIGH[1:])
    turns, _ = placed(rotations, rest_joints)
    facing = turns[_HEAD] @ (0.0, 0.0, 1.0)
    return DrawnPose(rotations=rotations, facing=facing, sits=sits, selfie_wrist=selfie_wrist)


def _normal(random: np.random.Generator, *degrees: float) -> Float[np.ndarray, " N"]:
    """Within twice these degrees of deviation, in radians."""
    return np.radians(np.clip(random.normal(size=len(degrees)), -2.0, 2.0) * degrees)


def _stand(random: np.random.Generator, rotations: Float[np.ndarray, "55 3"]) -> None:
    """On both legs or on one, the other at ease."""
    ease = random.beta(1.2, 1.5) if random.uniform() < 0.7 else 0.0
    free = int(random.integers(2))
    tilt = np.radians(7.0) * ease * (1.0 if free == 0 else -1.0)  # the hip of the free leg sinks
    rotations[0] = np.array([0.0, 0.0, -tilt]) + _normal(random, 2.0, 3.0, 0.5)
    for leg, sign in enumerate((1.0, -1.0)):
        apart, outward = np.radians(random.uniform(-2.0, 6.0)), np.radians(random.uniform(0.0, 12.0))
        rotations[_HIPS[leg]] = [0.0, sign * outward, sign * apart + tilt]
        if leg == free:
            lift = np.radians(random.uniform(10.0, 30.0)) * ease
            rotations[_HIPS[leg]] += [-lift, sign * 0.5 * lift, sign * 0.3 * lift]
            rotations[_KNEES[leg]] = [1.9 * lift, 0.0, 0.0]
    _flatten_feet(rotations)


def _walk(random: np.random.Generator, rotations: Float[np.ndarray, "55 3"]) -> None:
    """One leg before the other, the arms swing against them (`_hang`)."""
    stride, ahead = np.radians(random.uniform(12.0, 30.0)), int(random.integers(2))
    rotations[0] = _normal(random, 2.0, 3.0, 1.0) + np.radians((2.0, 0.0, 0.0))
    for leg, sign in enumerate((1.0, -1.0)):
        goes_ahead = leg == ahead
        rotations[_HIPS[leg]] = [-stride if goes_ahead else 0.65 * stride, 0.0, sign * np.radians(1.5)]
        bent = random.uniform(5.0, 18.0) if goes_ahead else random.uniform(12.0, 45.0)
        rotations[_KNEES[leg]] = [np.radians(bent), 0.0, 0.0]
    _flatten_feet(rotations)
    back = 1 - ahead
    rotations[_ANKLES[back], 0] = np.radians(random.uniform(5.0, 20.0))
    rotations[_FEET[back], 0] = -np.radians(random.uniform(10.0, 30.0))


def _sit(random: np.random.Generator, rotations: Float[np.ndarray, "55 3"]) -> None:
    """On a chair, a sofa or a step."""
    back = np.radians(random.uniform(-12.0, 14.0))
    rotations[0] = _normal(random, 0.0, 4.0, 1.5) - [back, 0.0, 0.0]
    height, apart = random.uniform(-8.0, 14.0), random.uniform(2.0, 20.0)
    for leg, sign in enumerate((1.0, -1.0)):
        raised = np.radians(88.0 + height + random.normal(scale=3.0)) - back
        out = np.radians(apart + random.uniform(-3.0, 3.0))
        rotations[_HIPS[leg]] = Rotation.from_euler("YX", (sign * out, -raised)).as_rotvec()
        rotations[_KNEES[leg]] = [np.radians(np.clip(88.0 + height + random.normal(scale=12.0), 45.0, 125.0)), 0.0, 0.0]
        rotations[_ANKLES[leg]] = _normal(random, 6.0, 4.0, 2.0)


def _flatten_feet(rotations: Float[np.ndarray, "55 3"]) -> None:
    """Soles to the ground, as far as bending the ankle does it."""
    for leg in range(2):
        rotations[_ANKLES[leg], 0] = -(rotations[0, 0] + rotations[_HIPS[leg], 0] + rotations[_KNEES[leg], 0])


def _bend_spine(random: np.random.Generator, rotations: Float[np.ndarray, "55 3"]) -> None:
    """The shoulders stay level over a tilted pelvis; some slouch, lean or turn."""
    forward, turn, aside = _normal(random, 7.0, 8.0, 4.0)
    bent = np.array([forward + np.radians(3.0), turn, aside - 0.9 * rotations[0, 2]])
    for number, share in ((1, 0.4), (2, 0.35), (3, 0.25)):
        rotations[_joint(f"spine{number}")] = share * bent


def _turn_head(random: np.random.Generator, rotations: Float[np.ndarray, "55 3"]) -> None:
    pitch, yaw, roll = _normal(random, 10.0, 22.0, 7.0)
    spine = sum(rotations[_joint(f"spine{number}")] for number in (1, 2, 3)) + rotations[0]
    turned = np.array([pitch - 0.6 * spine[0], yaw, roll - 0.5 * spine[2]])
    rotations[_NECK], rotations[_HEAD] = 0.45 * turned, 0.55 * turned


def _look_at(
    random: np.random.Generator,
    rotations: Float[np.ndarray, "55 3"],
    rest_joints: Float[np.ndarray, "55 3"],
    joint: int,
) -> None:
    """Turn the head towards a joint, as far as it goes and people do."""
    turns, places = placed(rotations, rest_joints)
    x, y, z = turns[_CHEST].T @ (places[joint] - places[_HEAD])
    pitch, yaw = -np.arctan2(y, np.hypot(x, z)), np.arctan2(x, z)
    turned = np.array([pitch, yaw, 0.0]) * random.uniform(0.6, 1.0) + _normal(random, 4.0, 6.0, 5.0)
    rotations[_NECK], rotations[_HEAD] = 0.45 * turned, 0.55 * turned


def _draw_arms(
    random: np.random.Generator,
    rotations: Float[np.ndarray, "55 3"],
    rest_joints: Float[np.ndarray, "55 3"],
    *,
    sits: bool,
    walks: bool,
    whole: bool,
) -> int | None:
    """What each arm does; returns the wrist that holds the camera."""
    weights = np.array([gesture.chances[2 if walks else 1 if sits else 0] for gesture in GESTURES])
    if whole:
        weights = weights * [not gesture.holds_camera for gesture in GESTURES]
    first = GESTURES[int(random.choice(len(GESTURES), p=weights / weights.sum()))]
    second = first
    if not first.both and random.uniform() < first.alone:
        weights = weights * [not (gesture.both or gesture.holds_camera) for gesture in GESTURES]
        weights[0] = weights[1:].sum()  # mostly one arm does something
        second = GESTURES[int(random.choice(len(GESTURES), p=weights / weights.sum()))]
    leading = int(random.integers(2))
    trunk = placed(rotations, rest_joints)
    for gesture, number in ((first, leading), (second, 1 - leading)):
        if gesture.anchor is Anchor.HANGING:
            _hang(random, number, rotations)
        else:
            _gesture(random, gesture, number, rotations, rest_joints, trunk)
        _draw_fingers(random, gesture, number, rotations)
    return ARMS[leading].joints[2] if first.holds_camera else None


def _gesture(
    random: np.random.Generator,
    gesture: Gesture,
    number: int,
    rotations: Float[np.ndarray, "55 3"],
    rest_joints: Float[np.ndarray, "55 3"],
    trunk: tuple[Float[np.ndarray, "J 3 3"], Float[np.ndarray, "J 3"]],
) -> None:
    """Bring one arm to where the gesture wants it; of some tries the most natural. `trunk` is what does not move."""
    arm, collar, (turns, places) = ARMS[number], _COLLARS[number], trunk
    mirror = np.array([arm.side, 1.0, 1.0])
    shoulder_rest = rest_joints[arm.joints[0]] - rest_joints[collar]
    reach = float(np.linalg.norm(np.diff(rest_joints[list(arm.joints)], axis=0), axis=1).sum())
    solutions: list[tuple[float, Float[np.ndarray, "4 3"]]] = []
    for _ in range(3):
        wanted = random.uniform(*np.array(gesture.place)) * mirror
        raised = max(wanted[1] if gesture.anchor is Anchor.SHOULDER else 0.0, 0.0)
        shrugged = arm.side * np.array([0.0, -0.15 * max(wanted[2], 0.0), 0.35 * raised - 0.03])
        in_collar = turns[_CHEST] @ Rotation.from_rotvec(shrugged).as_matrix()
        shoulder = places[collar] + in_collar @ shoulder_rest
        frame, origin = _anchored(gesture.anchor, number, turns, places, shoulder)
        loose = Rotation.from_rotvec(_normal(random, 9.0, 9.0, 9.0)).as_matrix()
        hand = frame @ loose @ hand_frame(arm, gesture.fingers * mirror, gesture.palm * mirror)
        solved, excess = reached(arm, rest_joints, in_collar, shoulder, origin + frame @ (reach * wanted), hand)
        solutions.append((excess, np.concatenate([shrugged[None], solved])))
        if excess < 0.05:
            break
    _, best = min(solutions, key=lambda solution: solution[0])
    rotations[[collar, *arm.joints]] = best


def _anchored(
    anchor: Anchor,
    number: int,
    turns: Float[np.ndarray, "J 3 3"],
    places: Float[np.ndarray, "J 3"],
    shoulder: Float[np.ndarray, "3"],
) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3"]]:
    """The frame and the origin that a gesture's place counts from."""
    if anchor is Anchor.HEAD:
        return turns[_HEAD], places[_HEAD]
    if anchor is Anchor.PELVIS:
        return turns[0], places[0]
    if anchor is Anchor.THIGH:
        return turns[0], 0.45 * places[_HIPS[number]] + 0.55 * places[_KNEES[number]]
    return turns[_CHEST], shoulder


def _hang(random: np.random.Generator, number: int, rotations: Float[np.ndarray, "55 3"]) -> None:
    """The arm beside the body, swinging against the leg of its side."""
    arm = ARMS[number]
    swing = -0.5 * rotations[_HIPS[number], 0] if abs(rotations[_HIPS[number], 0]) < 1.0 else 0.0
    bent = np.radians(random.uniform(6.0, 28.0))
    swing_forward, _, aside = _normal(random, 6.0, 0.0, 4.0)
    down = Rotation.from_rotvec([0.0, 0.0, -np.radians(71.0) + abs(aside)])
    turned_in = Rotation.from_rotvec([np.radians(random.uniform(-10.0, 20.0)), 0.0, 0.0])
    forward = Rotation.from_rotvec([swing + swing_forward, 0.0, 0.0])
    shoulder, elbow, wrist = arm.joints
    mirror = np.ones(3) if arm.side == 1 else _MIRROR
    rotations[_COLLARS[number]] = np.array([0.0, 0.0, -np.radians(random.uniform(1.0, 7.0))]) * mirror
    rotations[shoulder] = (forward * down * turned_in).as_rotvec() * mirror
    rotations[elbow] = np.array([0.0, -bent, 0.0]) * mirror
    rotations[wrist] = (_normal(random, 10.0, 6.0, 6.0) + np.radians((0.0, 0.0, -6.0))) * mirror


def _draw_fingers(
    random: np.random.Generator, gesture: Gesture, number: int, rotations: Float[np.ndarray, "55 3"]
) -> None:
    """Between two shapes of a hand; now and then any shape."""
    names = list(_HANDS) if random.uniform() < 0.08 else gesture.hands
    first, second = (_HANDS[names[int(random.integers(len(names)))]] for _ in range(2))
    share = random.uniform()
    drawn = first + share * (second - first)
    drawn = drawn * random.uniform(0.8, 1.2) + random.normal(scale=np.radians(2.5), size=(15, 3))
    fingers = (LEFT_HAND, RIGHT_HAND)[number]
    rotations[fingers] = drawn * (np.ones(3) if number == 0 else _MIRROR)
