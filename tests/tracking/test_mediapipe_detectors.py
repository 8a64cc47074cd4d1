"""The detectors see what is there, in the picture's own pixels, and stay with one person."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from nlfgs_studio.core.tracking import mediapipe_detectors
from nlfgs_studio.core.tracking.detection import BodyDetection, FaceDetection, Frame
from nlfgs_studio.core.tracking.mediapipe_detectors import Detectors
from nlfgs_studio.core.tracking.mediapipe_graphs import BodyReader
from nlfgs_studio.core.tracking.sitting import drawn_sitters, drawn_sitting

RIGHT_EYE, LEFT_EYE, RIGHT_IRIS, LEFT_IRIS, CHIN = 33, 263, 468, 473, 152


def frame(image: np.ndarray, number: int = 0) -> Frame:
    return Frame(image=image, seconds=number / 30.0, index=number)


@pytest.fixture(scope="module")
def stills():
    with Detectors(("face",), static=True) as detectors:
        yield detectors


@pytest.fixture(scope="module")
def portraits(portrait_studio):
    """Two people's neutral faces, almost from the front."""
    random, body = np.random.default_rng(5), portrait_studio.body
    return [
        portrait_studio.portrait(drawn_sitting(body, random, sitter, turn=0.3, liveliness=0.0))
        for sitter in drawn_sitters(body, random, 2)
    ]


def test_a_face_is_found_where_it_is(stills, portraits):
    for portrait in portraits:
        face = stills.detect(frame(portrait.image)).face
        assert face is not None
        assert face.confidence > 0.9
        points = face.points
        eyes = portrait.project(portrait.body.joints[23:25].double().numpy())
        size = np.linalg.norm(points[LEFT_EYE, :2] - points[RIGHT_EYE, :2])
        assert np.linalg.norm(points[LEFT_IRIS, :2] - eyes[0]) < 0.1 * size
        assert np.linalg.norm(points[RIGHT_IRIS, :2] - eyes[1]) < 0.1 * size
        assert points[CHIN, 1] > eyes[0, 1] + 0.8 * size


def test_points_move_and_grow_with_the_picture(stills, portraits):
    image = portraits[0].image
    points = stills.detect(frame(image)).face.points
    wide = np.full((image.shape[0] + 40, image.shape[1] + 200, 3), 90, np.uint8)
    wide[40:, 150:-50] = image
    moved = stills.detect(frame(wide)).face.points
    assert np.median(np.linalg.norm((moved - points)[:, :2] - (150.0, 40.0), axis=1)) < 1.0
    double = image.repeat(2, axis=0).repeat(2, axis=1)
    grown = stills.detect(frame(double)).face.points
    assert np.median(np.linalg.norm(grown / 2.0 - points, axis=1)) < 1.0


def test_a_small_face_far_away_is_found(stills, portraits):
    image = portraits[0].image
    large = np.full((600, 1066, 3), 120, np.uint8)
    large[264:456, 700:892] = image[1::2, 1::2]
    face = stills.detect(frame(large)).face
    assert face is not None
    expected = stills.detect(frame(image)).face.points[:, :2] / 2.0 + (700.0, 264.0)
    assert np.median(np.linalg.norm(face.points[:, :2] - expected, axis=1)) < 1.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (15, 15), (16, 16), (17, 400), (480, 640)])
def test_nothing_is_found_where_nobody_is(stills, shape):
    for image in (np.zeros((*shape, 3), np.uint8), np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8)):
        detection = stills.detect(frame(image))
        assert (detection.width, detection.height) == shape[::-1]
        assert detection.face is None


def test_the_back_of_a_head_is_no_face(stills, portrait_studio):
    random, body = np.random.default_rng(6), portrait_studio.body
    (sitter,) = drawn_sitters(body, random, 1)
    sitting = drawn_sitting(body, random, sitter, turn=0.0, liveliness=0.0)
    behind = replace(sitting, head=np.array([0.0, np.pi, 0.0]))
    assert stills.detect(frame(portrait_studio.portrait(sitting).image)).face is not None
    assert stills.detect(frame(portrait_studio.portrait(behind).image)).face is None


def test_a_picture_of_a_view_is_read_as_its_copy(stills, portraits):
    mirrored = portraits[0].image[:, ::-1]
    assert np.array_equal(stills.detect(frame(mirrored)).face.points, stills.detect(frame(mirrored.copy())).face.points)


def test_the_same_pictures_give_the_same_answers(portraits):
    answers = []
    for _ in range(2):
        with Detectors(("face", "body", "hands")) as detectors:
            answers.append([detectors.detect(frame(portraits[0].image, number)) for number in range(3)])
    for first, second in zip(*answers, strict=True):
        assert np.array_equal(first.face.points, second.face.points)
        assert np.array_equal(first.body.points, second.body.points)
        assert first.held_seconds == 0.0


def test_the_followed_person_is_kept_lost_and_found(portraits):
    """The second person comes nearer than the first, who is followed; the first hides for a moment."""
    first, second = (portrait.image for portrait in portraits)
    blank = np.full_like(first, 100)
    half = np.full_like(second, 100)
    half[96:288, 96:288] = second[::2, ::2]
    scenes = [(first, half), (first, second), (blank, second), (first, second)]
    with Detectors(("face",)) as detectors:
        faces = [detectors.detect(frame(np.hstack(scene), number)).face for number, scene in enumerate(scenes)]
    assert faces[2] is None
    for number in (0, 1, 3):
        assert faces[number] is not None
        assert faces[number].points[:, 0].max() < first.shape[1]


def test_the_body_is_the_followed_faces_own(portraits):
    """A second person of the same size steps in beside the one that is followed, on either side."""
    first, second = (portrait.image for portrait in portraits)
    blank = np.full_like(first, 100)
    for order in (1, -1):
        scenes = [np.hstack([first, other][::order]) for other in (blank, second, second, second, second)]
        with Detectors(("face", "body")) as detectors:
            detections = [detectors.detect(frame(scene, number)) for number, scene in enumerate(scenes)]
        low = 0 if order == 1 else first.shape[1]
        for detection in detections:
            assert detection.face is not None
            assert low < detection.face.points[1, 0] < low + first.shape[1]
            assert detection.body is None or low < detection.body.points[0, 0] < low + first.shape[1]
        assert detections[-1].body is not None


def test_somebody_elses_body_is_looked_away_from(portraits):
    """The one who is followed hides for a moment, in which the body's detector takes to the other person."""
    first, second = (portrait.image for portrait in portraits)
    blank = np.full_like(first, 100)
    scenes = [np.hstack(scene) for scene in ((first, blank), *[(blank, second)] * 2, *[(first, second)] * 3)]
    with Detectors(("face", "body")) as detectors:
        detections = [detectors.detect(frame(scene, number)) for number, scene in enumerate(scenes)]
    with Detectors(("body",)) as unguided:
        bodies = [unguided.detect(frame(scene, number)).body for number, scene in enumerate(scenes)]
    assert bodies[-1].points[0, 0] > first.shape[1]
    assert detections[1].body is None
    assert detections[2].body is None
    assert detections[-1].body.points[0, 0] < first.shape[1]


class DrawnFace:
    """Stands in for the face's reader: a red pixel is where the followed face is."""

    def read(self, picture, following):
        points = np.zeros((478, 3))
        points[:, 0] = np.linspace(-20.0, 20.0, 478) + np.argmax(picture.image[0, :, 0])
        following.saw(mediapipe_detectors.square_around(points), picture.seconds)
        return FaceDetection(points=points, confidence=1.0)

    def close(self) -> None: ...


class DrawnBody(BodyReader):
    """A green pixel is the nose of the body that is found."""

    def __init__(self, **_: object) -> None:
        self.may_read = threading.Event()
        self.may_read.set()
        self.forgets = 0

    def read(self, picture):
        self.may_read.wait(5.0)
        if not picture[..., 1].any():
            return None
        points = np.tile([float(np.argmax(picture[0, :, 1])), 0.0], (33, 1))
        return BodyDetection(points=points, world=np.zeros((33, 3)), visibility=np.ones(33))

    def forget(self) -> None:
        self.forgets += 1

    def close(self) -> None: ...


def drawn(number: int, *, face: int, nose: int) -> Frame:
    image = np.zeros((32, 1000, 3), np.uint8)
    image[:, face, 0] = image[:, nose, 1] = 255
    return frame(image, number)


@pytest.fixture
def made_up(monkeypatch) -> None:
    monkeypatch.setattr(mediapipe_detectors, "_FaceReader", DrawnFace)
    monkeypatch.setattr(mediapipe_detectors, "BodyReader", DrawnBody)


@pytest.mark.usefixtures("made_up")
def test_one_who_moves_is_no_stranger_to_the_body_of_an_earlier_picture():
    with Detectors(("face", "body"), hold=True) as detectors:
        detectors.detect(drawn(0, face=100, nose=100))
        detectors._body.may_read.clear()
        later = detectors.detect(drawn(1, face=400, nose=400))
        detectors._body.may_read.set()
    assert later.held_seconds > 0.0
    assert later.body is not None
    assert detectors._body.forgets == 0


@pytest.mark.usefixtures("made_up")
def test_some_time_after_a_stranger_the_whole_picture_is_looked_at_again():
    with Detectors(("face", "body")) as detectors:
        forgets = []
        for number in range(60):
            assert detectors.detect(drawn(number, face=100, nose=400)).body is None
            forgets.append(detectors._body.forgets)
    assert forgets[40] == 1
    assert forgets[-1] == 2


def test_held_limbs_say_how_old_they_are(portraits):
    with Detectors(("face", "body"), hold=True) as detectors:
        detections = [detectors.detect(frame(portraits[0].image, number)) for number in range(12)]
    assert all(detection.body is not None and detection.face is not None for detection in detections)
    ages = [30.0 * detection.held_seconds for detection in detections]
    assert all(0.0 <= age <= number for number, age in enumerate(ages))
    assert max(ages) >= 0.5


def test_nothing_is_written_to_the_terminal():
    program = (
        "import numpy as np\n"
        "from nlfgs_studio.core.tracking.detection import Frame\n"
        "from nlfgs_studio.core.tracking.mediapipe_detectors import Detectors\n"
        "with Detectors(('face', 'body', 'hands')) as detectors:\n"
        "    detectors.detect(Frame(image=np.zeros((64, 96, 3), np.uint8), seconds=0.0, index=0))\n"
        "import sys; print('own words', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("", "own words\n")


def test_a_real_video_shows_a_face_in_every_picture(real_data):
    import av

    with av.open(str(real_data / "videos" / "duda.mp4")) as video, Detectors(("face", "body", "hands")) as detectors:
        pictures = [picture.to_ndarray(format="rgb24") for picture in video.decode(video=0)][:60:6]
        detections = [detectors.detect(frame(picture, 6 * number)) for number, picture in enumerate(pictures)]
    assert all(detection.face is not None and detection.body is not None for detection in detections)
    assert sum(detection.left_hand is not None or detection.right_hand is not None for detection in detections) >= 3
