"""Everything here wants a CUDA device and gsplat built for it; elsewhere it is skipped with the reason."""

from __future__ import annotations

import pytest
import torch
from nlfgs_studio.core.errors import StudioError


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/gpu" in item.path.as_posix():
            item.add_marker(pytest.mark.gpu)


@pytest.fixture(scope="session")
def cuda() -> torch.device:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device: `tests/gpu/run.sh` on a machine that has one runs these")
    return torch.device("cuda", torch.cuda.current_device())


@pytest.fixture(scope="session")
def renderer(cuda):
    from nlfgs_studio.core.rendering.gsplat_renderer import GsplatRenderer

    try:
        made = GsplatRenderer()
    except StudioError as error:
        pytest.skip(str(error))
    yield made
    made.close()
