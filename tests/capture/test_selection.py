"""Of many pictures the best and most different ones are kept."""

from __future__ import annotations

import numpy as np
from made_up_shots import body_shot, empty_shot, face_shot
from nlfgs_studio.core.capture.selection import chosen, look


def random_shots(count: int, seed: int = 0) -> list:
    random = np.random.default_rng(seed)
    return [
        face_shot(
            yaw=float(random.normal(0.0, 15.0)),
            pitch=float(random.normal(0.0, 8.0)),
            smile=float(random.uniform()),
            mouth_open=float(random.uniform()),
            sharpness=float(random.uniform(0.3, 0.9)),
            fingerprint=int(random.integers(0, 1 << 63)),
        )
        for _ in range(count)
    ]


def spread(shots) -> float:
    """The mean distance to the nearest other."""
    looks = np.stack([look(shot) for shot in shots])
    distances = np.linalg.norm(looks[:, None] - looks[None], axis=-1) + 1e6 * np.eye(len(looks))
    return float(distances.min(1).mean())


def test_the_most_different_are_chosen_from_a_thousand():
    shots = random_shots(1000)
    numbers = chosen(shots, 60)
    assert len(numbers) == 60
    assert numbers == sorted(set(numbers))
    assert spread([shots[number] for number in numbers]) > 1.5 * spread(shots[:60])
    assert min(shots[number].face.sharpness for number in numbers) >= 0.4


def test_the_only_sharp_one_of_a_view_is_chosen():
    blurred = [face_shot(yaw=float(yaw), sharpness=0.15, fingerprint=index) for index, yaw in enumerate((0, 1, 2, 30))]
    assert chosen([*blurred, face_shot(yaw=31.0), face_shot(fingerprint=1 << 40)], 10) == [4, 5]


def test_where_all_are_blurred_the_sharpest_stay():
    shots = [face_shot(sharpness=value, yaw=20.0 * index) for index, value in enumerate((0.1, 0.2, 0.19))]
    assert chosen(shots, 10) == [1, 2]


def test_black_and_empty_pictures_and_duplicates_go():
    shots = [empty_shot(), empty_shot(brightness=0.0), face_shot(), face_shot(yaw=0.5), face_shot(yaw=25.0)]
    assert chosen(shots, 10) in ([2, 4], [3, 4])
    assert chosen(shots[:2], 10) == []
    assert chosen([], 10) == []
    assert chosen(shots, 0) == []


def test_pictures_that_only_seem_alike_stay():
    shots = [face_shot(fingerprint=0), face_shot(fingerprint=(1 << 20) - 1)]
    assert chosen(shots, 10) == [0, 1]


def test_open_eyes_and_good_pictures_come_first():
    shots = [face_shot(blink=1.0, fingerprint=1 << 50), face_shot(is_cut=True, fingerprint=1 << 30), face_shot()]
    assert chosen(shots, 1) == [2]


def test_views_all_around_a_body_are_kept():
    shots = [body_shot(yaw=float(yaw), fingerprint=int(yaw) << 20) for yaw in range(0, 360, 10)]
    numbers = chosen(shots, 4)
    gaps = np.diff([*numbers, numbers[0] + 36])
    assert gaps.min() >= 4
