"""Taking pictures by mouse and keys: a photo sits before the camera, is taken by itself, and is deleted for good."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

pytestmark = pytest.mark.window

LOOKING_SECONDS = 400.0
"""On a fresh machine the tracker first learns how the body's face looks."""
PHOTO = "astronaut.png"


def middle(rectangle):
    left, top, width, height = rectangle
    return (left + 0.5 * width, top + 0.5 * height)


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

    bin_of_it = middle(taken.rectangles[f"delete {path.name}"])
    deleted = program.after(lambda: program.click(*bin_of_it))
    assert deleted.fields["captured"] == 0
    assert not list(pictures.glob("*.jpg"))
    assert not deleted.fields["unsaved"]
    assert deleted.fields["errors"] == []
    assert program.errors == ""
