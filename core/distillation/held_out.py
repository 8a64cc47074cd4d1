"""Which made-up photos the figures are of: the same for ever, of people whom no training has seen."""

from __future__ import annotations

import itertools

from ..synthetic.photo import PhotoStudio

SEED = 640_064
"""Of the people and photos that judge; those that teach are drawn by another (`TrainingSettings.seed`)."""


def numbers_of(studio: PhotoStudio, *, people: int, each: int) -> dict[int, list[int]]:
    """The first `each` photos of each of the studio's first `people`, by person; nobody is dressed for that."""
    chosen: dict[int, list[int]] = {}
    for number in itertools.count():
        person = studio.person_of(number)
        if person in chosen or len(chosen) < people:
            photos = chosen.setdefault(person, [])
            if len(photos) < each:
                photos.append(number)
        elif all(len(photos) == each for photos in chosen.values()):
            break
    return chosen
