"""The photograph around a person: framings, light, backgrounds, what is in the way, and the camera's faults."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import shape_body
from nlfgs_studio.core.synthetic.backgrounds import drawn_background
from nlfgs_studio.core.synthetic.creases import creased
from nlfgs_studio.core.synthetic.framing import CROP, Framing, drawn_camera
from nlfgs_studio.core.synthetic.lighting import drawn_light, lit_colours, reaching, shade
from nlfgs_studio.core.synthetic.occluders import drawn_occluder
from nlfgs_studio.core.synthetic.poses import DrawnPose
from nlfgs_studio.core.synthetic.sensor import drawn_sensor, photographed

AHEAD = np.array([0.0, 0.0, 1.0])
HEAD, NECK = JOINT_NAMES.index("head"), JOINT_NAMES.index("neck")


@pytest.fixture(scope="module")
def shaped(body):
    return shape_body(body, torch.zeros(body.num_betas))


def standing(selfie_wrist=None):
    return DrawnPose(rotations=np.zeros((55, 3)), facing=AHEAD, sits=False, selfie_wrist=selfie_wrist)


def seen(camera, points):
    matrix = camera.camera_from_world.double().numpy()
    local = points @ matrix[:3, :3].T + matrix[:3, 3]
    return local[:, :2] / local[:, 2:] * (camera.fx, camera.fy) + (camera.cx, camera.cy), local[:, 2]


@pytest.mark.parametrize("framing", list(Framing))
def test_a_framing_shows_what_it_is_named_for(shaped, framing):
    vertices, joints = shaped.vertices.double().numpy(), shaped.joints.double().numpy()
    trunk = vertices[np.abs(vertices[:, 0]) < 0.25]  # the T-pose's arms would make a body as wide as high
    heights, heads = [], 0
    for seed in range(40):
        camera = drawn_camera(np.random.default_rng([2, seed]), framing, standing(), trunk, joints)
        assert (camera.width, camera.height) == (CROP, CROP)
        rotation = camera.camera_from_world[:3, :3]
        assert torch.allclose(rotation @ rotation.T, torch.eye(3), atol=1e-5)
        pixels, depths = seen(camera, np.stack([joints[HEAD], joints[NECK]]))
        assert depths.min() > 0.15
        heads += bool((np.abs(pixels[0] - 0.5 * CROP) < 0.5 * CROP).all())
        heights.append(float(np.linalg.norm(pixels[1] - pixels[0])))
    assert heads >= 36
    low, high = {Framing.FACE: (28, 90), Framing.HALF: (12, 50), Framing.WHOLE: (6, 20)}[framing]
    assert low < np.median(heights) < high


def test_a_selfie_is_taken_from_the_hand(shaped):
    vertices, joints = shaped.vertices.double().numpy(), shaped.joints.double().numpy()
    wrist = JOINT_NAMES.index("left_wrist")
    for seed in range(20):
        camera = drawn_camera(np.random.default_rng(seed), Framing.HALF, standing(wrist), vertices, joints)
        assert np.linalg.norm(camera.center.numpy() - joints[wrist]) < 0.35


@pytest.mark.parametrize("wrist", [None, JOINT_NAMES.index("right_wrist")])
def test_nobody_is_seen_through_an_absurd_lens(shaped, wrist):
    """No ray of a crop leaves the axis of its camera by more than a wide lens has it."""
    vertices, joints = shaped.vertices.double().numpy(), shaped.joints.double().numpy()
    for seed in range(60):
        random = np.random.default_rng([3, seed])
        camera = drawn_camera(random, list(Framing)[seed % 3], standing(wrist), vertices, joints)
        corners = np.array([(0.0, 0.0), (CROP, CROP)]) - (camera.cx, camera.cy)
        assert np.abs(corners / (camera.fx, camera.fy)).max() < 1.6


def test_crops_lie_off_the_axis_and_cameras_roll(shaped):
    vertices, joints = shaped.vertices.double().numpy(), shaped.joints.double().numpy()
    cameras = [
        drawn_camera(np.random.default_rng(seed), Framing.HALF, standing(), vertices, joints) for seed in range(20)
    ]
    assert np.std([camera.cx for camera in cameras]) > 10.0
    assert np.std([float(camera.camera_from_world[0, 1]) for camera in cameras]) > 0.02


def lights(count=40):
    return [drawn_light(np.random.default_rng([4, seed]), AHEAD) for seed in range(count)]


def test_light_is_exposed_for_the_camera_and_comes_in_many_kinds():
    normals = np.stack([AHEAD, [0.5, 0.3, 0.81], [-0.5, 0.3, 0.81], [0.0, -1.0, 0.0]]).astype(np.float32)
    factors = np.stack([shade(light, normals, np.ones((4, 2), np.float32)) for light in lights()])
    facing = factors[:, :3].mean((1, 2))
    assert ((facing > 0.7) & (facing < 1.9)).all()
    left_to_right = np.log(factors[:, 1].mean(-1) / factors[:, 2].mean(-1))
    assert np.std(left_to_right) > 0.1
    assert factors[:, 3].mean() < facing.mean()


def test_the_lamp_casts_shadows_and_less_sky_gets_below_things():
    """A square plate hovers half a metre over a floor."""
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 401), np.linspace(-1, 1, 401)), -1).reshape(-1, 2)
    floor = np.insert(grid, 1, 0.0, axis=1).astype(np.float32)
    plate = floor[np.abs(floor).max(1) < 0.3] + np.array([0.0, 0.5, 0.0], np.float32)
    casters = np.concatenate([floor, plate])
    up = np.tile(np.array([0.0, 1.0, 0.0], np.float32), (3, 1))
    direction = np.array([0.36, 0.8, 0.48])
    light = replace(lights(1)[0], key_direction=direction.astype(np.float32), key_width=0.02)
    below = np.array([0.0, 0.5, 0.0]) - 0.5 * direction / direction[1]
    points = np.stack([below, below + np.array([0.9, 0.0, 0.0]), [0.0, 0.0, 0.0]]).astype(np.float32)
    reach = reaching(light, points, up, casters)
    assert reach[0, 0] < 0.1
    assert reach[1, 0] > 0.9
    assert reach[2, 1] < 0.6 < reach[1, 1]
    factors = shade(light, up, reach)
    assert (factors[0] < factors[1]).all()


def test_bright_colours_bend_instead_of_breaking():
    colours = np.linspace(0.0, 1.0, 50, dtype=np.float32)[:, None].repeat(3, 1)
    lit = lit_colours(colours, np.full((50, 3), 2.0, np.float32))
    assert lit.max() < 1.0
    assert (np.diff(lit[:, 0]) > 0.0).all()
    assert np.allclose(lit_colours(colours[:15], np.ones((15, 3), np.float32)), colours[:15])


@pytest.fixture(scope="module")
def backgrounds(shaped):
    vertices, joints = shaped.vertices.double().numpy(), shaped.joints.double().numpy()
    pictures = []
    for seed in range(40):
        random = np.random.default_rng([5, seed])
        framing = list(Framing)[seed % 3]
        camera = drawn_camera(random, framing, standing(), vertices, joints)
        light = drawn_light(random, AHEAD)
        ground = float(vertices[:, 1].min())
        pictures.append(drawn_background(random, camera, light, ground=ground, feet=joints[[10, 11]]))
    return np.stack(pictures)


def test_backgrounds_are_pictures_and_not_noise(backgrounds):
    assert backgrounds.shape[1:] == (CROP, CROP, 3)
    assert backgrounds.dtype == np.float32
    assert np.isfinite(backgrounds).all()
    assert backgrounds.min() >= 0.0
    assert backgrounds.max() <= 1.0
    steps = np.abs(np.diff(backgrounds, axis=2)).mean((1, 2, 3))
    spread = backgrounds.std((1, 2)).mean(-1)
    assert (steps < 0.05).all()
    assert (spread > 0.05).mean() > 0.5


def test_backgrounds_differ(backgrounds):
    assert np.std(backgrounds.mean((1, 2, 3))) > 0.08


def test_feet_shade_the_floor(shaped):
    """The same room with and without somebody in it."""
    vertices, joints = shaped.vertices.double().numpy(), shaped.joints.double().numpy()
    darker = 0
    for seed in range(30):
        camera = drawn_camera(np.random.default_rng(seed), Framing.WHOLE, standing(), vertices, joints)
        light, ground = drawn_light(np.random.default_rng(seed), AHEAD), float(vertices[:, 1].min())
        with_feet, without = (
            drawn_background(np.random.default_rng(seed), camera, light, ground=ground, feet=feet)
            for feet in (joints[[10, 11]], np.empty((0, 3)))
        )
        assert (with_feet <= without + 1e-3).all()
        darker += bool((with_feet < without - 0.05).any())
    assert darker > 5


def test_who_sits_has_a_seat(shaped):
    """Below the pelvis of somebody seen from in front there is something else than the floor."""
    vertices, joints = shaped.vertices.double().numpy(), shaped.joints.double().numpy()
    changed, ground = 0, float(vertices[:, 1].min())
    for seed in range(30):
        camera = drawn_camera(np.random.default_rng(seed), Framing.WHOLE, standing(), vertices, joints)
        light = drawn_light(np.random.default_rng(seed), AHEAD)
        seat = joints[0] - np.array([0.0, 0.3, 0.0])
        (column, row), _ = (each[0] for each in seen(camera, seat[None] - [[0.0, 0.25, 0.0]]))
        if not (8 < column < CROP - 8 and 8 < row < CROP - 8):
            continue
        pictures = [
            drawn_background(
                np.random.default_rng(seed), camera, light, ground=ground, feet=joints[[10, 11]], seat=place
            )
            for place in (seat, seat + np.array([0.0, 0.0, 50.0]))
        ]
        changed += bool(np.abs(pictures[0] - pictures[1])[int(row), int(column)].max() > 0.02)
    assert changed > 8


def test_what_is_in_the_way_covers_a_part_of_the_person():
    coverage = np.zeros((CROP, CROP), np.float32)
    coverage[60:200, 90:170] = 1.0
    drawn = [drawn_occluder(np.random.default_rng(seed), coverage) for seed in range(100)]
    things = [thing for thing in drawn if thing is not None]
    assert 5 < len(things) < 40
    for thing in things:
        assert thing.rgb.shape == (CROP, CROP, 3)
        assert thing.alpha.min() >= 0.0
        assert thing.alpha.max() <= 1.0
        assert 0.0 < (thing.alpha * coverage).sum() < 0.8 * coverage.sum()
    assert all(drawn_occluder(np.random.default_rng(seed), np.zeros_like(coverage)) is None for seed in range(20))


def smooth_picture():
    x, y = np.meshgrid(*2 * [np.linspace(0.1, 0.9, CROP, dtype=np.float32)])
    return np.stack([x, y, 0.5 * (x + y)], axis=-1)


def test_a_sensor_changes_a_picture_little_beside_its_tones():
    """What labels are told, `toned`, is what the picture shows: on the average, and at most places."""
    picture = smooth_picture()
    for seed in range(40):
        random = np.random.default_rng([6, seed])
        sensor = drawn_sensor(random)
        photo = photographed(sensor, picture, random)
        assert photo.dtype == np.uint8
        middle = slice(64, 192)  # corners are darker
        difference = photo[middle, middle] / 255.0 - sensor.toned(picture)[middle, middle]
        assert abs(difference.mean()) < 0.04
        assert np.median(np.abs(difference)) < 0.08


def test_the_same_dice_take_the_same_photo_and_cameras_differ():
    picture = smooth_picture()

    def photo(seed):
        random = np.random.default_rng(seed)
        return photographed(drawn_sensor(random), picture, random)

    assert np.array_equal(photo(1), photo(1))
    assert not np.array_equal(photo(1), photo(2))


def test_some_cameras_see_no_colours():
    sensors = [drawn_sensor(np.random.default_rng([7, seed])) for seed in range(200)]
    grey = [sensor for sensor in sensors if sensor.saturation == 0.0]
    assert 0 < len(grey) < 20
    random = np.random.default_rng(0)
    photo = photographed(grey[0], smooth_picture(), random).astype(int)
    assert np.abs(photo - photo.mean(-1, keepdims=True)).max() <= 3.0


def test_only_cloth_is_creased():
    random = np.random.default_rng(0)
    points = random.normal(scale=0.3, size=(500, 3)).astype(np.float32)
    normals = random.normal(size=(500, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    on_cloth = np.arange(500) < 250
    bent = creased(random, normals, points, on_cloth)
    assert np.array_equal(bent[250:], normals[250:])
    assert np.allclose(np.linalg.norm(bent, axis=1), 1.0, atol=1e-5)
    turned = np.degrees(np.arccos(np.clip((bent * normals).sum(1)[:250], -1.0, 1.0)))
    assert 3.0 < turned.mean() < 45.0
