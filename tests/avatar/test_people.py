"""People drawn by number: the same for ever, each other than the next, whole, bound to the body, quick to build."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from nlfgs_studio.core.avatar.avatar import Avatar
from nlfgs_studio.core.avatar.ground import ground_of
from nlfgs_studio.core.avatar.look import CHOICES, Look, look_as_text, look_from_text
from nlfgs_studio.core.avatar.people import drawn_betas, drawn_look
from nlfgs_studio.core.avatar.wardrobe import GROUPS, drawn_avatar, dressed_avatar, look_of
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import OrbitCamera
from nlfgs_studio.core.gaussians import Gaussians
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings

HEAD = OrbitCamera(target=(0.0, 0.30, 0.03), yaw=0.7, distance=1.1)
WHOLE = OrbitCamera(target=(0.0, -0.4, 0.0), yaw=0.5, distance=3.8)


def _shown(body: BodyModel, avatar: Avatar, pose: BodyPose | None = None) -> Gaussians:
    return Pipeline(body).gaussians(avatar, avatar.betas, pose or BodyPose.rest(body))


def _silhouette(gaussians: Gaussians, camera: OrbitCamera, size: int = 160) -> np.ndarray:
    return CpuRenderer().render(gaussians, camera.camera(size, size), RenderSettings()).alpha.numpy() > 0.5


def _group(avatar: Avatar, name: str) -> torch.Tensor:
    assert avatar.groups is not None
    return avatar.groups.indices == avatar.groups.names.index(name)


def test_a_seed_gives_the_same_person_bit_for_bit(body):
    first, again, other = drawn_avatar(body, 11), drawn_avatar(body, 11), drawn_avatar(body, 12)
    for name in ("offsets", "rotations_wxyz", "log_scales", "opacity_logits", "sh"):
        assert torch.equal(getattr(first.parameters, name), getattr(again.parameters, name))
    assert torch.equal(first.betas, again.betas)
    assert look_of(first) == drawn_look(11) != look_of(other)
    assert not torch.equal(first.betas, other.betas)


def test_seeds_draw_a_wide_range_of_people():
    looks = [drawn_look(seed) for seed in range(400)]
    assert len(set(looks)) == len(looks)
    for name, words in CHOICES.items():
        assert {getattr(look, name) for look in looks} == set(words), name
    brightness = [sum(look.skin) for look in looks]
    assert max(brightness) > 2.2
    assert min(brightness) < 0.7
    assert any(look.grey > 0.8 for look in looks)
    assert any(look.nails for look in looks)


def test_person_0_is_the_default(body):
    assert drawn_look(0) == Look()
    assert not drawn_betas(0, body).any()
    with pytest.raises(ValueError, match="seed"):
        drawn_look(-1)


def test_looks_go_through_text():
    for seed in range(20):
        look = drawn_look(seed)
        assert look_from_text(look_as_text(look)) == look
    assert look_from_text('{"hair_shape": "bob", "of a later version": 3}') == Look(hair_shape="bob")
    for foreign in (
        "",
        "[]",
        "7",
        '{"hair_shape": "mohawk"}',
        '{"skin": [2, 0, 0]}',
        '{"sleeve": "long"}',
        '{"skin": 1}',
    ):
        assert look_from_text(foreign) is None


@pytest.mark.parametrize(
    "wrong", [{"hair_shape": "mohawk"}, {"skin": (1.2, 0.0, 0.0)}, {"sleeve": -0.1}, {"hat": ""}, {"grey": 2.0}]
)
def test_nobody_looks_like_that(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Look(**wrong)


def _differing(body: BodyModel, field: str, camera: OrbitCamera, words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Pairs whose outlines are nearly the same."""
    people = {word: dressed_avatar(body, Look(**{field: word}), k=2) for word in words}
    outlines = {word: _silhouette(_shown(body, avatar), camera) for word, avatar in people.items()}
    alike = []
    for index, first in enumerate(words):
        for second in words[index + 1 :]:
            union = (outlines[first] | outlines[second]).sum()
            if (outlines[first] ^ outlines[second]).sum() < 0.004 * union:
                alike.append((first, second))
    return alike


def test_hair_shapes_have_outlines_of_their_own(body):
    words = ("bald", "crop", "quiff", "curly", "afro", "bob", "long", "waves", "ponytail", "bun")
    assert not _differing(body, "hair_shape", HEAD, words)


@pytest.mark.parametrize(
    ("field", "camera", "words"),
    [
        ("bottom", WHOLE, ("trousers", "wide", "skirt", "long skirt")),
        ("top", WHOLE, ("tee", "sweater", "coat", "dress")),
        ("hat", HEAD, ("none", "beanie", "cap", "brim")),
        ("shoe", WHOLE, ("barefoot", "boots")),
    ],
)
def test_garments_have_outlines_of_their_own(body, field, camera, words):
    assert not _differing(body, field, camera, words)


def test_groups_cover_the_right_places(body):
    look = Look(hair_shape="ponytail", beard="short", glasses="round", hat="cap", shoe="boots", top="shirt")
    avatar = dressed_avatar(body, look)
    means = _shown(body, avatar).means
    eyes = float(body.joint_regressor[23:25].matmul(body.template_vertices)[:, 1].mean())
    ankle = float((body.joint_regressor[7] @ body.template_vertices)[1])
    heights = {name: means[_group(avatar, name), 1] for name in GROUPS}
    assert all(len(height) > 100 for height in heights.values())
    assert float(heights["hat"].min()) > eyes
    assert abs(float(heights["glasses"].mean()) - eyes) < 0.02
    assert float(heights["beard"].max()) < eyes
    assert float(heights["shoes"].max()) < ankle + 0.2
    assert float(heights["top"].min()) > float(heights["bottom"].quantile(0.9)) - 0.06


def _parts(body: BodyModel, faces: torch.Tensor) -> set[str]:
    assert body.face_parts is not None
    return {body.part_names[int(index)] for index in body.face_parts[faces].unique()}


def test_varnish_is_on_the_nails_and_freckles_on_the_face(body):
    bare = Look(shoe="barefoot")
    plain = dressed_avatar(body, bare)
    varnished, freckled = (
        dressed_avatar(body, look) for look in (replace(bare, nails=(0.6, 0.0, 0.1)), replace(bare, freckles=1.0))
    )
    changed = (plain.parameters.sh - varnished.parameters.sh)[:, 0].abs().sum(-1) > 0.05
    nails = {f"{where}nails_{side}" for where in ("finger", "toe") for side in ("left", "right")}
    assert _parts(body, plain.template.face_indices[changed]) == nails
    specks = torch.bincount(freckled.template.face_indices) - torch.bincount(plain.template.face_indices)
    assert 200 < int(specks.sum()) < 500
    assert _parts(body, specks.nonzero()[:, 0]) == {"face"}


def test_what_the_head_wears_moves_with_the_head(body):
    look = Look(hair_shape="waves", glasses="square", hat="brim")
    avatar = dressed_avatar(body, look)
    rotations = torch.zeros(55, 3)
    rotations[JOINT_NAMES.index("head")] = torch.tensor([0.0, 0.6, 0.0])
    rotations[JOINT_NAMES.index("left_elbow")] = torch.tensor([0.0, -1.0, 0.0])
    pose = replace(BodyPose.rest(body), rotations=rotations)
    rest, posed = _shown(body, avatar).means, _shown(body, avatar, pose).means
    worn = _group(avatar, "glasses") | _group(avatar, "hat")
    before, after = rest[worn].double(), posed[worn].double()
    turned = (before - before.mean(0)).T @ (after - after.mean(0))
    u, _, vt = torch.linalg.svd(turned)
    moved = (before - before.mean(0)) @ (u @ vt) + after.mean(0)
    assert float((moved - after).norm(dim=-1).max()) < 1e-4
    assert float((before - after).norm(dim=-1).max()) > 0.03


def _turned(body: BodyModel, joint: str, radians: float) -> BodyPose:
    rotations = torch.zeros(55, 3)
    rotations[JOINT_NAMES.index(joint), 1] = radians
    return replace(BodyPose.rest(body), rotations=rotations)


def test_long_hair_goes_with_the_head_above_and_stays_behind_below(body):
    avatar = dressed_avatar(body, Look(hair_shape="long"))
    hair = _group(avatar, "hair")
    rest = _shown(body, avatar).means[hair].double()
    posed = _shown(body, avatar, _turned(body, "head", 1.0)).means[hair].double()
    head = (body.joint_regressor @ body.template_vertices)[JOINT_NAMES.index("head")].double()
    turn = torch.tensor([[math.cos(1.0), 0.0, math.sin(1.0)], [0.0, 1.0, 0.0], [-math.sin(1.0), 0.0, math.cos(1.0)]])
    with_head = (rest - head) @ turn.double().T + head
    above, ends = rest[:, 1] > head[1] + 0.10, rest[:, 1] < rest[:, 1].min() + 0.05
    assert float((posed - with_head)[above].norm(dim=-1).max()) < 0.005
    moved, rigid = (posed - rest)[ends].norm(dim=-1), (with_head - rest)[ends].norm(dim=-1)
    assert float(moved.mean()) < 0.6 * float(rigid.mean())


def test_what_long_hair_hangs_on_has_no_steps(body):
    nape = ground_of(body, 4).nape
    assert nape is not None
    faces, barycentrics = nape.carrying(np.linspace(nape.shoulders - 0.02, nape.chin + 0.02, 2000))
    points = (body.template_vertices.double().numpy()[body.faces.numpy()[faces]] * barycentrics[..., None]).sum(1)
    assert float(np.linalg.norm(np.diff(points, axis=0), axis=-1).max()) < 0.002
    assert float(np.abs(points[:, 0]).max()) < 0.001


def test_stripes_are_level(body):
    avatar = dressed_avatar(body, Look(top_pattern="stripes", shirt=(0.1, 0.1, 0.1), top_second=(0.9, 0.9, 0.9)))
    assert body.face_parts is not None
    trunk = body.face_parts[avatar.template.face_indices] == body.part_names.index("abdomen")
    trunk = trunk & _group(avatar, "top")
    bright = (avatar.parameters.sh[trunk, 0].mean(-1) > 0.0).numpy()
    rows = (_shown(body, avatar).means[trunk, 1].numpy() / 0.01).astype(int)
    shares = np.array([bright[rows == row].mean() for row in np.unique(rows) if (rows == row).sum() > 20])
    assert len(shares) > 10
    assert float((np.minimum(shares, 1.0 - shares) < 0.1).mean()) > 0.5


def test_a_skirt_goes_with_the_legs(body):
    avatar = dressed_avatar(body, Look(bottom="skirt"))
    assert avatar.template.worn_shells == ("skirt",)
    rotations = torch.zeros(55, 3)
    rotations[JOINT_NAMES.index("left_hip")] = torch.tensor([-1.2, 0.0, 0.0])
    pose = replace(BodyPose.rest(body), rotations=rotations)
    rest, posed = _shown(body, avatar).means, _shown(body, avatar, pose).means
    hem = _group(avatar, "bottom") & (rest[:, 1] < rest[_group(avatar, "bottom"), 1].min() + 0.05)
    left = hem & (rest[:, 0] > 0.05)
    assert float((posed - rest)[left, 2].mean()) > 0.1


def test_other_betas_keep_glasses_and_hat_on_the_head(body):
    betas = torch.zeros(body.num_betas)
    betas[0] = 1.5
    avatar = dressed_avatar(body, Look(glasses="round", hat="brim"), betas=betas)
    pipeline = Pipeline(body)
    means = pipeline.gaussians(avatar, betas, BodyPose.rest(body)).means
    assert pipeline.posed is not None
    eyes = pipeline.posed.joints[23:25].mean(0)
    middle = means[_group(avatar, "glasses")]
    front = middle[middle[:, 2] > middle[:, 2].quantile(0.6)].mean(0)
    assert float((front - eyes)[:2].norm()) < 0.015
    assert 0.015 < float((front - eyes)[2]) < 0.05


def test_the_default_person_is_the_same_on_both_sides(body):
    """Not bit for bit, for cloth creases and hair parts; but outlines are mirrored."""
    outline = _silhouette(
        _shown(body, dressed_avatar(body, Look())), OrbitCamera(target=(0.0, -0.4, 0.0), distance=3.8)
    )
    assert (outline ^ outline[:, ::-1]).sum() < 0.02 * outline.sum()


def test_a_body_without_parts_and_shells_wears_everything_it_can(body):
    plain = replace(body, part_names=(), face_parts=None, shells={}, uv=None, uv_faces=None)
    look = Look(top="dress", hair_shape="waves", glasses="round", hat="brim", beard="full", nails=(0.5, 0.0, 0.0))
    avatar = dressed_avatar(plain, look)
    assert avatar.template.worn_shells == ()
    gaussians = _shown(plain, avatar)
    assert bool(torch.isfinite(gaussians.means).all())
    assert bool(torch.isfinite(gaussians.covariances).all())


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_anybody_fits_a_body_of_capsules(plain_body, seed):
    avatar = drawn_avatar(plain_body, seed, k=1)
    gaussians = _shown(plain_body, avatar)
    assert bool(torch.isfinite(gaussians.means).all())


@pytest.mark.benchmark(group="wardrobe")
def test_a_person_builds_in_half_a_second(benchmark, body):
    seeds = iter(range(1, 100))
    drawn_avatar(body, 0)
    benchmark.pedantic(lambda: drawn_avatar(body, next(seeds)), rounds=8, warmup_rounds=1)
    assert benchmark.stats.stats.min < 0.5
