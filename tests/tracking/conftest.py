"""People to look at: rendered, since no picture of a real face travels with the project."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def portrait_studio(body):
    """Two dressed people of the built-in body."""
    from nlfgs_studio.core.tracking.portraits import PortraitStudio

    return PortraitStudio(body, num_people=2)
