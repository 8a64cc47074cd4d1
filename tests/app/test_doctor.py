"""What the doctor says, where much is missing too."""

from __future__ import annotations

import importlib.metadata
import sys

import pytest
from fake_camera import plugged as plugged
from nlfgs_studio.app import doctor
from nlfgs_studio.core.paths import cache_directory
from nlfgs_studio.core.rendering.choice import Choice, remember, remembered


@pytest.fixture
def bare(home, monkeypatch):
    """A machine with an empty home, no display and no licensed file."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("NLFGS_SMPLX_MODEL", raising=False)
    return home


def by_topic() -> dict[str, doctor.Finding]:
    return {finding.topic: finding for finding in doctor.examine()}


def test_every_lack_says_what_it_costs_and_nothing_else_does(bare):
    for finding in doctor.examine():
        assert finding.what
        assert bool(finding.cost) == (not finding.found), finding


def test_the_words_name_every_topic_and_fit_a_terminal(bare):
    findings = doctor.examine()
    text = doctor.in_words(findings)
    assert all(finding.topic in text for finding in findings)
    assert max(map(len, text.splitlines())) <= 100


def test_missing_packages_are_told_not_raised(bare, monkeypatch):
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    findings = by_topic()
    for topic in ("torch", "numba", "gsplat", "dearpygui", "av", "mediapipe", "smplx", "built-in body"):
        assert not findings[topic].found
        assert findings[topic].cost


def test_cameras_are_named_as_they_are_opened(bare, plugged):
    cameras = by_topic()["cameras"]
    assert cameras.found
    assert cameras.what == "camera:0 (Front), camera:2 (Back)"


def test_a_body_file_that_is_not_there_is_told(bare, monkeypatch, tmp_path, plain_body_path):
    monkeypatch.setenv("NLFGS_SMPLX_MODEL", str(tmp_path / "gone.npz"))
    assert "gone.npz" in by_topic()["SMPL-X file"].what
    assert not by_topic()["SMPL-X file"].found
    monkeypatch.setenv("NLFGS_SMPLX_MODEL", str(plain_body_path.parent))
    assert str(plain_body_path) in by_topic()["SMPL-X file"].what
    assert by_topic()["SMPL-X file"].found


def test_clearing_the_cache_removes_what_can_be_made_again_and_nothing_else(bare):
    body = cache_directory() / "builtin-body-v0-old.npz"
    kernel = cache_directory() / "kernels" / "a" / "b.nbc"
    other = cache_directory() / "measured.json"
    kernel.parent.mkdir(parents=True)
    for path in (body, kernel, other):
        path.write_bytes(b"x" * 600_000)
    remember(Choice(renderer="cpu", milliseconds={"cpu": 30.0}, reasons={}, machine="this one"))
    assert "1.2 MB" in doctor.clear_cache()
    assert remembered() is None
    assert not (cache_directory() / "renderer-choice.json").exists()
    assert not body.exists()
    assert not kernel.exists()
    assert other.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is asked")
def test_a_display_that_is_not_there_or_does_not_answer_is_a_problem(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert "DISPLAY" in str(doctor.display_problem())
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert "Wayland" in str(doctor.display_problem())
    monkeypatch.setenv("DISPLAY", ":987")
    assert ":987" in str(doctor.display_problem()) or "library" in str(doctor.display_problem())
