from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def network_body_template(body):
    from nlfgs_studio.core.avatar.template import make_template

    return make_template(body, 4)


@pytest.fixture(scope="session")
def studio(body, network_body_template):
    from nlfgs_studio.core.synthetic.photo import PhotoStudio

    return PhotoStudio(body, network_body_template, seed=7, labels=400)


@pytest.fixture(scope="session")
def photos(studio):
    """A few, of the first two people."""
    return [studio.photo(number) for number in (0, 1, 8, 9, 16, 17)]
