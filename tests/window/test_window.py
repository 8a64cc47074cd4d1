"""The window with the default avatar, driven by mouse and keys in one run of the program."""

from __future__ import annotations

import time

import pytest

pytestmark = pytest.mark.window

SLIDER = "neck y"


def middle(rectangle, share=(0.5, 0.5)):
    left, top, width, height = rectangle
    return (left + share[0] * width, top + share[1] * height)


def test_the_storage_of_the_texture_is_ours(at_rest):
    assert at_rest.fields["fallback"] == ""


def test_a_slider_turns_a_joint_in_one_step_of_undo(program, at_rest):
    posing = program.after(lambda: program.click(*middle(at_rest.rectangles["rail Pose"])))
    slider = posing.rectangles[SLIDER]
    turned = program.after(lambda: program.drag(middle(slider), middle(slider, (0.9, 0.5)), steps=6))
    assert turned.picture != at_rest.picture
    assert turned.document != at_rest.document
    assert turned.fields["unsaved"]

    undone = program.after(lambda: program.key("ctrl+z"))
    assert (undone.picture, undone.document) == (at_rest.picture, at_rest.document)
    assert not undone.fields["unsaved"]

    redone = program.after(lambda: program.key("ctrl+shift+z"))
    assert (redone.picture, redone.document) == (turned.picture, turned.document)
    program.after(lambda: program.key("ctrl+z"))


def test_the_mouse_over_the_picture_moves_only_the_camera(program, at_rest):
    picture = at_rest.rectangles["picture"]
    orbited = program.after(lambda: program.drag(middle(picture), middle(picture, (0.7, 0.5))))
    panned = program.after(lambda: program.drag(middle(picture), middle(picture, (0.6, 0.6)), button=3))
    program.point_at(*middle(picture))
    nearer = program.after(lambda: program.xdotool("click", "--repeat", 3, "--delay", 80, 4))
    pictures = [at_rest.picture, orbited.picture, panned.picture, nearer.picture]
    assert len(set(pictures)) == 4
    assert {orbited.document, panned.document, nearer.document} == {at_rest.document}
    assert not nearer.fields["unsaved"]
    back = program.after(lambda: program.drag(middle(picture), middle(picture, (0.3, 0.5))))
    framed = program.after(lambda: program.key("f"))
    assert framed.picture != back.picture


def test_an_expression_is_found_by_its_name_and_moves_the_face(program, at_rest):
    chosen = program.after(lambda: program.click(*middle(at_rest.rectangles["rail Expression"])))
    program.click(*middle(chosen.rectangles["search expression"]))
    found = program.after(lambda: program.type("jaw open"))
    sliders = [name for name in found.rectangles if name.startswith("expression ")]
    assert len(sliders) == 1
    slider = found.rectangles[sliders[0]]
    opened = program.after(lambda: program.drag(middle(slider, (0.06, 0.5)), middle(slider, (0.95, 0.5))))
    assert opened.document != at_rest.document
    assert opened.picture != at_rest.picture
    closed = program.after(lambda: program.key("ctrl+z"))
    assert closed.picture == found.picture
    program.after(lambda: program.click(*middle(closed.rectangles["rail Pose"])))


def test_the_layout_follows_the_size_of_the_window(program, at_rest):
    left, top, width, height = at_rest.rectangles["picture"]
    larger = program.after(lambda: program.xdotool("windowsize", program.window, 1900, 1060))
    assert larger.rectangles["picture"] == [left, top, width + 620, height + 340]
    assert larger.picture != at_rest.picture
    again = program.after(lambda: program.xdotool("windowsize", program.window, 1280, 720))
    assert again.rectangles["picture"] == [left, top, width, height]
    assert again.picture == at_rest.picture


def test_the_edge_of_the_panels_is_dragged_and_remembered(program, at_rest):
    left, top, width, height = at_rest.rectangles["picture"]
    edge, _, edge_width, _ = at_rest.rectangles["dock edge"]
    start, end = (edge + edge_width / 2, top + height / 2), (edge - 80, top + height / 2)
    narrow = program.after(lambda: program.drag(start, end))
    assert narrow.rectangles["picture"] == [left - 32, top, width + 32, height], "320 wide at least, of 352"
    settings = program.folder / "home" / "settings" / "settings.json"
    program.wait_for(lambda: '"dock_width": 320' in settings.read_text(), "settings on the disk")
    narrow_edge = (narrow.rectangles["dock edge"][0] + edge_width / 2, start[1])
    wide = program.after(lambda: program.drag(narrow_edge, start))
    assert wide.rectangles["picture"] == at_rest.rectangles["picture"]
    assert wide.picture == at_rest.picture


def test_a_still_window_leaves_the_processor_alone(program, at_rest):
    time.sleep(0.6)
    before = program.cpu_seconds()
    time.sleep(2.0)
    # A software GL takes 10 to 20 ms of the processor to present a frame; a loop without rest would show 2 s and more.
    assert program.cpu_seconds() - before < 0.8
    assert program.trace()[-1]["event"] == "settled"


def test_an_avatar_is_saved_and_opened_by_the_dialogs(program, at_rest):
    chosen = program.after(lambda: program.click(*middle(at_rest.rectangles["rail Shape"])))
    slider = chosen.rectangles["beta 0"]
    taller = program.after(lambda: program.drag(middle(slider), middle(slider, (0.8, 0.5))))
    assert taller.fields["unsaved"]

    def answer_with_file(shortcut):
        program.key(shortcut)
        time.sleep(0.5)
        program.key("ctrl+a")
        program.type("saved.npz")
        program.key("Return")

    saved = program.after(lambda: answer_with_file("ctrl+s"))
    assert saved.document == taller.document
    assert not saved.fields["unsaved"]
    assert (program.folder / "saved.npz").stat().st_size > 1000

    program.after(lambda: program.drag(middle(slider, (0.8, 0.5)), middle(slider, (0.2, 0.5))))
    undone = program.after(lambda: program.key("ctrl+z"))
    assert undone.document == saved.document
    opened = program.after(lambda: answer_with_file("ctrl+o"))
    assert opened.fields["status"] == "opened saved.npz"
    assert opened.document == saved.document
    program.after(lambda: program.click(*middle(opened.rectangles["rail Pose"])))
