"""`track` writes what `render --camera motion` shows frame for frame; what is wrong is said, nothing is lost."""

from __future__ import annotations

import json
import os
import signal

import av
import numpy as np
import pytest
from nlfgs_studio.app.cli import main
from nlfgs_studio.app.cli.arguments import PARTS, TRACKERS, parse
from nlfgs_studio.core.storage.motion_npz import read_motion
from nlfgs_studio.core.tracking import offline, sources, tracker, tracker_settings
from seen_people import Person, Pictures
from sources import film


@pytest.fixture
def person(folder, plain_body, monkeypatch) -> Person:
    made = Person(plain_body)
    made.stand_in(monkeypatch, offline, tracker)
    return made


def tracked(*arguments: str) -> int:
    return main(["track", "a.mp4", "-o", "m.npz", "--parts", "face", *arguments])


def test_what_the_light_module_repeats_is_true():
    assert tracker_settings.Parts.__args__ == PARTS
    assert tracker_settings.Method.__args__ == TRACKERS


@pytest.mark.parametrize(
    "arguments",
    [
        ["-o", "m.txt"],
        ["-o", "m.npz", "--parts", "legs"],
        ["-o", "m.npz", "--smoothing", "2"],
        ["-o", "m.npz", "--fov", "1"],
        ["-o", "m.npz", "--tracker", "nlf", "--parts", "face"],
    ],
)
def test_bad_usage_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(["track", "a.mp4", *arguments])
    assert ended.value.code == 2


def test_a_film_becomes_a_motion_and_the_motion_a_film_frame_for_frame(folder, person, capsys):
    film(folder / "a.mp4", count=6, fps=50.0, width=64, height=48)
    assert tracked("--json", "j.json") == 0
    assert "6 frames at 50 a second" in capsys.readouterr().out
    motion = read_motion(folder / "m.npz")
    assert (motion.num_frames, motion.fps, motion.camera.width, motion.camera.height) == (6, 50.0, 64, 48)
    figures = json.loads((folder / "j.json").read_text())
    assert (figures["frames"], figures["seen"]["face"], figures["complete"]) == (6, 1.0, True)

    assert main(["render", "avatar.npz", "--motion", "m.npz", "--camera", "motion", "-o", "b.mp4"]) == 0
    with av.open("b.mp4") as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (64, 48, 50)
        assert len(list(container.decode(stream))) == 6


def test_the_avatars_bones_are_kept_only_where_one_is_named(folder, person, avatar):
    film(folder / "a.mp4", count=3)
    assert tracked() == 0
    own = read_motion(folder / "m.npz").betas
    assert tracked("--avatar", "avatar.npz") == 0
    assert read_motion(folder / "m.npz").betas.tolist() == pytest.approx(avatar.betas.tolist())
    assert tracked("--avatar", "avatar.npz", "--identity", "tracked") == 0
    assert read_motion(folder / "m.npz").betas.tolist() == pytest.approx(own.tolist())


def test_an_avatar_takes_the_tracked_shape_only_where_that_is_asked_for(folder, person):
    film(folder / "a.mp4", count=3, width=64, height=48)
    assert tracked() == 0
    pictures = {}
    for option in ("", "--use-motion-betas", "--identity=tracked"):
        options = [option] if option else []
        rendered = ["render", "avatar.npz", "--motion", "m.npz", "--camera", "motion", "-o", "p.png", *options]
        assert main(rendered) == 0
        pictures[option] = (folder / "p.png").read_bytes()
    assert pictures["--use-motion-betas"] == pictures["--identity=tracked"] != pictures[""]


def test_a_motion_without_betas_gives_no_shape(folder, capsys):
    arguments = ["render", "avatar.npz", "--motion", "motion.npz", "--use-motion-betas", "-o", "p.png"]
    assert main(arguments) == 2
    assert "no betas" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["track", "gone.mp4", "-o", "m.npz"], "gone.mp4"),
        (["track", "camera:77", "-o", "m.npz"], "camera"),
        (["track", "motion.npz", "-o", "m.npz"], "neither a film nor a photo"),
        (["track", ".", "-o", "m.npz", "--avatar", "gone.npz"], "gone.npz"),
    ],
)
def test_what_cannot_be_tracked_is_said_with_advice(folder, person, capsys, arguments, words):
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "\n  " in said
    assert not (folder / "m.npz").exists()


def test_a_film_without_anybody_leaves_no_file(folder, person, capsys):
    film(folder / "a.mp4", count=4)
    person.absent = set(range(4))
    assert tracked() == 2
    assert "nobody is seen in a.mp4" in capsys.readouterr().err
    assert not (folder / "m.npz").exists()


def test_of_a_damaged_film_the_beginning_is_kept_and_said(folder, person, capsys, monkeypatch):
    monkeypatch.setattr(sources, "open_source", lambda _: Pictures(9, breaks_at=5))
    assert tracked("--json", "j.json") == 2
    assert "m.npz holds the 5 pictures that could be read" in capsys.readouterr().err
    assert read_motion(folder / "m.npz").num_frames == 5
    assert json.loads((folder / "j.json").read_text())["complete"] is False


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no interrupt to itself")
def test_ctrl_c_keeps_what_was_seen(folder, person, capsys, monkeypatch):
    film(folder / "a.mp4", count=8)
    detect = person.detect

    def interrupted(frame):
        if frame.index == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return detect(frame)

    monkeypatch.setattr(person, "detect", interrupted)
    before = signal.getsignal(signal.SIGINT)
    assert tracked() == 130
    assert signal.getsignal(signal.SIGINT) is before
    motion = read_motion(folder / "m.npz")
    assert motion.num_frames == 4
    assert np.isfinite(motion.rotations.numpy()).all()
    assert "finishing" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no interrupt to itself")
def test_ctrl_c_after_the_last_picture_loses_nothing_and_is_no_failure(folder, person, monkeypatch):
    film(folder / "a.mp4", count=8)

    def interrupted(*_):
        os.kill(os.getpid(), signal.SIGINT)
        return person.identity

    monkeypatch.setattr(offline, "estimate_identity", interrupted)
    assert tracked() == 0
    assert read_motion(folder / "m.npz").num_frames == 8


@pytest.mark.parametrize("place", ["gone/m.npz", "a.mp4/m.npz", "there.npz"])
def test_where_nothing_can_be_written_is_said_before_anything_is_looked_at(folder, person, capsys, place):
    film(folder / "a.mp4", count=3)
    (folder / "there.npz").mkdir()
    assert tracked("-o", place) == 2
    assert "cannot write" in capsys.readouterr().err
    assert person.calls == 0


def test_rarely_seen_people_are_mentioned(folder, person, capsys):
    film(folder / "a.mp4", count=10)
    person.absent = set(range(2, 10))
    assert tracked() == 0
    assert "20 % of the pictures only" in capsys.readouterr().out


def test_of_two_people_the_one_who_is_followed_is_named(folder, person, capsys):
    film(folder / "a.mp4", count=3)
    person.num_faces = 2
    assert tracked() == 0
    assert "2 faces are in the picture: the largest was followed" in capsys.readouterr().out
