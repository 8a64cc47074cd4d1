"""What detections in a picture tell of the person in it: how they are turned, how sharp they are, what is missing."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from ..body.joints import FACE_JOINTS, JOINT_NAMES
from ..body.model import BodyModel
from ..cameras import Camera, pixels_of, rays_of
from ..opencv import cv2
from ..tracking.detection import BodyDetection, Detection, FaceDetection, Frame
from ..tracking.expression_map import head_place
from ..tracking.face_points import OVAL, eye_distance, eye_openness, mouth_openness
from ..tracking.face_rig import FaceRig
from ..tracking.focal import assumed_focal
from ..tracking.learned_face import learned_face
from ..tracking.scaling import reduced_camera
from ..tracking.solution import CAMERA_FROM_WORLD, tracking_camera
from .face_quality import face_quality, fingerprint, reduced_cut, sharpness
from .shot import BodyView, Box, FaceView, Mode, Shot

_MOST_OUTSIDE = 0.06
"""Of the head's size, beyond the picture's edge: it is known about as well."""
_HEAD = JOINT_NAMES.index("head")
_HEAD_POINTS = 300

_NODDING = 1.5
"""A stranger's nod looks smaller than it is by this: the average face is fitted to a foreshortened one. Measured on six
made-up people, 0.47 to 0.61 of the true angle is seen; on real photos of level heads 1.5 errs least."""
_MOUTH_CORNERS, _UPPER_LIP = (61, 291), 13
_SHUT_LIFT, _LIFT_OF_OPENING, _LIFT_OF_SMILE = -0.015, 0.40, 0.075
"""Eye distances that the corners of the mouth lie above the upper lip's inner rim: of a mouth at rest; less for each
eye distance that the lips are apart; more in a broad smile. Measured on 150 made-up people."""
_WIDE_OPEN = 0.25
"""Eye distances between the lips."""
_SHUT_EYE, _OPEN_EYE = 0.12, 0.22
"""Gap of the lids over the eye's width."""

_FEET, _FACE = slice(27, 33), slice(0, 11)
"""Of the body's 33 points; ankles, heels and toes."""
_LEFT, _RIGHT = [11, 23], [12, 24]
"""Shoulder and hip."""
_SEEN = 0.5
_ABOVE_THE_FACE, _BESIDE = 0.08, 0.06
"""Parts of a person's height from the face's points to the top of the hair, and from the other points to the rim."""
_BODY_HEIGHT = 640
"""Pixels to which a person is reduced; a face has a fifth of them and less."""


class ShotReader:
    """Makes shots of pictures in which somebody else looked for the person."""

    def __init__(self, body: BodyModel) -> None:
        face = learned_face(body)
        self._neutral = FaceRig(body, face.embedding).rest_points
        self._stillness = face.expressions.stillness
        self._skull = _skull(body)

    def shot_of(self, frame: Frame, detection: Detection, num_faces: int, mode: Mode) -> Shot:
        """`detection` is in pixels of the picture as `scaling.reduced` makes it."""
        height, width = frame.image.shape[:2]
        factor = width // detection.width
        camera = tracking_camera(assumed_focal(width, height), width, height)
        face = body = None
        if detection.face is not None:
            face = self._face_view(frame, detection.face, reduced_camera(camera), factor)
        if mode == "body" and detection.body is not None:
            body = _body_view(frame, detection.body, factor)
        return Shot(
            mode=mode,
            width=width,
            height=height,
            seconds=frame.seconds,
            brightness=mean_brightness(frame),
            num_faces=max(num_faces, int(face is not None)),
            face=face,
            body=body,
        )

    def _face_view(self, frame: Frame, face: FaceDetection, camera: Camera, factor: int) -> FaceView | None:
        """`camera` took the reduced picture, in whose pixels `face` is."""
        points = face.points * factor
        quality = face_quality(frame.image, points)
        if quality is None:
            return None
        rotation, translation = head_place(face.points, self._neutral, camera, self._stillness)
        yaw, pitch, roll = _turned(rotation, translation)
        smile, mouth_open = _mouth(face.points, camera, rotation, translation, self._neutral)
        box = _box(points[list(OVAL), :2])
        return FaceView(
            box=box,
            yaw=yaw,
            pitch=pitch,
            roll=roll,
            smile=smile,
            mouth_open=mouth_open,
            blink=_blink(points),
            sharpness=quality.sharpness,
            brightness=quality.brightness,
            clipped=quality.clipped,
            share=(box[3] - box[1]) / frame.image.shape[0],
            is_cut=self._is_cut(rotation, translation, camera),
            has_covered_eyes=quality.has_covered_eyes,
            fingerprint=quality.fingerprint,
        )

    def _is_cut(self, rotation: Float[np.ndarray, "3 3"], translation: Float[np.ndarray, "3"], camera: Camera) -> bool:
        pixels = pixels_of(self._skull @ rotation.T + translation, camera)
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        outside = np.maximum(-low, high - (camera.width, camera.height))
        return bool((outside > _MOST_OUTSIDE * (high - low)).any())


def mean_brightness(frame: Frame) -> float:
    """0..1."""
    return float(frame.image[::8, ::8].mean()) / 255.0


def _skull(body: BodyModel) -> Float[np.ndarray, "N 3"]:
    """Some points of the average head, metres about its joint."""
    vertices = body.template_vertices.double().numpy()
    skin = body.faces.unique().numpy()
    weights = body.skin_weights.numpy()[skin][:, [_HEAD, *range(FACE_JOINTS.start, FACE_JOINTS.stop)]].sum(axis=1)
    head = vertices[skin[weights > 0.5]]
    joint = (body.joint_regressor.double().numpy() @ vertices)[_HEAD]
    return head[:: max(1, len(head) // _HEAD_POINTS)] - joint


def _turned(rotation: Float[np.ndarray, "3 3"], translation: Float[np.ndarray, "3"]) -> tuple[float, float, float]:
    """Yaw, pitch and roll, from a head in the camera's axes; zeros look straight at the camera, wherever it is."""
    to_world = np.asarray(CAMERA_FROM_WORLD)
    towards = -translation * to_world
    towards /= np.linalg.norm(towards)
    across = np.cross((0.0, 1.0, 0.0), towards)
    across /= np.linalg.norm(across)
    seen = np.stack([across, np.cross(towards, across), towards]) @ (to_world[:, None] * rotation)
    yaw = np.arctan2(seen[0, 2], seen[2, 2])
    pitch = np.arcsin(np.clip(seen[1, 2], -1.0, 1.0))
    roll = -np.arctan2(seen[1, 0], seen[1, 1])
    return float(np.degrees(yaw)), _NODDING * float(np.degrees(pitch)), float(np.degrees(roll))


def _mouth(
    points: Float[np.ndarray, "478 3"],
    camera: Camera,
    rotation: Float[np.ndarray, "3 3"],
    translation: Float[np.ndarray, "3"],
    neutral: Float[np.ndarray, "478 3"],
) -> tuple[float, float]:
    """Smile and openness, on the face seen from the front: the picture's points at the depths of a resting face."""
    depths = (neutral @ rotation.T + translation)[:, 2:]
    rays = np.column_stack([rays_of(points[:, :2], camera), np.ones(len(points))])
    front = ((rays * depths - translation) @ rotation)[:, :2]
    opening = float(mouth_openness(front))
    lift = (front[list(_MOUTH_CORNERS), 1].mean() - front[_UPPER_LIP, 1]) / float(eye_distance(front))
    smile = (lift - _SHUT_LIFT + _LIFT_OF_OPENING * opening) / _LIFT_OF_SMILE
    return float(np.clip(smile, 0.0, 1.0)), float(np.clip(opening / _WIDE_OPEN, 0.0, 1.0))


def _blink(points: Float[np.ndarray, "478 3"]) -> float:
    """Of the eye that is more open: a wink is none."""
    return float(np.clip((_OPEN_EYE - eye_openness(points[:, :2]).max()) / (_OPEN_EYE - _SHUT_EYE), 0.0, 1.0))


def _body_view(frame: Frame, body: BodyDetection, factor: int) -> BodyView | None:
    points = body.points * factor
    low, high = points.min(axis=0), points.max(axis=0)
    tall = high[1] - low[1]
    low, high = low - (_BESIDE * tall, _ABOVE_THE_FACE * tall), high + np.array((_BESIDE * tall, 0.0))
    size = np.array(frame.image.shape[1::-1])
    cut = reduced_cut(frame.image, low, high, _BODY_HEIGHT)
    if cut is None:
        return None
    grey = cv2.cvtColor(cut.image, cv2.COLOR_RGB2GRAY)
    across = body.world[_LEFT].mean(axis=0) - body.world[_RIGHT].mean(axis=0)
    feet, face = points[_FEET], points[_FACE]
    has_feet = bool((body.visibility[_FEET] > _SEEN).any() and feet[:, 1].max() < size[1])
    has_head = bool(face[:, 1].min() - _ABOVE_THE_FACE * tall > -0.01 * tall)
    return BodyView(
        box=_box(np.clip([low, high], 0, size)),
        yaw=float(np.degrees(np.arctan2(across[2], across[0]))),
        is_whole=has_feet and has_head,
        sharpness=sharpness(grey, np.ones(grey.shape, bool)),
        share=float(np.clip([low[1], high[1]], 0, size[1]).ptp() / size[1]),
        fingerprint=fingerprint(grey),
    )


def _box(points: Float[np.ndarray, "N 2"]) -> Box:
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
