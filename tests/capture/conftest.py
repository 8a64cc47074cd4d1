"""People to look at: rendered, since no picture of a real face travels with the project."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def portrait_studio(body):
    from nlfgs_studio.core.tracking.portraits import PortraitStudio

    return PortraitStudio(body, num_looks=2)


@pytest.fixture(scope="session")
def observer(body):
    """Looks at photos, each by itself."""
    from nlfgs_studio.core.capture.shot_observer import ShotObserver

    with ShotObserver(body, still=True) as made:
        yield made


@pytest.fixture(scope="session")
def sittings(body):
    """Of two people each: neutral, the head turned by known angles."""
    from dataclasses import replace

    from nlfgs_studio.core.tracking.sitting import drawn_sitters, drawn_sitting
    from scipy.spatial.transform import Rotation

    random = np.random.default_rng(8)
    sitters = drawn_sitters(body, random, 2)

    def sitting(person: int, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0, **actions: float):
        """Degrees, as in `FaceView`; actions of the body by their names."""
        drawn = drawn_sitting(body, random, sitters[person], liveliness=0.0)
        expression = np.zeros(body.num_expression)
        for name, value in actions.items():
            expression[body.expression_names.index(name)] = value
        head = Rotation.from_euler("YXZ", (yaw, -pitch, -roll), degrees=True).as_rotvec()
        return replace(drawn, expression=expression, head=head, offset=np.zeros(2), focal=1.2, closeness=0.5)

    return sitting
