"""`create` writes an avatar, refines it and judges it; what is wrong is said, and nothing that was made is lost."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from creators import FakeCreator
from nlfgs_studio.app import localized
from nlfgs_studio.app.cli import create_arguments, creation_report, main, option_values, refining
from nlfgs_studio.app.cli.arguments import parse
from nlfgs_studio.core.capture.shot import Shot
from nlfgs_studio.core.creation import creator as creation_module
from nlfgs_studio.core.creation import held_out, measurement, taken
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.images import read_image
from nlfgs_studio.core.storage.avatar_npz import read_avatar
from nlfgs_studio.core.tracking.detection import Frame
from refiners import FakeRefining, is_brighter
from sources import film, photo

HERE = Path(__file__).resolve().parents[1]


@pytest.fixture
def creator(folder, avatar, plain_body, monkeypatch) -> FakeCreator:
    return FakeCreator(avatar, plain_body).stand_in(monkeypatch)


@pytest.fixture
def refiner(creator, monkeypatch) -> FakeRefining:
    return FakeRefining().stand_in(monkeypatch)


def created(*arguments: str) -> int:
    inputs = [] if arguments and not arguments[0].startswith("-") else ["picture.png"]
    return main(["create", *inputs, "-o", "made.npz", *arguments]) if inputs else main(["create", *arguments])


def test_what_the_light_module_repeats_is_true():
    assert localized.Colouring.__args__ == create_arguments.COLOURINGS
    assert taken.MOST_PICTURES == create_arguments.MOST_PICTURES
    assert measurement.REGIONS == creation_report.REGIONS


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-o", "made.ply"],
        ["-o", "a.npz", "--fov", "1"],
        ["-o", "a.npz", "--overlay", "over.jpg"],
        ["-o", "a.npz", "--overlay", "picture.png"],
        ["-o", "a.npz", "--overlay", "folder/../picture.png"],
        ["-o", "a.npz", "--json", "./a.npz"],
        ["-o", "a.npz", "--overlay", "b.png", "--json", "b.png"],
        ["-o", "a.npz", "--refine", "0"],
        ["-o", "a.npz", "--refine", "long"],
        ["-o", "a.npz", "--most", "0"],
        ["-o", "a.npz", "--most", str(option_values.MAX_PICTURES + 1)],
        ["-o", "a.npz", "--report", "r.json"],
        ["-o", "a.npz", "--holdout", "3"],
        ["-o", "a.npz", "--report-masks", "masks"],
        ["-o", "a.npz", "--no-comparison"],
        ["-o", "a.npz", "--from", "b.npz"],
        ["-o", "a.npz", "--from", "b.npz", "--refine", "5", "--without-prior"],
    ],
)
def test_bad_usage_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(["create", "picture.png", *arguments])
    assert ended.value.code == 2


def test_a_photo_becomes_an_avatar_file_an_overlay_and_figures(folder, creator, avatar, capsys):
    assert created("--overlay", "over.png", "--json", "how.json") == 0
    said = capsys.readouterr().out
    assert "wrote made.npz" in said
    assert "from 1 picture\n" in said
    assert read_avatar(folder / "made.npz").provenance == avatar.provenance
    picture, over = read_image(folder / "picture.png"), read_image(folder / "over.png")
    assert over.shape == picture.shape
    assert not over.equal(picture)
    figures = json.loads((folder / "how.json").read_text())
    assert (figures["people"], figures["gaussians"]) == (1, avatar.template.num_gaussians)
    assert (figures["seconds"], figures["refined"]) == ({"look": 0.1, "read": 0.2}, None)


class _SeesNobody:
    """In place of the observer of shots, whose body has to look like a person."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def observe(self, frame: Frame) -> Shot:
        height, width = frame.image.shape[:2]
        return Shot(mode="face", width=width, height=height, seconds=0.0, brightness=0.5, num_faces=0)

    def __enter__(self) -> _SeesNobody:
        return self

    def __exit__(self, *_: object) -> None: ...


def test_of_many_pictures_no_more_than_asked_for_are_used(folder, creator, capsys, monkeypatch):
    monkeypatch.setattr(taken, "ShotObserver", _SeesNobody)
    (folder / "many").mkdir()
    for number in range(40):
        photo(folder / "many" / f"{number}.png", level=number)
    assert created("many", "-o", "made.npz", "--most", "7") == 0
    assert "from 7 pictures" in capsys.readouterr().out
    assert len(set(creator.given)) == 7


def test_an_unreadable_file_among_good_ones_is_named_and_left_out(folder, creator, capsys):
    (folder / "bad.jpg").write_bytes(b"\xff\xd8 no picture")
    assert created("bad.jpg", "picture.png", "-o", "made.npz", "--json", "how.json") == 0
    assert "left out: bad.jpg" in capsys.readouterr().out
    figures = json.loads((folder / "how.json").read_text())
    assert list(figures["refused"]) == ["bad.jpg"]
    assert figures["pictures"] == ["picture.png"]


@pytest.mark.parametrize("trouble", ["nobody", "no picture", "no such folder", "no weights"])
def test_troubles_end_with_2_and_leave_no_file(folder, creator, monkeypatch, capsys, trouble):
    arguments = ["create", "picture.png", "-o", "made.npz"]
    if trouble == "nobody":
        creator.num_people = 0
    elif trouble == "no picture":
        (folder / "picture.png").write_bytes(b"\x89PNG\r\n")
    elif trouble == "no such folder":
        arguments[3] = "nowhere/made.npz"
    else:

        def missing(*_: object, **__: object) -> None:
            raise StudioError("the network's weights are not here", hint="install the program again")

        monkeypatch.setattr(creation_module, "avatar_creator", missing)
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 2  # what, and what to do
    assert not list(folder.glob("**/made*"))


def test_refining_writes_what_it_made_and_says_how_long_it_took(folder, refiner, avatar, capsys):
    assert created("--refine", "0.3", "--json", "how.json") == 0
    made = read_avatar(folder / "made.npz")
    assert is_brighter(made, avatar)
    assert made.provenance.details[-1][0] == "refined"
    figures = json.loads((folder / "how.json").read_text())["refined"]
    assert figures["is_whole"]
    assert figures["seconds"] >= 0.3
    assert f"{figures['steps']:,} steps" in capsys.readouterr().out


def test_refining_goes_on_from_an_avatar(folder, refiner, creator, avatar):
    assert created("--refine", "0.1") == 0
    once = read_avatar(folder / "made.npz")
    assert created("--refine", "0.1", "--from", "made.npz") == 0
    twice = read_avatar(folder / "made.npz")
    assert is_brighter(twice, once)
    assert [name for name, _ in twice.provenance.details].count("refined") == 2


def test_ctrl_c_ends_refining_and_keeps_what_it_made(folder, refiner, avatar, capsys):
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    assert created("--refine", "60", "--json", "how.json") == 130
    assert is_brighter(read_avatar(folder / "made.npz"), avatar)
    assert not json.loads((folder / "how.json").read_text())["refined"]["is_whole"]
    assert "what was refined is kept" in capsys.readouterr().err


def test_the_file_is_whole_from_the_first_avatar_on_and_kept_up_to_date(folder, refiner, avatar, monkeypatch):
    monkeypatch.setattr(refining, "SECONDS_BETWEEN_FILES", 0.2)
    seen = []

    def look() -> None:
        for _ in range(100):
            time.sleep(0.02)
            if (folder / "made.npz").exists():
                seen.append(float(read_avatar(folder / "made.npz").parameters.sh.sum()))

    looking = threading.Thread(target=look)
    looking.start()
    assert created("--refine", "2") == 0
    looking.join()
    assert seen[0] == pytest.approx(float(avatar.parameters.sh.sum()))
    assert len(set(seen)) > 2


def test_an_error_while_refining_leaves_what_was_made(folder, refiner, avatar, capsys):
    refiner.broken = StudioError("the numbers went astray", hint="begin again")
    assert created("--refine", "5") == 2
    assert is_brighter(read_avatar(folder / "made.npz"), avatar)
    assert "astray" in capsys.readouterr().err


@pytest.mark.parametrize("moment", ["first avatar", "while refining"])
def test_a_full_disk_is_said_and_destroys_nothing(folder, refiner, avatar, monkeypatch, capsys, moment):
    written, allowed = [], 0 if moment == "first avatar" else 1
    save, monotonic = np.savez, time.monotonic

    def full(file, **arrays) -> None:
        written.append(monotonic())
        if allowed < len(written) <= allowed + 2:
            file.write(b"half of it")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save(file, **arrays)

    monkeypatch.setattr(np, "savez", full)
    for name in ("SECONDS_BETWEEN_FILES", "_SNAPSHOT_EVERY"):
        monkeypatch.setattr(refining, name, 0.1)
    code = created("--refine", "1.5")
    assert capsys.readouterr().err.count("disk is full") == 1
    if moment == "first avatar":
        assert (code, list(folder.glob("*made*"))) == (2, [])
    else:
        assert code == 0
        assert len(written) > allowed + 3, "not only at the end"
        assert is_brighter(read_avatar(folder / "made.npz"), avatar)
    assert not list(folder.glob(".nlfgs-studio.*"))


_KILLED = """
import sys
sys.path[:0] = [{tests!r}]
import pytest
from nlfgs_studio.app.cli import main, refining
from nlfgs_studio.core.body.loader import load_body
from nlfgs_studio.core.storage.avatar_npz import read_avatar
from creators import FakeCreator
from refiners import FakeRefining
patch = pytest.MonkeyPatch()
FakeCreator(read_avatar("avatar.npz"), load_body({body!r})).stand_in(patch)
FakeRefining().stand_in(patch)
refining.SECONDS_BETWEEN_FILES = refining._SNAPSHOT_EVERY = 0.0
main(["create", "picture.png", "-o", "made.npz", "--refine", "100"])
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_killed_while_refining_the_file_is_whole(folder, plain_body_path):
    """It is written as often as the machine can, so that the kill comes while it is."""
    program = _KILLED.format(tests=str(HERE), body=str(plain_body_path))
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        before = None
        for _ in range(1200):
            time.sleep(0.05)
            if (folder / "made.npz").exists():
                now = (folder / "made.npz").stat().st_mtime_ns
                if before is not None and now != before:
                    break
                before = now
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert read_avatar(folder / "made.npz").provenance.details[-1][0] == "refined"


@pytest.fixture
def masks(monkeypatch) -> list[str]:
    """The left half of each picture is the person, the upper quarter of it the head; which pictures were looked at."""
    looked_at: list[str] = []

    def held_pictures(pictures, *, report):
        made = []
        for each in pictures:
            report(0.5, "")
            looked_at.append(each.name)
            person = np.zeros(each.image.shape[:2], np.float32)
            person[:, : person.shape[1] // 2] = 1.0
            head = person * (np.arange(len(person)) < len(person) // 4)[:, None]
            made.append(held_out.HeldPicture(name=each.name, image=each.image, person=person, head=head))
        return made

    monkeypatch.setattr(held_out, "held_pictures", held_pictures)
    return looked_at


def test_a_report_judges_by_what_nothing_was_fitted_to(folder, refiner, creator, masks, capsys):
    film(folder / "a.mp4", count=12)
    arguments = ["--holdout", "4", "--report", "r.json", "--report-masks", "masks", "--refine", "0.2"]
    assert created("a.mp4", "-o", "made.npz", *arguments) == 0
    told = json.loads((folder / "r.json").read_text())
    assert told["held_out"] == masks
    assert len(masks) == 4
    assert not set(masks) & set(creator.given)
    assert not {each.name for each in refiner.given} & set(masks)
    assert refiner.held_out == ()
    assert len(list((folder / "masks").glob("*.png"))) == 8
    assert creator.with_prior == [True, False]
    assert set(told["runs"]) == {"with the prior", "without the prior"}
    for run in told["runs"].values():
        assert run["judged"] == 4
        assert [moment["seconds"] for moment in run["moments"]] == [0.0, pytest.approx(0.2, abs=2.0)]
        assert {*run["moments"][0]["scores"]} == {"head", "person", "before white"}
        first, last = (moment["scores"]["person"]["psnr"] for moment in run["moments"])
        assert first != last  # what was refined is what is judged
    assert "with the prior" in capsys.readouterr().out


@pytest.mark.parametrize("moment", ["creating", "refining"])
def test_a_stopped_comparison_leaves_the_report_of_the_first_run(folder, refiner, creator, masks, moment):
    def stop() -> None:
        if len(creator.with_prior) == 2:
            assert (folder / "r.json").exists(), "a kill would not have taken it either"
            if moment == "creating":
                raise KeyboardInterrupt
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()

    creator.waits = stop
    film(folder / "a.mp4", count=6)
    arguments = ["--holdout", "2", "--report", "r.json", "--report-masks", "masks", "--refine", "2"]
    assert created("a.mp4", "-o", "made.npz", *arguments) == 130
    assert set(json.loads((folder / "r.json").read_text())["runs"]) == {"with the prior"}
    assert len(list((folder / "masks").glob("*.png"))) == 4


def test_a_place_for_masks_that_is_none_is_said_before_any_work(folder, creator, capsys):
    assert created("--holdout", "2", "--report", "r.json", "--report-masks", "picture.png") == 2
    assert "cannot make the folder" in capsys.readouterr().err
    assert creator.with_prior == []


def test_the_comparison_can_be_left_out_and_the_prior_too(folder, creator, masks):
    film(folder / "a.mp4", count=6)
    arguments = ["a.mp4", "-o", "made.npz", "--holdout", "2", "--report", "r.json"]
    assert created(*arguments, "--no-comparison") == 0
    assert set(json.loads((folder / "r.json").read_text())["runs"]) == {"with the prior"}
    assert created(*arguments, "--without-prior") == 0
    assert set(json.loads((folder / "r.json").read_text())["runs"]) == {"without the prior"}
    assert creator.with_prior == [True, False]


def test_moments_of_a_report_are_those_that_refining_reached(folder, refiner, creator, masks, monkeypatch):
    monkeypatch.setattr("nlfgs_studio.app.cli.create.MOMENTS", (0.5, 60.0))
    monkeypatch.setattr(refining, "_SNAPSHOT_EVERY", 0.1)
    film(folder / "a.mp4", count=6)
    arguments = ["--holdout", "2", "--report", "r.json", "--refine", "1.5", "--no-comparison"]
    assert created("a.mp4", "-o", "made.npz", *arguments) == 0
    (run,) = json.loads((folder / "r.json").read_text())["runs"].values()
    assert [moment["seconds"] for moment in run["moments"]] == pytest.approx([0.0, 0.5, 1.5], abs=0.4)
