"""The default person: dressed, whole, the same every time, on any body."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from nlfgs_studio.core.avatar.avatar import Avatar
from nlfgs_studio.core.avatar.look import Look
from nlfgs_studio.core.avatar.rig import place, rig
from nlfgs_studio.core.avatar.wardrobe import default_avatar
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import BodyModel, pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import OrbitCamera
from nlfgs_studio.core.gaussians import Gaussians
from nlfgs_studio.core.geometry.spherical_harmonics import SH_C0
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderedImage, RenderSettings
from scipy import ndimage
from scipy.spatial import KDTree
from torch import Tensor


@pytest.fixture(scope="module")
def person(body) -> Avatar:
    return default_avatar(body)


def _at_rest(avatar: Avatar, body: BodyModel) -> Gaussians:
    mesh = shape_body(body, avatar.betas).vertices
    return rig(avatar.template, place(avatar.template, avatar.parameters, mesh), mesh, mesh)


def _part(avatar: Avatar, body: BodyModel, *names: str) -> Tensor:
    """Gaussians of the parts whose names begin so."""
    assert body.face_parts is not None
    chosen = torch.tensor([name.startswith(names) for name in body.part_names])
    return chosen[body.face_parts.long()][avatar.template.face_indices]


def _base_colours(avatar: Avatar) -> Tensor:
    return 0.5 + SH_C0 * avatar.parameters.sh[:, 0]


def _without_extras(body: BodyModel) -> BodyModel:
    """What a licensed file tells: no parts, no shells, no UV."""
    return replace(body, part_names=(), face_parts=None, shells={}, uv=None, uv_faces=None)


def _picture(gaussians: Gaussians, camera: OrbitCamera, size: int = 256) -> RenderedImage:
    return CpuRenderer().render(gaussians, camera.camera(size, size), RenderSettings(background=(1.0, 0.0, 1.0)))


def test_dressing_repeats_bit_for_bit(body, person):
    again = default_avatar(body)
    for name in ("offsets", "rotations_wxyz", "log_scales", "opacity_logits", "sh"):
        assert torch.equal(getattr(again.parameters, name), getattr(person.parameters, name))
    other = default_avatar(body, look=Look(seed=1))
    assert not torch.equal(other.parameters.sh, person.parameters.sh)


@pytest.mark.parametrize("k", [1, 3])
def test_any_number_of_gaussians_makes_a_finite_person(body, k):
    avatar = default_avatar(body, k=k)
    assert avatar.template.num_gaussians >= k * len(body.faces)
    assert avatar.template.k == k
    for value in (avatar.parameters.offsets, avatar.parameters.log_scales, avatar.parameters.sh):
        assert bool(torch.isfinite(value).all())


def test_clothes_lie_off_the_skin_and_skin_lies_on_it(body, person):
    mesh = shape_body(body, person.betas).vertices
    height = place(person.template, person.parameters, mesh).offsets_world.norm(dim=-1)
    chest = height[_part(person, body, "chest", "abdomen")]
    assert float(chest.quantile(0.1)) > 0.003
    assert float(chest.quantile(0.9)) < 0.02
    assert float(height[_part(person, body, "hand", "forearm")].max()) < 0.004


def test_parts_have_the_colours_of_the_look(body):
    look = Look(shirt=(0.8, 0.1, 0.1), trousers=(0.1, 0.6, 0.1), shoes=(0.1, 0.1, 0.7), hair=(0.1, 0.1, 0.1))
    avatar = default_avatar(body, look=look)
    colours = _base_colours(avatar)
    for parts, channel in ((("chest", "abdomen"), 0), (("shin",), 1)):
        mean = colours[_part(avatar, body, *parts)].mean(0)
        assert int(mean.argmax()) == channel
        assert float(mean[channel]) > 2 * float(mean.median())
    feet = colours[_part(avatar, body, "foot")]
    assert float((feet.argmax(-1) == 2).float().mean()) > 0.4
    assert float(colours[_part(avatar, body, "scalp")].mean()) < 0.25
    hands = colours[_part(avatar, body, "hand")].mean(0)
    assert hands[0] > hands[1] > hands[2]


def test_eyes_have_pupil_iris_and_white(body, person):
    brightness = _base_colours(person).mean(-1)
    assert float(brightness[_part(person, body, "pupil")].quantile(0.1)) < 0.1
    iris = float(brightness[_part(person, body, "iris")].median())
    white = float(brightness[_part(person, body, "sclera")].quantile(0.9))
    assert 0.15 < iris < white - 0.1


def test_cloth_ends_at_clean_lines(body, person):
    """Along a sleeve's end no skin lies further in, and no cloth further out, than a few millimetres."""
    mesh = shape_body(body, person.betas).vertices
    points = person.template.surface_points(mesh)
    blueness = _base_colours(person)[:, 2] - _base_colours(person)[:, 0]
    arm = _part(person, body, "upper_arm") & (points[:, 1] > -0.5)
    cloth = points[arm & (blueness > 0.05), 0].abs()
    skin = points[arm & (blueness < -0.05), 0].abs()
    assert float(cloth.max() - skin.min()) < 0.004


@pytest.mark.parametrize("yaw", [0.0, 1.5, 3.1])
def test_the_standing_person_has_no_holes(body, person, yaw):
    """Nothing of the magenta background shines through inside the outline."""
    picture = _picture(_at_rest(person, body), OrbitCamera(target=(0.0, -0.4, 0.0), yaw=yaw, distance=3.8))
    assert _share_of_leaks(picture) < 0.002


def test_the_bent_person_has_no_holes(body, person):
    rotations = torch.zeros(55, 3)
    bends = {"left_elbow": (0, -2.2, 0), "right_elbow": (0, 1.5, 0), "left_knee": (1.9, 0, 0), "left_hip": (-1.4, 0, 0)}
    bends |= {"left_shoulder": (0, -0.5, -0.9), "neck": (0.3, 0.6, 0), "spine2": (0.3, -0.3, 0), "jaw": (0.3, 0, 0)}
    for joint, rotation in bends.items():
        rotations[JOINT_NAMES.index(joint)] = torch.tensor([float(value) for value in rotation])
    shaped = shape_body(body, person.betas)
    posed = pose_body(body, shaped, replace(BodyPose.rest(body), rotations=rotations))
    rest = place(person.template, person.parameters, shaped.vertices)
    gaussians = rig(person.template, rest, shaped.vertices, posed.vertices)
    for yaw in (0.0, 1.2, -1.2, 2.8):
        picture = _picture(gaussians, OrbitCamera(target=(0.0, -0.3, 0.0), yaw=yaw, distance=3.4))
        assert _share_of_leaks(picture) < 0.002


def _share_of_leaks(picture: RenderedImage) -> float:
    """Of the person's pixels, those inside the outline that the background shines through, and small gaps."""
    covered = picture.alpha.numpy() > 0.5
    thin = ndimage.binary_erosion(covered, iterations=3) & (picture.alpha.numpy() < 0.97)
    gaps, count = ndimage.label(~covered)
    sizes = ndimage.sum_labels(~covered, gaps, range(1, count + 1))
    assert covered.sum() > 1000
    return float((thin.sum() + sizes[sizes < 8].sum()) / covered.sum())


def test_other_betas_do_not_scatter_the_clothes(body, person):
    """A shoe lies far off the clefts between the toes; it must stay closed when they turn."""
    betas = 1.2 * torch.randn(body.num_betas, generator=torch.Generator().manual_seed(0))
    mesh, mean = shape_body(body, betas).vertices, shape_body(body, person.betas).vertices
    reach = [
        place(person.template, person.parameters, vertices).offsets_world.norm(dim=-1) for vertices in (mean, mesh)
    ]
    feet = person.template.surface_points(mean)[:, 1] < mean[:, 1].min() + 0.08
    assert float((reach[1] - reach[0])[feet].abs().quantile(0.99)) < 0.01
    gaussians = rig(person.template, place(person.template, person.parameters, mesh), mesh, mesh)
    distance, _ = KDTree(mesh[: int(body.faces.max()) + 1].numpy()).query(gaussians.means.numpy())
    assert float(distance.max()) < 0.06


def test_a_body_without_parts_is_dressed_too(body, person):
    """From joints, weights and geometry alone: nearly the same person comes out."""
    plain = _without_extras(body)
    avatar = default_avatar(plain)
    camera = OrbitCamera(target=(0.0, -0.4, 0.0), distance=3.8)
    labelled = _picture(_at_rest(person, body), camera).rgb
    guessed = _picture(_at_rest(avatar, plain), camera).rgb
    assert float((labelled - guessed).abs().mean()) < 0.01
    face = OrbitCamera(target=(0.0, 0.3, 0.1), distance=0.5)
    labelled, guessed = _picture(_at_rest(person, body), face).rgb, _picture(_at_rest(avatar, plain), face).rgb
    assert float((labelled - guessed).abs().mean()) < 0.03


def test_a_body_of_capsules_is_dressed_without_complaint(plain_body):
    avatar = default_avatar(plain_body, k=2)
    assert avatar.body == plain_body.identity
    gaussians = _at_rest(avatar, plain_body)
    assert bool(torch.isfinite(gaussians.means).all())
    assert bool(torch.isfinite(gaussians.covariances).all())
    colours = _base_colours(avatar)
    assert float(colours.std(0).min()) > 0.05
