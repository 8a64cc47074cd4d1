"""What judges avatars: it sees only its masks, which come from pictures, and tells better from worse."""

from __future__ import annotations

import importlib.machinery
import sys
import types
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from avatars import random_avatar
from creators import fitted_picture
from nlfgs_studio.core.creation import measurement, perceptual
from nlfgs_studio.core.creation.held_out import SHORTER_SIDE, HeldPicture, near_face, reduced, write_masks
from nlfgs_studio.core.creation.measurement import BEFORE_WHITE, HEAD, PERSON, REGIONS, Judge, Score
from nlfgs_studio.core.creation.taken import TakenPicture
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.images import read_image
from nlfgs_studio.core.tracking.detection import FaceDetection
from scipy.spatial.transform import Rotation

HEIGHT, WIDTH = 60, 80
NAMES = ("first", "second")
WALL = torch.tensor([0.1, 0.2, 0.9])


@pytest.fixture(scope="module")
def avatar(plain_body):
    """Opaque, in colours that pictures hold."""
    made = random_avatar(plain_body)
    parameters = made.parameters
    opaque = torch.full_like(parameters.opacity_logits, 4.0)
    return replace(made, parameters=replace(parameters, sh=0.3 * parameters.sh[:, :1], opacity_logits=opaque))


@pytest.fixture
def judge(plain_body, avatar) -> Iterator[Judge]:
    """By two pictures of the avatar itself with a blue wall behind; only the first has a face."""
    empty = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    tracked = [fitted_picture(plain_body, TakenPicture(name=name, image=empty), at, 1) for at, name in enumerate(NAMES)]
    nobody = np.zeros((HEIGHT, WIDTH), np.float32)
    blank = [HeldPicture(name=name, image=empty, person=nobody, head=nobody) for name in (*NAMES, "not tracked")]
    with Judge(plain_body, blank, tracked) as judge:
        pictures = []
        for at, (held, fitted) in enumerate(judge.judged):
            rgb, alpha = judge.drawn(avatar, held, fitted)
            person = alpha.numpy()
            colors = rgb / alpha.clamp_min(1e-3)[..., None]
            image = (
                (255.0 * torch.where(alpha[..., None] > 0.02, colors, WALL).clamp(0.0, 1.0) + 0.5)
                .to(torch.uint8)
                .numpy()
            )
            head = person * (np.arange(HEIGHT) < HEIGHT // 2)[:, None] if at == 0 else nobody
            pictures.append((HeldPicture(name=held.name, image=image, person=person, head=head), fitted))
        judge.judged[:] = pictures
        yield judge


def changed(judge: Judge, **pixels: np.ndarray) -> dict[str, Score]:
    """The scores when the pixels that `where` names are black in all pictures."""
    judge.judged[:] = [
        (replace(held, image=np.where(pixels["where"](held)[..., None], 0, held.image).astype(np.uint8)), fitted)
        for held, fitted in judge.judged
    ]
    return judge.scores(pixels["avatar"])


def test_pictures_of_the_avatar_itself_are_met(judge, avatar):
    scores = judge.scores(avatar)
    assert tuple(scores) == REGIONS
    assert scores[HEAD].pictures == 1
    assert scores[PERSON].pictures == 2
    for region in (HEAD, PERSON):
        assert scores[region].psnr > 50.0
        assert scores[region].ssim > 0.999
        assert scores[region].psnr_worst <= scores[region].psnr


def test_a_worse_avatar_has_worse_scores(judge, avatar):
    before = judge.scores(avatar)
    darker = replace(avatar, parameters=replace(avatar.parameters, sh=avatar.parameters.sh - 0.5))
    thinner = replace(
        avatar, parameters=replace(avatar.parameters, opacity_logits=avatar.parameters.opacity_logits - 6)
    )
    for other in (darker, thinner):
        after = judge.scores(other)
        assert all(after[region].psnr < before[region].psnr - 5.0 for region in (HEAD, PERSON))
        assert all(after[region].ssim < before[region].ssim for region in (HEAD, PERSON))


def test_what_lies_outside_the_mask_does_not_count(judge, avatar):
    before = judge.scores(avatar)
    assert changed(judge, avatar=avatar, where=lambda held: held.person == 0.0) == before


def test_what_lies_below_the_head_counts_for_the_person_alone(judge, avatar):
    before = judge.scores(avatar)
    after = changed(judge, avatar=avatar, where=lambda held: (held.person > 0.0) & (held.head == 0.0))
    assert after[HEAD] == before[HEAD]
    assert after[PERSON].psnr < before[PERSON].psnr - 5.0


def test_what_is_drawn_beside_the_person_counts_before_white_alone(judge, avatar):
    before = judge.scores(avatar)
    judge.judged[:] = [(replace(held, person=held.person * (held.head > 0.0)), fitted) for held, fitted in judge.judged]
    after = judge.scores(avatar)
    assert after[PERSON].psnr > 50.0
    assert after[BEFORE_WHITE].psnr < before[BEFORE_WHITE].psnr - 3.0


@pytest.mark.parametrize("roll", [-60.0, 0.0, 40.0])
def test_the_head_is_what_lies_above_the_chin_however_it_is_tilted(roll):
    side, middle, length = 200, np.array([100.0, 110.0]), 40.0
    turn = Rotation.from_euler("z", roll, degrees=True).as_matrix()[:2, :2]
    up = turn @ np.array([0.0, -1.0])
    points = np.tile(np.append(middle, 0.0), (478, 1))
    points[10, :2], points[152, :2] = middle + 0.5 * length * up, middle - 0.5 * length * up
    inside = near_face(FaceDetection(points=points, confidence=1.0), side, side)

    def holds(along: float, aside: float) -> bool:
        x, y = middle + length * (along * up + aside * (turn @ np.array([1.0, 0.0])))
        return bool(inside[int(y), int(x)])

    assert holds(0.0, 0.0)
    assert holds(1.3, 0.0)  # hair
    assert holds(0.0, 1.3)
    assert not holds(-0.6, 0.0)  # the neck
    assert not holds(-0.6, 1.0)
    assert not holds(1.7, 0.0)
    assert not holds(0.5, 1.7)


def test_large_pictures_are_judged_smaller_and_small_ones_as_they_are():
    assert reduced(np.zeros((1080, 1920, 3), np.uint8)).shape == (SHORTER_SIDE, 910, 3)
    assert reduced(np.zeros((1280, 720, 3), np.uint8)).shape == (910, SHORTER_SIDE, 3)
    small = np.zeros((300, 400, 3), np.uint8)
    assert reduced(small) is small


def test_masks_are_written_as_they_are_judged_by(judge, tmp_path):
    held, _ = judge.judged[0]
    write_masks(tmp_path / "masks", [held])
    for region, mask in (("person", held.person), ("head", held.head)):
        written = read_image(tmp_path / "masks" / f"{held.name} {region}.png")
        assert np.abs(written[..., 0].numpy() - mask).max() < 0.003
    (tmp_path / "file").touch()
    with pytest.raises(StudioError, match="cannot make the folder"):
        write_masks(tmp_path / "file", [held])


def test_lpips_is_left_out_where_it_is_not_at_hand(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    assert "not installed" in str(perceptual.lpips_or_reason())
    monkeypatch.setitem(sys.modules, "lpips", _lpips())
    assert perceptual.WEIGHTS in str(perceptual.lpips_or_reason())


def test_lpips_judges_where_it_is_at_hand_and_regions_are_large_enough(
    monkeypatch, tmp_path, plain_body, judge, avatar
):
    monkeypatch.setattr(measurement, "SMALLEST_FOR_LPIPS", HEIGHT)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setitem(sys.modules, "lpips", _lpips())
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / perceptual.WEIGHTS).touch()
    held, fitted = judge.judged[0]
    with Judge(plain_body, [held], [fitted]) as another:
        assert another.without_lpips is None
        # a speck of a mask reaches no further than SSIM's window
        speck = held.head * (np.cumsum(held.head > 0.5).reshape(held.head.shape) < 9)
        another.judged[:] = [(held, fitted), (replace(held, head=speck, person=speck), fitted)]
        scores = another.scores(avatar)
        assert scores[BEFORE_WHITE].lpips is not None
        assert scores[HEAD].lpips is None
        assert scores[HEAD].pictures == 2
        another.judged.pop()
        monkeypatch.setattr(measurement, "SMALLEST_FOR_LPIPS", 16)
        assert another.scores(avatar)[PERSON].lpips == pytest.approx(0.0, abs=1e-3)
        darker = replace(avatar, parameters=replace(avatar.parameters, sh=avatar.parameters.sh - 0.5))
        assert another.scores(darker)[PERSON].lpips > 0.01


def _lpips() -> types.ModuleType:
    """A package of that name whose distance is the mean difference; it wants what the real one wants."""

    class Lpips:
        def __init__(self, *, net: str, verbose: bool) -> None:
            assert (net, verbose) == ("alex", False)

        def __call__(self, first: torch.Tensor, second: torch.Tensor, *, normalize: bool) -> torch.Tensor:
            assert normalize
            assert first.shape == second.shape
            assert first.shape[:2] == (1, 3)
            assert min(first.shape[2:]) >= measurement.SMALLEST_FOR_LPIPS
            return (first - second).abs().mean()

    module = types.ModuleType("lpips")
    module.__spec__ = importlib.machinery.ModuleSpec("lpips", None)
    module.LPIPS = Lpips  # type: ignore[attr-defined]
    return module
