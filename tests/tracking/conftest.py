"""People to look at: rendered, since no picture of a real face travels with the project."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def portrait_studio(body):
    """Two looks on the built-in body."""
    from nlfgs_studio.core.tracking.portraits import PortraitStudio

    return PortraitStudio(body, num_looks=2)


@pytest.fixture(scope="session")
def embedding(body):
    """The built-in body's landmarks, found once and kept in the user's cache."""
    from nlfgs_studio.core.tracking.learned_face import landmark_embedding

    return landmark_embedding(body)


@pytest.fixture(scope="session")
def unseen(portrait_studio):
    """Sightings of strangers; the first of each is neutral."""
    from nlfgs_studio.core.tracking.sightings import sightings
    from nlfgs_studio.core.tracking.sitting import drawn_sitters, drawn_sitting

    random, body = np.random.default_rng(31), portrait_studio.body
    return sightings(
        portrait_studio,
        [
            drawn_sitting(body, random, sitter, liveliness=float(number > 0))
            for sitter in drawn_sitters(body, random, 5)
            for number in range(4)
        ],
    )
