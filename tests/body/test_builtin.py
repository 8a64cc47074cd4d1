"""Laws of the built-in body's file: what a person finds who opens it, in any reader of the SMPL-X format."""

from __future__ import annotations

import numpy as np
import pytest
import smplx
import torch
from nlfgs_studio.core.body.joints import JAW, JOINT_NAMES, LEFT_EYE, PARENTS, RIGHT_EYE
from nlfgs_studio.core.body.parts import PART_NAMES
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

EXPRESSION = slice(300, 352)


class BuiltinFile:
    """The arrays of the file, with plain skinning beside them as a second opinion."""

    def __init__(self, path):
        with np.load(path, allow_pickle=False) as archive:
            self.arrays = {name: archive[name] for name in archive.files}
        self.template = self["v_template"].astype(np.float64)
        self.faces = self["f"].astype(np.int64)
        self.weights = self["weights"].astype(np.float64)
        self.regressor = self["J_regressor"].astype(np.float64)
        self.joints = self.regressor @ self.template
        self.body_vertices = np.unique(self.faces)

    def __getitem__(self, name):
        return self.arrays[name]

    def joint(self, name):
        return self.joints[JOINT_NAMES.index(name)]

    def part(self, *names):
        """Vertices of some parts; a name without its side means both."""
        chosen = [i for i, name in enumerate(self["part_names"]) if name.startswith(names)]
        assert chosen, names
        return np.unique(self.faces[np.isin(self["face_parts"], chosen)])

    def action(self, name):
        """Offsets (V, 3) and joint rotations (3, 3) of an action at strength 1."""
        index = self["expression_names"].tolist().index(name)
        offsets = self["shapedirs"][..., EXPRESSION.start + index].astype(np.float64)
        return offsets, self["action_joint_rotations"][index].astype(np.float64)

    def acted(self, name):
        """The template with an action at strength 1, its joints turned."""
        offsets, rotations = self.action(name)
        return self.posed(dict(zip((JAW, LEFT_EYE, RIGHT_EYE), rotations, strict=True)), offsets)

    def posed(self, rotations, offsets=0.0):
        """Skinned by joints that are not each other's parents; `rotations` maps them to axis-angles."""
        vertices = self.template + offsets
        joints = self.regressor @ vertices
        for joint, rotation in rotations.items():
            below = np.zeros(len(PARENTS), dtype=bool)
            for candidate, parent in enumerate(PARENTS):
                below[candidate] = candidate == joint or (parent >= 0 and below[parent])
            turned = (vertices - joints[joint]) @ Rotation.from_rotvec(rotation).as_matrix().T + joints[joint]
            share = self.weights[:, below].sum(axis=1, keepdims=True)
            vertices = (1.0 - share) * vertices + share * turned
        return vertices


@pytest.fixture(scope="module")
def built(builtin_path):
    return BuiltinFile(builtin_path)


def test_every_array_is_plain(built):
    assert all(array.dtype != object for array in built.arrays.values())
    assert all(np.isfinite(array).all() for array in built.arrays.values() if array.dtype.kind == "f")


def test_stands_in_the_t_pose(built):
    for side, sign in (("left", 1.0), ("right", -1.0)):
        arm = np.stack([built.joint(f"{side}_{name}") for name in ("shoulder", "elbow", "wrist")])
        assert np.ptp(arm[:, 1:], axis=0).max() < 1e-3, "the arm is level and straight"
        assert (np.diff(arm[:, 0]) * sign > 0.15).all(), "and points to its own side"
        hand = built.template[built.part(f"hand_{side}")]
        assert abs(hand[:, 1].mean() - arm[0, 1]) < 0.02, "the hands are as high as the shoulders"
        assert np.ptp(hand[:, 1]) < 0.5 * np.ptp(hand[:, 2]), "the palms lie level"
        assert built.joint(f"{side}_thumb3")[2] > built.joint(f"{side}_pinky3")[2], "the thumbs point forwards"
        knee, ankle = built.joint(f"{side}_knee"), built.joint(f"{side}_ankle")
        assert knee[1] - ankle[1] > 0.35
        assert abs(knee[0] - ankle[0]) < 0.03
    assert np.allclose(built.joint("pelvis"), (0.0, -0.35, 0.01), atol=1e-4)


def test_faces_forwards_and_has_a_persons_size(built):
    vertices = built.template[built.body_vertices]
    assert 1.6 < np.ptp(vertices[:, 1]) < 1.8
    assert abs(np.ptp(vertices[:, 0]) / np.ptp(vertices[:, 1]) - 1.0) < 0.05, "the span of the arms is the height"
    nose = vertices[:, 2] * (vertices[:, 1] > built.joint("neck")[1])
    assert nose.max() > built.joint("head")[2] + 0.1
    for side in ("left", "right"):
        eye = built.template[built.part(f"sclera_{side}", f"iris_{side}", f"pupil_{side}")]
        pupil = built.template[built.part(f"pupil_{side}")]
        gaze = pupil.mean(axis=0) - eye.mean(axis=0)
        assert gaze[2] / np.linalg.norm(gaze) > np.cos(np.radians(1.5)), "the eyes look along +z"


def test_left_mirrors_right(built):
    shapes = np.moveaxis(built["shapedirs"][..., :30], -1, 0).astype(np.float64)
    for offsets in (np.zeros_like(built.template), *(2.0 * shapes)):
        vertices = (built.template + offsets)[built.body_vertices]
        tree = cKDTree(vertices)
        assert tree.query(vertices * (-1.0, 1.0, 1.0))[0].max() < 4e-3


def test_faces_turn_outwards(built):
    a, b, c = (built.template[built.faces[:, corner]] for corner in range(3))
    assert np.einsum("fi,fi->f", a, np.cross(b, c)).sum() / 6.0 == pytest.approx(0.07, abs=0.02), "the volume in m³"


def test_skin_weights_are_few_and_sum_to_one(built):
    assert np.allclose(built.weights.sum(axis=1), 1.0, atol=1e-6)
    assert (built.weights >= 0.0).all()
    assert (built.weights > 0.0).sum(axis=1).max() <= 4
    assert (built.weights[built.body_vertices].max(axis=0) > 0.4).all(), "every joint moves something on its own"


def test_kinematic_tree_is_that_of_smplx(built):
    assert built["kintree_table"][0].tolist() == list(PARENTS)


@pytest.mark.parametrize("joint", range(1, 55), ids=lambda joint: JOINT_NAMES[joint])
def test_joints_lie_inside_what_they_move(built, joint):
    """Seen from the joint, the skin around it lies on all sides."""
    near = built.template[built.body_vertices] - built.joints[joint]
    distances = np.linalg.norm(near, axis=1)
    nearest = near[np.argsort(distances)[:200]]
    directions = nearest / np.linalg.norm(nearest, axis=1, keepdims=True)
    assert np.linalg.norm(directions.mean(axis=0)) < 0.8
    moved = built.weights[built.body_vertices, joint] > 0.3
    assert distances[moved].min() < 0.11, "the joint is by its part"


def test_joints_follow_the_shape_but_not_the_face(built):
    random = np.random.default_rng(0)
    for _ in range(5):
        offsets = built["shapedirs"][..., :30] @ random.normal(size=30)
        vertices = built.template + offsets
        joints = built.regressor @ vertices
        for joint, side in ((LEFT_EYE, "left"), (RIGHT_EYE, "right")):
            eye = vertices[built.part(f"sclera_{side}", f"iris_{side}", f"pupil_{side}")]
            assert np.linalg.norm(joints[joint] - eye.mean(axis=0)) < 1e-4
        for side in ("left", "right"):
            arm = joints[[JOINT_NAMES.index(f"{side}_{name}") for name in ("shoulder", "elbow", "wrist")]]
            assert np.ptp(arm[:, 1:]) > 0
            assert np.ptp(arm[:, 1]) < 0.05, "the arms stay level in every body"
        assert np.allclose(joints[0], built.joints[0], atol=1e-4), "the pelvis stays where it is"
    moved = np.einsum("jv,vce->jce", built.regressor, built["shapedirs"][..., EXPRESSION].astype(np.float64))
    assert np.abs(moved).max() < 1e-9


def test_the_regressor_picks_one_marker_per_joint(built):
    assert (np.count_nonzero(built.regressor, axis=1) == 1).all()
    assert (built.regressor.sum(axis=1) == 1.0).all()
    assert np.array_equal(built.weights[-55:], np.eye(55)), "a marker moves with its joint"


def test_betas_are_orthogonal_standard_deviations(built):
    shapes = built["shapedirs"][built.body_vertices][..., :30].astype(np.float64)
    for columns in (slice(0, 10), slice(10, 30)):
        gram = np.einsum("vca,vcb->ab", shapes[..., columns], shapes[..., columns])
        scale = np.sqrt(np.diag(gram))
        assert np.abs(gram / np.outer(scale, scale) - np.eye(len(gram))).max() < 1e-3
        assert (np.diff(scale) < 0.0).all(), "the strongest comes first"
    assert not built["shapedirs"][..., 30:300].any()
    assert not built["shapedirs"][..., 352:].any()


def test_first_beta_is_height_and_face_betas_stay_in_the_head(built):
    def height(beta, amount):
        vertices = (built.template + amount * built["shapedirs"][..., beta])[built.body_vertices]
        return np.ptp(vertices[:, 1])

    assert 0.15 < height(0, 1.0) - height(0, -1.0) < 0.3
    below_the_neck = built.template[:, 1] < built.joint("neck")[1] - 0.06
    faces = built["shapedirs"][..., 10:30]
    assert np.abs(faces[below_the_neck]).max() < 2e-3
    assert np.abs(faces).max() > 5e-3


def test_actions_are_named_and_bounded(built):
    names = built["expression_names"].tolist()
    assert len(set(names)) == 52
    assert built["expression_ranges"].tolist() == [[0.0, 1.0]] * 52
    assert all(np.abs(built.action(name)[0]).max() > 1e-3 for name in names)


@pytest.mark.parametrize(
    ("prefix", "low", "high", "sided"),
    [
        ("brow", -0.02, 0.12, True),
        ("eyeBlink", -0.05, 0.06, True),
        ("eyeSquint", -0.05, 0.06, True),
        ("eyeWide", -0.05, 0.06, True),
        ("eyeLook", -0.05, 0.06, True),
        ("cheek", -0.12, 0.03, True),
        ("noseSneer", -0.09, 0.06, True),
        ("mouth", -0.15, 0.02, True),
        ("jaw", -0.20, 0.02, False),
        ("tongueOut", -0.12, 0.02, False),
    ],
)
def test_each_action_moves_its_own_region(built, prefix, low, high, sided):
    """Heights are metres above the eyes; an action of one side leaves the other half alone."""
    eyes = built.joints[[LEFT_EYE, RIGHT_EYE], 1].mean()
    for name in filter(lambda name: name.startswith(prefix), built["expression_names"].tolist()):
        moved = np.linalg.norm(built.acted(name) - built.template, axis=1)
        where = moved > 0.5 * moved.max()
        heights = built.template[where, 1] - eyes
        assert low < heights.min() <= heights.max() < high, name
        if sided and name.endswith(("Left", "Right")) and name not in ("mouthLeft", "mouthRight"):
            sign = 1.0 if name.endswith("Left") else -1.0
            assert (sign * built.template[where, 0]).min() > -0.015, name


def test_lids_close_over_the_eye(built):
    lashes = built.part("lashes")
    left = lashes[built.template[lashes, 0] > 0.0]
    upper = left[built.template[left, 1] > built.joints[LEFT_EYE, 1]]
    assert (built.acted("eyeBlinkLeft") - built.template)[upper, 1].mean() < -0.004


def test_the_jaw_opens_as_a_joint(built):
    offsets, rotations = built.action("jawOpen")
    teeth = built.part("teeth_lower")
    assert np.abs(offsets[teeth]).max() < 1e-6, "the joint alone moves the teeth"
    assert rotations[0] == pytest.approx([0.32, 0.0, 0.0], abs=0.06)
    assert not rotations[1:].any()
    opened = built.acted("jawOpen") - built.template
    assert opened[teeth, 1].mean() < -0.015
    assert np.abs(opened[built.part("teeth_upper")]).max() < 1e-6
    lips = built.part("lip_lower")
    assert opened[lips, 1].min() < -0.02


def test_an_open_jaw_can_close_its_lips(built):
    """`mouthClose` is made for an open jaw: together with `jawOpen` the lips meet where they were."""
    opened, rotations = built.action("jawOpen")
    close = built.action("mouthClose")[0]
    vertices = built.posed({JAW: rotations[0]}, opened + close)
    lips = built.part("lip_upper", "lip_lower")
    assert np.abs(vertices - built.template)[lips].max() < 0.012
    assert (vertices - built.template)[built.part("teeth_lower"), 1].mean() < -0.015


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_gaze_turns_the_eyes_as_joints(built, side):
    motor = 1 if side == "Left" else 2
    eye = built.part(f"sclera_{side.lower()}", f"iris_{side.lower()}", f"pupil_{side.lower()}")
    inwards = -1.0 if side == "Left" else 1.0
    wanted = {"Up": (1, 1.0), "Down": (1, -1.0), "In": (0, inwards), "Out": (0, -inwards)}
    for direction, (axis, sign) in wanted.items():
        offsets, rotations = built.action(f"eyeLook{direction}{side}")
        assert np.abs(offsets[eye]).max() < 1e-6, "the eyeball turns and does not slide"
        assert 0.1 < np.linalg.norm(rotations[motor]) < 0.4
        assert np.count_nonzero(np.abs(rotations).max(axis=1)) == 1, "only this eye"
        gaze = Rotation.from_rotvec(rotations[motor]).apply([0.0, 0.0, 1.0])
        assert sign * gaze[axis] > 0.1


def test_other_actions_move_no_joint(built):
    motors = [
        name
        for name, turns in zip(built["expression_names"], built["action_joint_rotations"], strict=True)
        if turns.any()
    ]
    assert sorted(motors) == sorted(
        ["jawOpen", *(f"eyeLook{way}{side}" for way in ("Up", "Down", "In", "Out") for side in ("Left", "Right"))]
    )


def test_every_part_has_faces_and_sides_match(built):
    names = built["part_names"].tolist()
    assert names == list(PART_NAMES)
    counts = np.bincount(built["face_parts"], minlength=len(names))
    assert counts.min() > 0
    for name in filter(lambda name: name.endswith("_left"), names):
        assert counts[names.index(name)] == counts[names.index(name.replace("_left", "_right"))]
        assert built.template[built.part(name)][:, 0].min() > -0.02


def test_parts_lie_where_their_names_say(built):
    def height(*names):
        return built.template[built.part(*names)][:, 1].mean()

    from_head_to_foot = ["forehead", "brow", "eyelid", "lip_upper", "lip_lower", "neck", "chest", "abdomen",
                         "hips", "thigh", "shin", "foot"]  # fmt: skip
    heights = [height(name) for name in from_head_to_foot]
    assert heights == sorted(heights, reverse=True)
    iris = built.template[built.part("iris_left", "pupil_left")]
    assert np.ptp(iris[:, 0]) / 2 == pytest.approx(0.006, abs=0.001), "an iris is 12 mm across"
    depth = {name: built.template[built.part(name)][:, 2].mean() for name in ("chest", "back", "eye_socket", "eyelid")}
    assert depth["chest"] > depth["back"] + 0.1
    assert depth["eyelid"] > depth["eye_socket"]


def test_shells_are_clothes_around_the_body(built):
    shells = built["shell_faces"].astype(np.int64)
    assert built["shell_names"].tolist() == ["tights", "skirt", "hair"]
    assert not np.isin(shells, built.faces).any(), "their vertices are in no face of the body"
    assert len(np.union1d(shells, built.faces)) == len(built.template) - 55, "all but the joints' markers are used"
    distances = cKDTree(built.template[built.body_vertices]).query(
        built.template[np.unique(shells[built["shell_face_shell"] == 0])]
    )[0]
    assert distances.max() < 0.04, "tights lie on the skin"


def test_uv_covers_every_face(built):
    assert built["ft"].shape == built["f"].shape
    assert 0.0 <= built["vt"].min() <= built["vt"].max() <= 1.0
    assert built["ft"].max() < len(built["vt"])


def test_the_smplx_package_reads_it(builtin_path, built):
    model = smplx.SMPLX(
        model_path=str(builtin_path), ext="npz", use_pca=False, num_betas=30, num_expression_coeffs=52,
        flat_hand_mean=True,
    )  # fmt: skip
    with torch.no_grad():
        assert np.abs(model().vertices[0].numpy() - built["v_template"]).max() < 1e-6
        angles = {joint: np.array([0.3, -0.2, 0.4]) for joint in (JAW, JOINT_NAMES.index("left_elbow"))}
        elbow = torch.zeros(1, 63)
        elbow[0, 3 * 17 : 3 * 18] = torch.tensor([0.3, -0.2, 0.4])
        posed = model(body_pose=elbow, jaw_pose=torch.tensor([[0.3, -0.2, 0.4]])).vertices[0].numpy()
    assert np.abs(posed - built.posed(angles)).max() < 1e-5
