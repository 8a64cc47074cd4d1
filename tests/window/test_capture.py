"""Pictures by mouse and keys: a photo before the camera is taken by itself, painted on, and deleted for good."""

from __future__ import annotations

import time

import numpy as np
import pytest
from nlfgs_studio.core.capture.said import NOT_PERSON, read_said
from PIL import Image
from skimage.data import astronaut

pytestmark = pytest.mark.window

LOOKING_SECONDS = 400.0
"""On a fresh machine the tracker first learns how the body's face looks."""
PHOTO = "astronaut.png"
SIDE = 512
HELMET = ((0.72, 0.86), (0.86, 0.82))
"""Ends of a stroke over it, in parts of the picture; she carries it on her arm, and it is taken for her."""
VISOR = (slice(440, 470), slice(340, 380))
FACE = (slice(120, 200), slice(190, 250))


def middle(rectangle):
    left, top, width, height = rectangle
    return (left + 0.5 * width, top + 0.5 * height)


class PaintedPicture:
    """The square picture that is painted on, as it stands in the viewport."""

    def __init__(self, program, viewport):
        self._program = program
        left, top, width, height = viewport
        pixels = program.pixels(viewport).astype(int)
        is_picture = (np.abs(pixels - pixels[2, 2]).max(axis=2) > 3).any(axis=1)[: round(0.9 * height)]
        rows = np.flatnonzero(is_picture)
        self._side = int(rows[-1] + 1 - rows[0])
        self._corner = (left + 0.5 * (width - self._side), top + rows[0])

    def place(self, across, down):
        return self._corner[0] + across * self._side, self._corner[1] + down * self._side

    def light(self, where):
        pixels = self._program.pixels((*self._corner, self._side, self._side))
        rows, columns = (slice(*(self._side * end // SIDE for end in (each.start, each.stop))) for each in where)
        return pixels[rows, columns].mean()


def paint_and_take_back(program, settled, path):
    """The outline follows what is painted; it is kept beside the picture."""
    opened = program.after(lambda: program.click(*middle(settled.rectangles[f"kept {path.name}"])))
    assert opened.fields["is_correcting"]
    picture = PaintedPicture(program, opened.rectangles["picture"])
    face, visor = picture.light(FACE), picture.light(VISOR)
    ends = [picture.place(*end) for end in HELMET]
    program.after(lambda: program.drag(*ends))
    assert picture.light(VISOR) < 0.75 * visor
    assert picture.light(FACE) == pytest.approx(face, rel=0.01)
    assert (read_said(path, SIDE, SIDE)[434:440, 370:376] == NOT_PERSON).all()
    program.after(lambda: program.key("ctrl+z"))
    assert picture.light(VISOR) == pytest.approx(visor, rel=0.01)
    assert read_said(path, SIDE, SIDE) is None, "nothing is said any more"
    program.drag(*ends)
    done = program.after(lambda: program.click(*middle(opened.rectangles["outline done"])))
    assert read_said(path, SIDE, SIDE) is not None
    return done


def test_somebody_before_the_camera_is_taken_kept_and_deleted(start):
    program = start()
    settled = program.wait_until_open()
    program.come_to_the_front()
    Image.fromarray(astronaut()).save(program.folder / PHOTO)
    pictures = program.folder / "home" / "pictures"

    assert "capture shutter" in settled.rectangles, "a newcomer sees at once how to make an avatar"
    assert "capture refine" not in settled.rectangles, "the default person was made of no pictures"
    program.click(*middle(settled.rectangles["capture source file"]))
    time.sleep(1.0)
    program.type(PHOTO)
    program.key("Return")
    program.wait_for(
        lambda: list(pictures.glob("*.json")), "a picture that is taken by itself", seconds=LOOKING_SECONDS
    )
    taken = program.after(lambda: program.key("p"))
    assert taken.fields["captured"] == 1
    (path,) = pictures.glob("*.jpg")
    kept = np.asarray(Image.open(path))
    assert np.abs(kept.astype(int) - astronaut()).mean() < 4.0, "the picture as it was, not its mirror image"

    taken = paint_and_take_back(program, taken, path)
    bin_of_it = middle(taken.rectangles[f"delete {path.name}"])
    deleted = program.after(lambda: program.click(*bin_of_it))
    assert deleted.fields["captured"] == 0
    assert not list(pictures.iterdir()), "nor what was painted on it"
    assert not deleted.fields["unsaved"]
    assert deleted.fields["errors"] == []
    assert program.errors == ""
