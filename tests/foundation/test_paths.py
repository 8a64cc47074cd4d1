"""Files are written whole or not at all."""

import os
import time

import pytest
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.paths import atomic_write, cache_directory, sweep


def test_a_finished_write_replaces_the_file(tmp_path):
    target = tmp_path / "ä file.npz"
    target.write_bytes(b"old")
    with atomic_write(target) as temporary:
        temporary.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path):
    target = tmp_path / "avatar.npz"
    target.write_bytes(b"old")
    with pytest.raises(UnicodeEncodeError), atomic_write(target) as temporary:
        temporary.write_text("half \udcff", encoding="utf-8")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", ["missing/avatar.npz", "file/avatar.npz"])
def test_a_place_that_cannot_be_written_is_named_with_a_hint(tmp_path, name):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StudioError, match=r"avatar\.npz") as caught, atomic_write(tmp_path / name):
        pass
    assert caught.value.hint


def test_a_full_disk_is_said_and_the_old_file_stays(tmp_path):
    target = tmp_path / "avatar.npz"
    target.write_bytes(b"old")
    with pytest.raises(StudioError, match="disk is full"), atomic_write(target):
        raise OSError(28, "No space left on device")
    assert target.read_bytes() == b"old"


@pytest.mark.skipif(os.name == "nt", reason="making links needs rights on Windows")
def test_a_link_stays_a_link_to_the_new_file(tmp_path):
    (tmp_path / "real.npz").write_bytes(b"old")
    (tmp_path / "link.npz").symlink_to(tmp_path / "real.npz")
    with atomic_write(tmp_path / "link.npz") as temporary:
        temporary.write_bytes(b"new")
    assert (tmp_path / "link.npz").is_symlink()
    assert (tmp_path / "real.npz").read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_the_file_gets_the_mode_that_the_umask_allows(tmp_path):
    with atomic_write(tmp_path / "new") as temporary:
        temporary.write_bytes(b"")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_home_moves_every_folder(home):
    assert cache_directory().is_relative_to(home)


def test_a_home_that_cannot_be_made_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("NLFGS_STUDIO_HOME", str(tmp_path / "file"))
    with pytest.raises(StudioError, match="cannot make the folder"):
        cache_directory()


def test_what_a_kill_left_unfinished_is_swept_away_after_a_day(tmp_path):
    kept = [tmp_path / name for name in ("me.npz", ".me.npz", ".nlfgs-studio.young.a1.npz")]
    stale = tmp_path / ".nlfgs-studio.me.x1y2z3.npz"
    for path in (*kept, stale):
        path.write_bytes(b"half")
    two_days_ago = time.time() - 2 * 24 * 3600
    for path in (kept[0], kept[1], stale):
        os.utime(path, (two_days_ago, two_days_ago))
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(kept)
    sweep(tmp_path / "nowhere")


def test_unfinished_files_have_the_name_that_is_swept(tmp_path):
    with atomic_write(tmp_path / f"{'ü' * 90}.npz") as temporary:
        temporary.write_bytes(b"whole")
        assert list(tmp_path.glob(".nlfgs-studio.*.npz")) == [temporary]
