"""Bodies are found by identity, or the person is told which file is wanted."""

from dataclasses import replace

import pytest
from bodies import write_plain_body
from nlfgs_studio.core.body.body_registry import (
    ENVIRONMENT_VARIABLE,
    builtin_body,
    default_body,
    find_body,
    licensed_bodies,
)
from nlfgs_studio.core.body.loader import load_body
from nlfgs_studio.core.errors import StudioError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("licensed")
    write_plain_body(folder / "SMPLX_MALE.npz", seed=1)
    write_plain_body(folder / "SMPLX_NEUTRAL.npz", seed=2)
    (folder / "SMPLX_FEMALE.npz").write_text("damaged")
    return folder


@pytest.fixture(scope="module")
def neutral(folder):
    return load_body(folder / "SMPLX_NEUTRAL.npz")


def test_the_built_in_body_is_one_object(body):
    assert builtin_body() is builtin_body()
    assert builtin_body().identity == body.identity
    assert find_body(body.identity) is builtin_body()


def test_a_built_in_body_made_elsewhere_is_the_same_by_name(body):
    assert find_body(replace(body.identity, fingerprint="0" * 16)) is builtin_body()
    with pytest.raises(StudioError, match="builtin-0 is needed"):
        find_body(replace(body.identity, name="builtin-0"))


def test_the_environment_names_a_folder_or_a_file(folder, neutral, monkeypatch):
    monkeypatch.setenv("NLFGS_SMPLX_MODEL", str(folder))
    assert [file.stem for file in licensed_bodies()] == ["SMPLX_FEMALE", "SMPLX_MALE", "SMPLX_NEUTRAL"]
    found = find_body(neutral.identity)
    assert found.identity == neutral.identity
    assert find_body(neutral.identity) is found
    monkeypatch.setenv("NLFGS_SMPLX_MODEL", str(folder / "SMPLX_NEUTRAL.npz"))
    assert find_body(neutral.identity).identity == neutral.identity


def test_extra_paths_are_looked_at_and_a_renamed_file_is_recognised(folder, neutral, tmp_path, monkeypatch):
    monkeypatch.delenv("NLFGS_SMPLX_MODEL", raising=False)
    renamed = tmp_path / "mine.npz"
    renamed.write_bytes((folder / "SMPLX_NEUTRAL.npz").read_bytes())
    found = find_body(neutral.identity, [folder / "SMPLX_FEMALE.npz", renamed])
    assert found.identity.fingerprint == neutral.identity.fingerprint


def test_an_absent_body_is_named(neutral, monkeypatch):
    monkeypatch.delenv("NLFGS_SMPLX_MODEL", raising=False)
    with pytest.raises(StudioError, match=r"SMPLX_NEUTRAL\.npz is needed") as caught:
        find_body(neutral.identity)
    assert "NLFGS_SMPLX_MODEL" in caught.value.hint


def test_another_edition_of_the_file_is_not_taken_for_it(folder, neutral):
    with pytest.raises(StudioError, match="another edition of SMPLX_MALE"):
        find_body(replace(neutral.identity, name="SMPLX_MALE", fingerprint="0" * 16), [folder])


def test_a_damaged_file_of_the_right_name_says_so(folder, neutral):
    with pytest.raises(StudioError, match=r"SMPLX_FEMALE\.npz is not an NPZ"):
        find_body(replace(neutral.identity, name="SMPLX_FEMALE"), [folder])


def test_an_environment_that_names_nothing_says_so(neutral, tmp_path, monkeypatch):
    monkeypatch.setenv("NLFGS_SMPLX_MODEL", str(tmp_path / "nowhere"))
    with pytest.raises(StudioError, match="nowhere, which does not exist"):
        find_body(neutral.identity)


def test_a_fresh_avatar_gets_the_body_that_the_environment_names(plain_body_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(plain_body_path.parent))
    assert default_body().identity.name == "SMPLX_NEUTRAL"


@pytest.mark.parametrize("name", ["missing.npz", "text.npz", "model.pkl", ""])
def test_an_environment_that_names_no_body_is_said(tmp_path, monkeypatch, name):
    for other in ("text.npz", "model.pkl"):
        (tmp_path / other).write_text("no body")
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / name))
    with pytest.raises(StudioError) as caught:
        default_body()
    assert caught.value.hint
