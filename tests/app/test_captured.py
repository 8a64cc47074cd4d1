"""What is said of the pictures that were taken counts those of use, and calls them as the person does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_up_shots import empty_shot, face_shot
from nlfgs_studio.app.captured import will_be_made_of, with_sources
from nlfgs_studio.core.capture.picture_folder import KeptPicture


def kept(number: int, source: str, *, useful: bool = True) -> KeptPicture:
    shot = face_shot() if useful else empty_shot()
    return KeptPicture(
        path=Path(f"picture-{number}.jpg"), source=source, shot=shot, thumbnail=np.zeros((1, 1, 3), np.uint8)
    )


@pytest.mark.parametrize(
    ("useful", "words"),
    [
        ([True], "of the picture below"),
        ([True, True, True], "of all 3 pictures below"),
        ([True, False, True, True, False], "of 3 of the 5 pictures below"),
        ([False, False], "No avatar can be made"),
    ],
)
def test_only_pictures_of_use_are_counted(useful, words):
    pictures = [kept(number, "a.jpg", useful=each) for number, each in enumerate(useful)]
    assert words in will_be_made_of(pictures)


def test_pictures_are_called_by_the_files_that_they_came_from_each_once():
    pictures = [kept(1, "me.jpg"), kept(2, "walk.mp4"), kept(3, "walk.mp4")]
    told = "blurred: picture-1.jpg, picture-2.jpg, picture-3.jpg and 4 more; other.jpg too"
    assert with_sources(told, pictures) == "blurred: me.jpg, walk.mp4 and 4 more; other.jpg too"
    assert with_sources("nothing of them", pictures) == "nothing of them"
