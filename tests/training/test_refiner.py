"""Refining makes an avatar's pictures those of the person, and its laws. The person is another avatar, drawn."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from avatars import random_avatar
from nlfgs_studio.core.avatar.avatar import Avatar
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import look_at
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.images import to_uint8
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.training.densify import DensifySettings
from nlfgs_studio.core.training.observation import Observation
from nlfgs_studio.core.training.refiner import Refiner
from nlfgs_studio.core.training.settings import RefineSettings
from nlfgs_studio.core.training.sightings import Sightings
from nlfgs_studio.core.training.targets import SpokenParts, Targets

SIDE = 64
SETTINGS = RefineSettings(
    warm_up=1,
    longest_side=SIDE,
    smallest_side=32,
    sh_steps=(8, 12, 16),
    corrections_from=6,
    densify_from=10_000,
    densify_until=20_000,
)


def _covering(avatar: Avatar) -> Avatar:
    """Opaque and of one colour per Gaussian: like a person, not like smoke."""
    parameters = avatar.parameters
    return replace(
        avatar,
        parameters=replace(
            parameters,
            offsets=0.1 * parameters.offsets,
            log_scales=torch.full_like(parameters.log_scales, -0.7),
            opacity_logits=torch.full_like(parameters.opacity_logits, 4.0),
            sh=0.6 * parameters.sh[:, :1],
        ),
    )


def _observations(body, avatar: Avatar, yaws: tuple[float, ...]) -> list[Observation]:
    pipeline, pictures = Pipeline(body), []
    for number, yaw in enumerate(yaws):
        rotations = torch.zeros(55, 3)
        rotations[12, 1] = 0.3 * yaw
        pose = BodyPose(
            rotations=rotations, expression=torch.zeros(body.num_expression), translation=torch.tensor([0.0, 0.2, 0.1])
        )
        eye = (2.2 * math.sin(yaw), 0.3, 2.2 * math.cos(yaw))
        camera = look_at(eye, (0.0, 0.1, 0.0), fx=1.6 * SIDE, fy=1.6 * SIDE, width=SIDE, height=SIDE)
        gaussians = pipeline.gaussians(avatar, avatar.betas, pose)
        drawn = CpuRenderer().render(gaussians, camera, RenderSettings(background=(0.3, 0.3, 0.3)))
        pictures.append(
            Observation(
                picture=number,
                name=f"{number}.png",
                image=to_uint8(drawn.rgb),
                mask=drawn.alpha.numpy(),
                weights=np.ones((SIDE, SIDE), np.float32),
                camera=camera,
                pose=pose,
            )
        )
    return pictures


@pytest.fixture(scope="module")
def person(plain_body):
    return _covering(random_avatar(plain_body, k=2))


@pytest.fixture(scope="module")
def grey(person):
    return replace(person, parameters=replace(person.parameters, sh=torch.zeros_like(person.parameters.sh)))


@pytest.fixture(scope="module")
def views(plain_body, person):
    return _observations(plain_body, person, (-0.6, -0.2, 0.2, 0.6))


def _refined(body, avatar, observations, num_steps, **arguments) -> tuple[Refiner, list]:
    refiner = Refiner(body, avatar, observations, **{"settings": SETTINGS, "device": "cpu"} | arguments)
    return refiner, [refiner.step() for _ in range(num_steps)]


def _equal(first: Avatar, second: Avatar) -> bool:
    names = ("offsets", "rotations_wxyz", "log_scales", "opacity_logits", "sh")
    return all(torch.equal(getattr(first.parameters, name), getattr(second.parameters, name)) for name in names)


def test_the_more_there_is_to_look_at_the_smaller_are_the_first_steps(plain_body, grey, views):
    moved = []
    for observations in (views[:1], views[:1] * 4):
        refiner, _ = _refined(plain_body, grey, observations, 1)
        moved.append(float((refiner.avatar().parameters.sh - grey.parameters.sh).abs().max()))
    assert moved[0] == pytest.approx(4.0 * moved[1], rel=0.05)


def test_unseen_views_become_those_of_the_person(plain_body, person, grey, views):
    held_out = _observations(plain_body, person, (0.0, 0.4))
    refiner = Refiner(plain_body, grey, views, settings=SETTINGS, held_out=held_out, device="cpu")
    judged = [refiner.judge()]
    for _ in range(3):
        for _ in range(20):
            figures = refiner.step()
        judged.append(refiner.judge())
    assert judged == sorted(judged)
    assert judged[-1] > judged[0] + 6.0
    assert figures.step == 60
    assert figures.picture in range(4)


def test_the_same_seed_gives_the_same_avatar_and_who_watches_changes_nothing(plain_body, grey, views):
    first, steps = _refined(plain_body, grey, views[:3], 14)
    second = Refiner(plain_body, grey, views[:3], settings=SETTINGS, held_out=views[3:], device="cpu")
    for step in steps:
        second.judge()
        second.avatar()
        again = second.step()
        assert (again.loss, again.psnr, again.picture) == (step.loss, step.psnr, step.picture)
    assert _equal(first.avatar(), second.avatar())
    other, _ = _refined(plain_body, grey, views[:3], 14, settings=replace(SETTINGS, seed=1))
    assert not _equal(first.avatar(), other.avatar())


def test_what_is_behind_the_person_counts_for_nothing(plain_body, grey, views):
    cut = [replace(each, mask=(each.mask > 0.99).astype(np.float32)) for each in views]
    elsewhere = [replace(each, image=np.where(each.mask[..., None] > 0.0, each.image, 200)) for each in cut]
    first, second = (_refined(plain_body, grey, seen, 6)[0].avatar() for seen in (cut, elsewhere))
    assert _equal(first, second)


def test_pixels_of_no_weight_teach_nothing(plain_body, grey, views):
    blank = [replace(each, weights=np.zeros((SIDE, SIDE), np.float32)) for each in views]
    settings = replace(SETTINGS, regularise_every=1000)
    refiner, _ = _refined(plain_body, grey, blank, 5, settings=settings)
    assert _equal(refiner.avatar(), grey)


def test_snapshots_stay_as_they_were_and_keep_template_and_groups(plain_body, grey, views):
    refiner, _ = _refined(plain_body, grey, views, 1)
    before = refiner.avatar()
    kept = before.parameters.sh.clone()
    refiner.step()
    after = refiner.avatar()
    assert torch.equal(before.parameters.sh, kept)
    assert not _equal(before, after)
    assert after.template is grey.template
    assert after.groups is grey.groups
    assert not after.parameters.sh.requires_grad


@pytest.mark.parametrize(("num_pictures", "last"), [(3, 0), (4, 1), (16, 3)])
def test_harmonics_come_on_their_schedule_as_far_as_pictures_tell_them(plain_body, grey, views, num_pictures, last):
    seen = [replace(views[number % 4], picture=number) for number in range(num_pictures)]
    refiner = Refiner(plain_body, grey, seen, settings=SETTINGS, device="cpu")
    degrees = []
    for _ in range(18):
        refiner.step()
        degrees.append(refiner.avatar().parameters.sh_degree)
    expected = [0, 1, 1, 2, 2, 3]
    assert [degrees[step - 1] for step in (7, 8, 11, 12, 15, 16)] == [min(last, each) for each in expected]
    assert bool(refiner.avatar().parameters.sh[:, -1].any())


def test_harmonics_come_for_pictures_that_join_after_their_step(plain_body, grey, views):
    refiner, _ = _refined(plain_body, grey, [replace(views[number], picture=number) for number in range(3)], 20)
    assert refiner.avatar().parameters.sh_degree == 0
    for number in range(3, 16):
        refiner.add(replace(views[number % 4], picture=number))
    refiner.step()
    assert refiner.avatar().parameters.sh_degree == 3


def test_a_gradient_that_is_no_number_hurts_nobody(plain_body, grey, views, monkeypatch):
    learn = Sightings.add

    def poisoned(self, by_offsets, by_colours, num_pixels):
        by_offsets[0], by_colours[1] = math.nan, math.inf
        learn(self, by_offsets, by_colours, num_pixels)

    monkeypatch.setattr(Sightings, "add", poisoned)
    settings = replace(SETTINGS, regularise_every=2)
    refiner, steps = _refined(plain_body, grey, views, 6, settings=settings)
    assert all(np.isfinite(step.loss) for step in steps)
    parameters = refiner.avatar().parameters
    names = ("offsets", "rotations_wxyz", "log_scales", "opacity_logits", "sh")
    assert all(bool(getattr(parameters, name).isfinite().all()) for name in names)


def test_a_single_picture_pays_for_no_corrections(plain_body, grey, views, monkeypatch):
    posed, pose = [], Refiner._posed
    monkeypatch.setattr(Refiner, "_posed", lambda *given: posed.append(1) or pose(*given))
    refiner, _ = _refined(plain_body, grey, views[:1], 9)
    assert not posed
    refiner.add(views[1])
    refiner.step()
    assert posed


def test_pictures_may_join_and_are_learned_from(plain_body, grey, views):
    refiner, _ = _refined(plain_body, grey, views[:1], 3)
    refiner.add(views[2])
    assert 2 in {refiner.step().picture for _ in range(2)}


def test_the_number_of_gaussians_may_change_on_the_way(plain_body, grey, views):
    settings = replace(
        SETTINGS, densify_from=4, densify_until=9, densify=DensifySettings(every=4, share=0.1, most=100_000)
    )
    refiner, _ = _refined(plain_body, grey, views, 12, settings=settings)
    grown = refiner.avatar()
    assert len(grown.parameters) > len(grey.parameters)
    assert grown.template.num_gaussians == len(grown.parameters)
    losses = [refiner.step().loss for _ in range(24)]
    assert np.mean(losses[-4:]) < np.mean(losses[:4])


def test_the_light_of_each_picture_is_told_from_the_person(plain_body, person, views):
    """One picture is darker: with corrections of the light all can be explained at once."""
    dark = [replace(views[1], image=(0.6 * views[1].image).astype(np.uint8)), *views[2:], views[0]]

    def loss(corrections_from: int) -> float:
        settings = replace(SETTINGS, sh_steps=(), corrections_from=corrections_from)
        _, steps = _refined(plain_body, person, dark, 80, settings=settings)
        return float(np.mean([step.loss for step in steps[-4:]]))

    assert loss(0) < 0.8 * loss(1000)


def test_a_body_that_tracking_put_a_little_aside_is_put_right(plain_body, person, views):
    """One picture's pose is three centimetres off: with corrections all can be explained at once."""
    moved = replace(views[1].pose, translation=views[1].pose.translation + torch.tensor([0.03, 0.0, 0.0]))
    off = [replace(views[1], pose=moved), *views[2:], views[0]]

    def loss(corrections_from: int) -> float:
        settings = replace(SETTINGS, sh_steps=(), corrections_from=corrections_from)
        settings = replace(settings, rates=replace(settings.rates, shift=0.003))
        _, steps = _refined(plain_body, person, off, 80, settings=settings)
        return float(np.mean([step.loss for step in steps[-4:]]))

    assert loss(0) < 0.8 * loss(1000)


def test_too_little_memory_makes_pictures_smaller_and_says_so(plain_body, grey, views, monkeypatch, caplog):
    draw, drawn = CpuRenderer.render_differentiable, []

    def cramped(self, gaussians, camera, *rest):
        if camera.width > SIDE // 2:
            raise MemoryError
        drawn.append(camera.width)
        return draw(self, gaussians, camera, *rest)

    monkeypatch.setattr(CpuRenderer, "render_differentiable", cramped)
    settings = replace(SETTINGS, longest_side=SIDE)
    with caplog.at_level(logging.WARNING):
        refiner, steps = _refined(plain_body, grey, views, 3, settings=settings)
    assert drawn == [SIDE // 2] * 3
    assert [record.message for record in caplog.records] == [
        f"memory is short: refining goes on with pictures of {SIDE // 2} pixels"
    ]
    assert all(np.isfinite(step.loss) for step in steps)
    monkeypatch.setattr(CpuRenderer, "render_differentiable", _as_pytorch_wants_memory)
    with pytest.raises(StudioError, match="memory"):
        refiner.step()


def _as_pytorch_wants_memory(*_) -> None:
    torch.empty(1 << 50, dtype=torch.uint8)


def test_too_little_memory_for_more_gaussians_keeps_those_that_are_there(plain_body, grey, views, monkeypatch):
    settings = replace(SETTINGS, densify_from=2, densify_until=9, densify=DensifySettings(every=2, share=0.1))
    monkeypatch.setattr(Sightings, "follow", _as_pytorch_wants_memory)
    refiner, steps = _refined(plain_body, grey, views, 8, settings=settings)
    assert len(refiner.avatar().parameters) == len(grey.parameters)
    assert all(np.isfinite(step.loss) for step in steps)


def test_other_errors_are_not_taken_for_want_of_memory(plain_body, grey, views, monkeypatch):
    refiner, _ = _refined(plain_body, grey, views, 1)
    monkeypatch.setattr(CpuRenderer, "render_differentiable", lambda *_: torch.ones(2) @ torch.ones(3))
    with pytest.raises(RuntimeError, match="size"):
        refiner.step()


def test_it_wants_something_to_learn_from(plain_body, grey):
    with pytest.raises(ValueError, match="observation"):
        Refiner(plain_body, grey, [])
    assert Refiner(plain_body, grey, _observations(plain_body, grey, (0.0,)), device="cpu").judge() is None


def test_small_observations_are_enlarged_and_large_ones_reduced(plain_body, views):
    """The colours stay where they are, which the camera tells too."""
    view = views[0]
    targets = Targets(view, torch.zeros(1, 3), SpokenParts(plain_body), SETTINGS, torch.device("cpu"))
    mean = (view.image / 255.0 * view.mask[..., None]).mean()
    for most, side in ((32, 32), (64, 64), (100, 100), (512, 128)):
        target, camera = targets.at(most)
        assert target.mask.shape == (side, side)
        assert (camera.width, camera.height) == (side, side)
        assert float(camera.fx) == pytest.approx(float(view.camera.fx) * side / SIDE)
        assert float(target.colors.mean()) == pytest.approx(mean, rel=0.01)
        columns = (target.mask.sum(0) * (torch.arange(side) + 0.5)).sum() / target.mask.sum() / side
        before = (view.mask.sum(0) * (np.arange(SIDE) + 0.5)).sum() / view.mask.sum() / SIDE
        assert float(columns) == pytest.approx(before, abs=0.002)


def test_targets_of_bytes_lose_no_more_than_a_byte_rounds(plain_body, views):
    weights = np.random.default_rng(0).random((SIDE, SIDE)).astype(np.float32)
    view = replace(views[1], weights=weights, mask=views[1].mask.astype(np.float16))
    target, _ = Targets(view, torch.zeros(1, 3), SpokenParts(plain_body), SETTINGS, torch.device("cpu")).at(SIDE)
    colors = view.image / 255.0 * view.mask[..., None]
    assert np.abs(target.colors.numpy() - colors).max() <= 0.501 / 255.0
    assert np.abs(target.mask.numpy() - view.mask).max() <= 0.501 / 255.0
    assert float(target.weights.mean()) == pytest.approx(1.0, abs=1e-3)
    assert np.abs(target.weights.numpy() * weights.mean() - weights).max() <= 0.6 / 255.0
