"""How long one step of refining takes; run with `pytest tests/benchmarks --benchmark-only`."""

import pytest
from nlfgs_studio.core.avatar.wardrobe import default_avatar
from nlfgs_studio.core.benchmark.refining import refiner_of
from nlfgs_studio.core.benchmark.scenes import orbit_around
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.pipeline import Pipeline


@pytest.fixture(scope="module")
def refiner(body):
    avatar = default_avatar(body)
    rest = Pipeline(body).gaussians(avatar, avatar.betas, BodyPose.rest(body))
    return refiner_of(avatar, body, rest, orbit_around(rest), 512)


def test_a_step(benchmark, refiner):
    benchmark.pedantic(refiner.step, rounds=20, warmup_rounds=3)
    benchmark.extra_info["milliseconds"] = refiner.timings


def test_a_snapshot(benchmark, refiner):
    benchmark.pedantic(refiner.avatar, rounds=20, warmup_rounds=3)
