"""Archives from anywhere: what is asked for is read exactly; everything else is a StudioError that names the file."""

import io
import pickle
import tracemalloc
import zipfile

import numpy as np
import pytest
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.npz import ArraySpecification, read_arrays, read_headers

POINTS = {"points": ArraySpecification(shapes=(("N", 3),), max_bytes=1 << 20)}


class Bomb:
    """Unpickling one is noticed."""

    went_off = False

    def __reduce__(self):
        return (setattr, (Bomb, "went_off", True))


def npy(header: str, data: bytes = b"", magic: bytes = b"\x93NUMPY\x01\x00") -> bytes:
    text = (header + "\n").encode()
    return magic + len(text).to_bytes(2, "little") + text + data


def write_zip(path, entries, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def assert_refused(path, specification, *words):
    with pytest.raises(StudioError) as caught:
        read_arrays(path, specification, hint="choose another file")
    assert path.name in caught.value.message
    assert caught.value.hint
    for word in words:
        assert word in caught.value.message


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(4, 3),
        np.asfortranarray(np.arange(12.0).reshape(4, 3)),
        np.arange(12.0).reshape(4, 3).astype(">f4"),
        np.zeros((0, 3)),
        np.arange(24.0).reshape(4, 6)[:, ::2],
    ],
    ids=["plain", "fortran", "big endian", "empty", "strided"],
)
def test_arrays_come_back_as_they_were(tmp_path, save, array):
    path = tmp_path / "cloud.npz"
    save(path, points=array)
    points = read_arrays(path, POINTS)["points"]
    np.testing.assert_array_equal(points, array)
    assert points.dtype == array.dtype.newbyteorder("=")
    assert points.flags.c_contiguous
    assert points.flags.writeable


def test_every_kind_of_array_can_be_asked_for_and_converted(tmp_path):
    path = tmp_path / "all.npz"
    np.savez(path, name="Ann", names=["a", "bc"], faces=np.array([[1, 2]], np.uint32), flag=True, rate=30)
    read = read_arrays(
        path,
        {
            "name": ArraySpecification(shapes=((),), max_bytes=100, kinds="U"),
            "names": ArraySpecification(shapes=(("N",),), max_bytes=100, kinds="US"),
            "faces": ArraySpecification(shapes=(("F", 2),), max_bytes=100, kinds="iu", dtype="int64"),
            "flag": ArraySpecification(shapes=((),), max_bytes=100, kinds="b"),
            "rate": ArraySpecification(shapes=((1,), ()), max_bytes=100, kinds="fiu", dtype="float32"),
            "absent": ArraySpecification(shapes=((),), max_bytes=100, required=False),
        },
    )
    assert str(read["name"]) == "Ann"
    assert read["names"].tolist() == ["a", "bc"]
    assert read["faces"].dtype == np.int64
    assert bool(read["flag"]) is True
    assert read["rate"].dtype == np.float32
    assert "absent" not in read


def test_headers_are_read_without_the_data(tmp_path):
    path = tmp_path / "all.npz"
    np.savez(path, points=np.zeros((5, 3)), objects=np.array([Bomb()], dtype=object))
    headers = read_headers(path)
    assert headers["points"].shape == (5, 3)
    assert headers["points"].num_bytes == 120
    assert headers["objects"].dtype == object
    assert not Bomb.went_off


def test_objects_beside_the_arrays_are_not_touched_and_never_read(tmp_path):
    path = tmp_path / "mixed.npz"
    np.savez(path, points=np.ones((2, 3)), objects=np.array([Bomb()], dtype=object))
    np.testing.assert_array_equal(read_arrays(path, POINTS)["points"], np.ones((2, 3)))
    assert_refused(path, {"objects": ArraySpecification(shapes=(("N",),), max_bytes=1000)}, "objects")
    assert not Bomb.went_off


def test_names_in_shapes_mean_the_same_size_in_every_array(tmp_path):
    path = tmp_path / "two.npz"
    np.savez(path, points=np.zeros((5, 3)), colours=np.zeros((4, 3)))
    both = {**POINTS, "colours": ArraySpecification(shapes=(("N", 3),), max_bytes=1000)}
    assert_refused(path, both, "colours", "(4, 3)", "(5, 3)")
    assert_refused(path, {"points": ArraySpecification(shapes=(("N", "N"),), max_bytes=1000)}, "points")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({}, ["no array 'points'"]),
        ({"points": np.zeros((4, 4))}, ["shape (4, 4)", "(N, 3)"]),
        ({"points": np.zeros(3)}, ["shape (3,)"]),
        ({"points": np.zeros((4, 3), int)}, ["int64", "floating-point"]),
        ({"points": np.zeros((4, 3), complex)}, ["complex128"]),
        ({"points": np.zeros((4, 3), "f4,f4")}, ["points"]),
        ({"points": np.full((4, 3), "x")}, ["<U1"]),
        ({"points": np.array([[0, np.nan, 0]])}, ["not finite"]),
        ({"points": np.array([[0, np.inf, 0]])}, ["not finite"]),
        ({"points": np.zeros((1 << 16, 3))}, ["claims", "MB"]),
    ],
)
def test_arrays_other_than_specified_are_refused(tmp_path, arrays, words):
    path = tmp_path / "cloud.npz"
    np.savez(path, other=np.zeros(3), **arrays)
    assert_refused(path, POINTS, *words)


def test_numbers_that_leave_the_range_of_the_type_asked_for_are_refused(tmp_path):
    path = tmp_path / "large.npz"
    np.savez(path, points=np.full((1, 3), 1e300))
    assert_refused(
        path, {"points": ArraySpecification(shapes=(("N", 3),), max_bytes=1000, dtype="float32")}, "not finite"
    )


def test_infinities_pass_where_they_are_allowed(tmp_path):
    path = tmp_path / "open.npz"
    np.savez(path, points=np.array([[np.inf, np.nan, 0.0]]))
    allowed = {"points": ArraySpecification(shapes=(("N", 3),), max_bytes=1000, finite=False)}
    assert np.isinf(read_arrays(path, allowed)["points"][0, 0])


def pickled() -> bytes:
    return pickle.dumps({"points": Bomb()})


FOREIGN = {
    "empty.npz": (b"", "empty"),
    "letter.npz": (b"Dear Ann,\nhere are the points.\n", "not an NPZ"),
    "array.npz": (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 3)}", bytes(24)), "not an NPZ"),
    "model.pkl": (pickled(), "pickle"),
    "renamed.npz": (pickled(), "pickle"),
    "short.npz": (b"PK\x03\x04", "damaged"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_other_kinds_of_file_are_refused(tmp_path, name):
    content, word = FOREIGN[name]
    path = tmp_path / name
    path.write_bytes(content)
    assert_refused(path, POINTS, word)
    assert not Bomb.went_off


def test_absent_files_and_folders_are_refused(tmp_path):
    assert_refused(tmp_path / "absent.npz", POINTS, "no such file")
    (tmp_path / "folder.npz").mkdir()
    assert_refused(tmp_path / "folder.npz", POINTS, "folder")


SHAPE = "{'descr': '<f8', 'fortran_order': False, 'shape': %s}"
MALFORMED = {
    "no header": b"\x93NUMPY",
    "other magic": npy(SHAPE % "(1, 3)", bytes(24), magic=b"\x93NUMPX\x01\x00"),
    "version 9": npy(SHAPE % "(1, 3)", bytes(24), magic=b"\x93NUMPY\x09\x00"),
    "no dictionary": npy("[1, 2]", bytes(24)),
    "code": npy("__import__('os').getcwd()", bytes(24)),
    "deep": npy("(" * 3000, bytes(24)),
    "huge number": npy(SHAPE % "(9999999999999999999999999, 3)", bytes(24)),
    "negative": npy(SHAPE % "(-1, 3)", bytes(24)),
    "text for a size": npy(SHAPE % "(1, 'x')", bytes(24)),
    "shape is a number": npy(SHAPE % "3", bytes(24)),
    "many dimensions": npy(SHAPE % ("(" + "1," * 30 + ")"), bytes(24)),
    "unknown type": npy("{'descr': 'q9', 'fortran_order': False, 'shape': (1, 3)}", bytes(24)),
    "cut short": npy(SHAPE % "(1, 3)", bytes(23)),
    "too long": npy(SHAPE % "(1, 3)", bytes(25)),
    "claims more than there is": npy(SHAPE % "(40000, 3)", bytes(24)),
}


@pytest.mark.parametrize("trouble", MALFORMED)
def test_malformed_arrays_are_refused(tmp_path, trouble):
    assert_refused(write_zip(tmp_path / "odd.npz", {"points.npy": MALFORMED[trouble]}), POINTS, "points")


def test_headers_written_by_python_2_are_read(tmp_path):
    path = write_zip(tmp_path / "old.npz", {"points.npy": npy(SHAPE % "(1L, 3L)", np.arange(3.0).tobytes())})
    assert read_arrays(path, POINTS)["points"].tolist() == [[0.0, 1.0, 2.0]]


def test_a_claim_of_gigabytes_costs_no_memory(tmp_path):
    path = write_zip(tmp_path / "claims.npz", {"points.npy": npy(SHAPE % "(9000000000, 3)", bytes(24))})
    swelling = write_zip(tmp_path / "swells.npz", {"points.npy": npy(SHAPE % "(1, 3)", bytes(64 << 20))})
    assert swelling.stat().st_size < 100_000
    tracemalloc.start()
    try:
        assert_refused(path, POINTS, "claims")
        assert_refused(swelling, POINTS, "points")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


def test_an_archive_that_lies_about_an_entry_s_size_is_refused(tmp_path):
    """The zip's directory says 24 bytes of data, the packed stream holds a million."""
    header = npy(SHAPE % "(1, 3)")
    path = write_zip(tmp_path / "lies.npz", {"points.npy": header + bytes(1_000_000)})
    true_size = (len(header) + 1_000_000).to_bytes(4, "little")
    content = path.read_bytes()
    assert content.count(true_size) == 2
    path.write_bytes(content.replace(true_size, (len(header) + 24).to_bytes(4, "little")))
    assert_refused(path, POINTS, "points")


def test_zips_that_numpy_would_not_write_are_refused(tmp_path):
    good = npy(SHAPE % "(1, 3)", bytes(24))
    assert_refused(write_zip(tmp_path / "notes.npz", {"readme.txt": b"hello"}), POINTS, "without arrays")
    assert_refused(write_zip(tmp_path / "lzma.npz", {"points.npy": good}, zipfile.ZIP_LZMA), POINTS, "packed")
    twice = tmp_path / "twice.npz"
    with zipfile.ZipFile(twice, "w") as archive:
        archive.writestr("points.npy", good)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("points.npy", good)
    assert_refused(twice, POINTS, "same name")
    encrypted = write_zip(tmp_path / "locked.npz", {"points.npy": good})
    content = bytearray(encrypted.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    encrypted.write_bytes(content)
    assert_refused(encrypted, POINTS, "encrypted")


def archive_bytes() -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, points=np.random.default_rng(0).normal(size=(20, 3)), other=np.zeros(3))
    return buffer.getvalue()


def test_a_file_cut_anywhere_is_refused(tmp_path):
    whole, path = archive_bytes(), tmp_path / "cut.npz"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert_refused(path, POINTS)


def test_a_changed_byte_is_either_harmless_or_refused(tmp_path):
    whole, path = archive_bytes(), tmp_path / "flipped.npz"
    path.write_bytes(whole)
    expected = read_arrays(path, POINTS)["points"]
    random = np.random.default_rng(1)
    num_refused = 0
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= int(random.integers(1, 256))
        path.write_bytes(changed)
        try:
            np.testing.assert_array_equal(read_arrays(path, POINTS)["points"], expected)
        except StudioError:
            num_refused += 1
    assert num_refused > len(whole) // 3
