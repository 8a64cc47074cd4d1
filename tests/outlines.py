"""A picture whose outline can be corrected, and what can be seen of that."""

from __future__ import annotations

import numpy as np
from captors import FakeSegmenter, shot, ticked, with_pictures
from nlfgs_studio.app.commands import run
from nlfgs_studio.core.capture.picture_folder import PictureFolder
from nlfgs_studio.core.capture.said import LONGEST_SIDE, read_said

HEIGHT, WIDTH = 120, 160
STROKE = {"points": ((0.28, 0.5), (0.32, 0.9)), "says": "not me"}
FLAG = (slice(40, 115), slice(43, 61))


def painted_on(services, own_folder) -> FakeSegmenter:
    """With one picture in the folder: somebody, and at their left something of another colour."""
    image = np.full((HEIGHT, WIDTH, 3), (150, 160, 150), np.uint8)
    image[HEIGHT // 4 :, WIDTH // 4 : 3 * WIDTH // 4] = (200, 150, 120)
    image[HEIGHT // 4 :, WIDTH // 4 : WIDTH // 4 + 24] = (190, 30, 40)
    noise = np.random.default_rng(0).integers(-3, 4, image.shape)
    PictureFolder(own_folder).add((image + noise).astype(np.uint8), shot(), "a camera")
    services.capturer.keeper.delete("nothing")  # looks into the folder again
    with_pictures(services, 1)
    services.corrector.make_segmenter = FakeSegmenter()
    return services.corrector.make_segmenter


def opened(services):
    (picture,) = services.store.state.capturing.pictures
    run(services, "correct_outline", name=picture.name)
    return ticked(services, lambda state: state.correcting and state.correcting.outline)


def followed(services):
    return ticked(services, lambda state: state.correcting.is_up_to_date).correcting


def settled(services):
    """With everything kept."""
    return ticked(services, lambda _: not services.capturer.keeper.is_busy)


def is_bright(state):
    """Where the picture is not in the shade, pixel by pixel; all of its colours are bright in red or green."""
    step = LONGEST_SIDE / WIDTH
    rows, columns = ((step * (np.arange(count) + 0.5)).astype(int) for count in (HEIGHT, WIDTH))
    return state.correcting.outline.shown[np.ix_(rows, columns)][..., :2].max(axis=2) > 155


def said_beside(picture):
    return read_said(picture.path, HEIGHT, WIDTH)
