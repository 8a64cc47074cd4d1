"""Refining by mouse and keys: the avatar changes while sliders work, is kept as one step, and outlives the program."""

from __future__ import annotations

import signal
import time
from dataclasses import replace

import pytest
from made_up_shots import face_shot
from nlfgs_studio.app.documents import document_of
from nlfgs_studio.app.projects import save_project
from nlfgs_studio.app.state import State
from nlfgs_studio.core.avatar.avatar import Provenance
from nlfgs_studio.core.avatar.wardrobe import default_avatar
from nlfgs_studio.core.capture.picture_folder import PictureFolder
from skimage.data import astronaut

pytestmark = pytest.mark.window

PREPARING_SECONDS = 400.0
"""On a fresh machine the detectors are loaded and kernels compiled first."""
CLOSING_SECONDS = 60.0
"""Far less than refining would go on for by itself."""
NECK = "neck y"


@pytest.fixture(scope="module")
def project(tmp_path_factory, body):
    """An avatar that was made of pictures, with one beside it: Eileen Collins by NASA, which is free of rights."""
    path = tmp_path_factory.mktemp("project") / "she.nlfgs"
    avatar = replace(default_avatar(body, k=1), provenance=Provenance(made_by="a test", details=(("photos", "1"),)))
    save_project(path, State(document=document_of(avatar, body)))
    PictureFolder(path.with_suffix(".pictures")).add(astronaut(), face_shot(), "a test")
    return path


def middle(rectangle, share=(0.5, 0.5)):
    left, top, width, height = rectangle
    return (left + share[0] * width, top + share[1] * height)


def refined_pictures(program, since):
    return [line for line in program.trace()[since:] if line.get("is_refined")]


def test_beside_the_pictures_of_an_avatar_stands_what_comes_next(start, project):
    program = start(project)
    opened = program.wait_until_open()
    program.come_to_the_front()
    program.after(lambda: program.click(*middle(opened.rectangles["rail Refine"])))
    capture = program.after(lambda: program.click(*middle(opened.rectangles["rail Capture"])))
    assert {"capture refine", "capture drive"} <= capture.rectangles.keys()
    drive = program.after(lambda: program.click(*middle(capture.rectangles["capture drive"])))
    assert "drive source" in drive.rectangles, "without a camera one is asked for"
    assert drive.fields["errors"] == []


def test_it_is_watched_kept_and_undone_and_ends_with_the_window(start, project):
    program = start(project)
    opened = program.wait_until_open()
    program.come_to_the_front()
    pose = program.after(lambda: program.click(*middle(opened.rectangles["rail Pose"])))
    slider = pose.rectangles[NECK]
    panel = program.after(lambda: program.click(*middle(opened.rectangles["rail Refine"])))
    since = len(program.trace())
    program.click(*middle(panel.rectangles["refine start"]))
    program.wait_for(lambda: len(refined_pictures(program, since)) > 2, "a live avatar", seconds=PREPARING_SECONDS)

    program.click(*middle(opened.rectangles["rail Pose"]))
    began = time.monotonic()
    program.drag(middle(slider), middle(slider, (0.8, 0.5)), steps=12)
    seconds = time.monotonic() - began
    drawn = sum(bool(frame["stages"]) for frame in program.frames(began, began + seconds))
    print(f"dragging a slider while refining: {drawn / seconds:.1f} new pictures a second")
    assert drawn > 0

    kept = program.after(lambda: program.key("g"))
    assert kept.fields["refining"] == "off"
    assert kept.fields["unsaved"]
    assert kept.fields["errors"] == []
    unrefined = program.after(lambda: program.key("ctrl+z"))
    assert unrefined.document == kept.document, "the slider was another step"
    assert unrefined.picture != kept.picture
    undone = program.after(lambda: program.key("ctrl+z"))
    assert undone.picture == panel.picture

    since = len(program.trace())
    program.key("g")
    program.wait_for(lambda: refined_pictures(program, since), "a live avatar", seconds=PREPARING_SECONDS)
    program.process.send_signal(signal.SIGTERM)
    assert program.process.wait(CLOSING_SECONDS) == 143
    assert list((program.folder / "home" / "recovery").glob("[!.]*.nlfgs")), "what was made is offered next time"
