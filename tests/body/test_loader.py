"""Body files: both licensed layouts and the built-in one are read; anything else is refused in words."""

import pickle

import numpy as np
import pytest
import torch
from bodies import plain_body_arrays, write_plain_body
from nlfgs_studio.core.body.loader import load_body
from nlfgs_studio.core.body.model import shape_body
from nlfgs_studio.core.errors import StudioError


class Bomb:
    """Unpickling one is noticed."""

    went_off = False

    def __reduce__(self):
        return (setattr, (Bomb, "went_off", True))


@pytest.fixture(scope="module")
def arrays():
    arrays = plain_body_arrays()
    return {**arrays, "posedirs": arrays["posedirs"].astype(np.float32)}


def refusal(path) -> StudioError:
    with pytest.raises(StudioError) as caught:
        load_body(path)
    assert path.name in caught.value.message
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(("num_shape", "num_expression"), [(10, 10), (300, 100)])
def test_shape_and_expression_are_the_columns_of_their_layout(tmp_path, num_shape, num_expression):
    path = write_plain_body(tmp_path / "SMPLX_FEMALE.npz", num_shape=num_shape, num_expression=num_expression)
    arrays, body = plain_body_arrays(num_shape=num_shape, num_expression=num_expression), load_body(path)
    directions = torch.from_numpy(arrays["shapedirs"]).float()
    torch.testing.assert_close(body.shape_directions, directions[..., :num_shape])
    torch.testing.assert_close(body.expression_directions, directions[..., num_shape:])
    assert (body.identity.source, body.identity.name) == ("smplx", "SMPLX_FEMALE")
    assert body.expression_names[0] == "expression 1"
    assert len(set(body.expression_names)) == num_expression
    assert body.expression_ranges.tolist() == [[-3.0, 3.0]] * num_expression
    assert body.faces.dtype == torch.int64
    assert body.template_vertices.dtype == torch.float32


def test_a_licensed_file_has_no_parts_shells_or_texture(plain_body):
    assert plain_body.face_parts is None
    assert plain_body.uv is None
    assert plain_body.uv_faces is None
    assert plain_body.action_joint_rotations is None
    assert plain_body.shells == {}
    assert plain_body.part_names == ()


def test_texture_coordinates_are_read_where_a_file_has_them(tmp_path, arrays):
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    faces = np.zeros_like(arrays["f"])
    np.savez(path, **arrays, vt=np.full((7, 2), 0.5), ft=faces)
    body = load_body(path)
    assert body.uv.shape == (7, 2)
    assert body.uv_faces.shape == body.faces.shape
    np.savez(path, **arrays, vt=np.array([None]), ft=faces)
    assert load_body(path).uv is None
    np.savez(path, **arrays, vt=np.full((7, 2), 0.5), ft=faces + 7)
    assert "texture faces" in refusal(path).message


def test_zero_pose_correctives_are_dropped(tmp_path, arrays):
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    np.savez(path, **{**arrays, "posedirs": np.zeros_like(arrays["posedirs"])})
    assert load_body(path).pose_directions is None


def test_python_objects_beside_the_arrays_are_left_alone(tmp_path, arrays):
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    np.savez(path, **arrays, part2num=np.array(Bomb(), dtype=object), joint2num=np.array([Bomb()], dtype=object))
    assert load_body(path).num_vertices == len(arrays["v_template"])
    assert not Bomb.went_off


def test_the_built_in_file_has_its_extras(body):
    assert body.identity.source == "builtin"
    assert body.num_betas == 30
    assert body.num_expression == len(body.expression_names) == 52
    assert body.expression_ranges.tolist() == [[0.0, 1.0]] * 52
    assert body.action_joint_rotations.shape == (52, 3, 3)
    assert body.pose_directions is None
    assert body.face_parts.shape == (len(body.faces),)
    assert body.face_parts.max() < len(body.part_names)
    assert body.uv_faces.shape == body.faces.shape
    assert set(body.shells) == {"tights", "skirt", "hair"}
    for faces in body.shells.values():
        assert len(faces) > 0
        assert not torch.isin(faces, body.faces).any(), "a shell has vertices of its own"
    assert shape_body(body, torch.zeros(0)).joints.shape == (55, 3)


def test_the_fingerprint_tells_bodies_apart_and_is_the_same_for_the_same_numbers(tmp_path, arrays):
    def fingerprint(name: str, **changes: np.ndarray) -> str:
        np.savez(tmp_path / name, **{**arrays, **changes})
        return load_body(tmp_path / name).identity.fingerprint

    original = fingerprint("one.npz")
    assert len(original) == 16
    assert fingerprint("two.npz", v_template=arrays["v_template"].astype(np.float32)) == original
    assert fingerprint("three.npz", v_template=arrays["v_template"] + 1e-3) != original
    assert fingerprint("four.npz", shapedirs=arrays["shapedirs"][..., ::-1]) != original
    assert fingerprint("five.npz", f=arrays["f"][::-1]) != original


def other_family(arrays, num_joints):
    return {
        **arrays,
        "J_regressor": arrays["J_regressor"][:num_joints],
        "weights": arrays["weights"][:, :num_joints],
        "kintree_table": arrays["kintree_table"][:, :num_joints],
        "posedirs": arrays["posedirs"][..., : 9 * (num_joints - 1)],
    }


@pytest.mark.parametrize(("num_joints", "family"), [(24, "SMPL file (24"), (52, "SMPL-H"), (30, "another kind")])
def test_bodies_of_other_families_are_named(tmp_path, arrays, num_joints, family):
    path = tmp_path / "body.npz"
    np.savez(path, **other_family(arrays, num_joints))
    error = refusal(path)
    assert family in error.message
    assert "SMPLX_NEUTRAL.npz" in error.hint


def test_files_that_are_no_bodies_are_refused(tmp_path):
    (tmp_path / "letter.npz").write_text("Dear Ann, here is the body.")
    assert "not an NPZ" in refusal(tmp_path / "letter.npz").message
    (tmp_path / "SMPLX_NEUTRAL.pkl").write_bytes(pickle.dumps({"v_template": Bomb()}))
    error = refusal(tmp_path / "SMPLX_NEUTRAL.pkl")
    assert "pickle" in error.message
    assert ".npz" in error.hint
    np.savez(tmp_path / "motion.npz", poses=np.zeros((5, 165)), trans=np.zeros((5, 3)))
    assert "not a body file" in refusal(tmp_path / "motion.npz").message
    assert "no such file" in refusal(tmp_path / "absent.npz").message
    assert not Bomb.went_off


def changed(key, index, value):
    def change(arrays):
        copy = np.array(arrays[key], np.float64)
        copy[index] = value
        return {key: copy if arrays[key].dtype.kind == "f" else copy.astype(np.int64)}

    return change


UNSOUND = {
    "a vertex is not a number": (changed("v_template", (3, 1), np.nan), "not finite"),
    "a weight is infinite": (changed("weights", (3, 1), np.inf), "not finite"),
    "a face names a vertex too many": (changed("f", (0, 0), 99_999), "faces"),
    "a face names vertex -1": (changed("f", (0, 0), -1), "faces"),
    "another tree": (changed("kintree_table", (0, 20), 3), "joints"),
    "weights do not add up": (changed("weights", 7, 0.5), "weights"),
    "millimetres": (lambda arrays: {"v_template": 1000 * arrays["v_template"]}, "metres"),
    "too few columns": (lambda arrays: {"shapedirs": arrays["shapedirs"][..., :16]}, "10 shape"),
    "no faces": (lambda arrays: {"f": arrays["f"][:0]}, "empty"),
    "fewer weights than vertices": (lambda arrays: {"weights": arrays["weights"][1:]}, "weights"),
    "quads": (lambda _: {"f": np.zeros((9, 4), np.uint32)}, "shape"),
    "faces of text": (lambda arrays: {"f": arrays["f"].astype(str)}, "integers"),
    "objects": (lambda _: {"J_regressor": np.array([[Bomb()]], dtype=object)}, "Python objects"),
}


@pytest.mark.parametrize("trouble", UNSOUND)
def test_unsound_files_are_refused(tmp_path, arrays, trouble):
    change, word = UNSOUND[trouble]
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    np.savez(path, **{**arrays, **change(arrays)})
    assert word in refusal(path).message
    assert not Bomb.went_off


@pytest.mark.parametrize("key", ["v_template", "posedirs", "weights", "hands_meanl", "kintree_table"])
def test_a_missing_array_is_named(tmp_path, arrays, key):
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    np.savez(path, **{name: array for name, array in arrays.items() if name != key})
    assert f"'{key}'" in refusal(path).message


def test_truncated_files_are_refused(tmp_path, plain_body_path):
    content = plain_body_path.read_bytes()
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    for share in (0.0, 0.001, 0.3, 0.9, 0.9999):
        path.write_bytes(content[: int(share * len(content))])
        assert refusal(path)


@pytest.fixture(scope="module")
def own_arrays(arrays):
    """The plain body with the arrays that the built-in body's file adds."""
    wide = np.zeros((*arrays["v_template"].shape, 400), np.float32)
    wide[..., :2] = arrays["shapedirs"][..., :2]
    wide[..., 300:303] = arrays["shapedirs"][..., 10:13]
    return {
        **arrays,
        "shapedirs": wide,
        "format_version": np.array(7),
        "body_name": np.array("plain"),
        "num_betas": np.array(2),
        "num_expression": np.array(3),
        "expression_names": np.array(["jawOpen", "smile", "eyeBlinkLeft"]),
        "expression_ranges": np.array([[0.0, 1.0]] * 3),
        "action_joint_rotations": np.arange(27.0).reshape(3, 3, 3),
        "part_names": np.array(["head", "body"]),
        "face_parts": (np.arange(len(arrays["f"])) % 2).astype(np.uint8),
        "shell_names": np.array(["skirt", "hair"]),
        "shell_faces": np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8]]),
        "shell_face_shell": np.array([1, 0, 1], np.uint8),
    }


def test_the_arrays_of_our_own_say_what_is_what(tmp_path, own_arrays):
    path = tmp_path / "anything.npz"
    np.savez(path, **own_arrays)
    body = load_body(path)
    assert (body.identity.source, body.identity.name) == ("builtin", "plain-7")
    wide = torch.from_numpy(own_arrays["shapedirs"])
    torch.testing.assert_close(body.shape_directions, wide[..., :2])
    torch.testing.assert_close(body.expression_directions, wide[..., 300:303])
    assert body.expression_names == ("jawOpen", "smile", "eyeBlinkLeft")
    assert body.expression_ranges.tolist() == [[0.0, 1.0]] * 3
    assert body.action_joint_rotations[2, 0].tolist() == [18.0, 19.0, 20.0]
    assert body.part_names == ("head", "body")
    assert body.face_parts[:4].tolist() == [0, 1, 0, 1]
    assert body.shells["skirt"].tolist() == [[3, 4, 5]]
    assert body.shells["hair"].tolist() == [[0, 1, 2], [6, 7, 8]]


CONTRADICTIONS = {
    "fewer names than actions": {"num_expression": np.array(2)},
    "more actions than columns": {"num_expression": np.array(101)},
    "more betas than columns": {"num_betas": np.array(301)},
    "a negative number of betas": {"num_betas": np.array(-1)},
    "a part without a name": {"part_names": np.array(["head"])},
    "a shell without a name": {"shell_names": np.array(["skirt"])},
    "a shell over vertices that do not exist": {"shell_faces": np.full((3, 3), 99_999)},
    "parts of other faces": {"face_parts": np.zeros(5, np.uint8)},
    "ranges of other actions": {"expression_ranges": np.zeros((2, 2))},
}


@pytest.mark.parametrize("trouble", CONTRADICTIONS)
def test_arrays_of_our_own_that_contradict_each_other_are_refused(tmp_path, own_arrays, trouble):
    path = tmp_path / "anything.npz"
    np.savez(path, **{**own_arrays, **CONTRADICTIONS[trouble]})
    refusal(path)
