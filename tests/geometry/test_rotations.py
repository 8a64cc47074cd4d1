"""Laws of rotations: every representation says the same, over batches and types, with gradients everywhere."""

import math

import pytest
import torch
from nlfgs_studio.core.geometry.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_axis_angle,
    matrix_to_quaternion,
    normalized_quaternion,
    quaternion_conjugate,
    quaternion_multiply,
    quaternion_to_axis_angle,
    quaternion_to_matrix,
    slerp,
)

SHAPES = [(), (1,), (7,), (2, 3), (0,)]
TOLERANCE = {torch.float32: 2e-6, torch.float64: 1e-13}


def random_axis_angles(shape, dtype=torch.float64, largest_angle=3.1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    axis = torch.nn.functional.normalize(torch.randn(*shape, 3, generator=generator, dtype=torch.float64), dim=-1)
    return (axis * largest_angle * torch.rand(*shape, 1, generator=generator, dtype=torch.float64)).to(dtype)


def cross_matrices(vectors):
    x, y, z = vectors.unbind(-1)
    zero = torch.zeros_like(x)
    rows = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1)
    return rows.reshape(*vectors.shape[:-1], 3, 3)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_conversion_says_the_same(shape, dtype):
    axis_angles = random_axis_angles(shape, dtype)
    matrices = axis_angle_to_matrix(axis_angles)
    assert matrices.shape == (*shape, 3, 3)
    assert matrices.dtype == dtype
    close = {"atol": TOLERANCE[dtype], "rtol": 0}
    torch.testing.assert_close(quaternion_to_matrix(axis_angle_to_quaternion(axis_angles)), matrices, **close)
    torch.testing.assert_close(quaternion_to_matrix(matrix_to_quaternion(matrices)), matrices, **close)
    assert matrix_to_axis_angle(matrices).shape == (*shape, 3)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 0.0099, 0.0101, 0.5, 3.0, 3.14159, 5.0, 9.0])
def test_matrix_is_the_exponential_map(angle):
    axis_angles = angle * torch.nn.functional.normalize(torch.tensor([[0.3, -0.5, 0.8]], dtype=torch.float64), dim=-1)
    matrices = axis_angle_to_matrix(axis_angles)
    torch.testing.assert_close(matrices, torch.linalg.matrix_exp(cross_matrices(axis_angles)), atol=1e-13, rtol=0)


@pytest.mark.parametrize("largest_angle", [1e-12, 1e-3, 0.02, 1.0, math.pi - 1e-6])
def test_axis_angle_survives_the_way_through_quaternions_and_matrices(largest_angle):
    axis_angles = random_axis_angles((200,), largest_angle=largest_angle)
    there_and_back = quaternion_to_axis_angle(axis_angle_to_quaternion(axis_angles))
    torch.testing.assert_close(there_and_back, axis_angles, atol=1e-12, rtol=1e-12)
    torch.testing.assert_close(matrix_to_axis_angle(axis_angle_to_matrix(axis_angles)), axis_angles, atol=1e-8, rtol=0)


def test_half_turns_about_every_axis_are_found():
    axes = torch.cat([torch.eye(3), -torch.eye(3), torch.nn.functional.normalize(torch.ones(1, 3), dim=-1)]).double()
    matrices = axis_angle_to_matrix(math.pi * axes)
    found = matrix_to_axis_angle(matrices)
    torch.testing.assert_close(found.norm(dim=-1), torch.full((7,), math.pi, dtype=torch.float64), atol=1e-7, rtol=0)
    torch.testing.assert_close(axis_angle_to_matrix(found), matrices, atol=1e-7, rtol=0)


def test_a_long_turn_comes_back_as_the_shorter_one():
    long_way = torch.tensor([0.0, 0.0, 1.5 * math.pi])
    torch.testing.assert_close(
        quaternion_to_axis_angle(axis_angle_to_quaternion(long_way)), torch.tensor([0.0, 0.0, -0.5 * math.pi])
    )


def test_the_product_turns_by_the_second_factor_first():
    first, second = random_axis_angles((50,), seed=1), random_axis_angles((50,), seed=2)
    product = quaternion_multiply(axis_angle_to_quaternion(second), axis_angle_to_quaternion(first))
    torch.testing.assert_close(
        quaternion_to_matrix(product), axis_angle_to_matrix(second) @ axis_angle_to_matrix(first), atol=1e-13, rtol=0
    )


def test_the_conjugate_undoes_a_rotation():
    rotations = axis_angle_to_quaternion(random_axis_angles((50,)))
    identity = torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=torch.float64).expand(50, 4)
    torch.testing.assert_close(
        quaternion_multiply(quaternion_conjugate(rotations), rotations), identity, atol=1e-14, rtol=0
    )


@pytest.mark.parametrize("length", [1e-38, 1e-20, 1e-3, 7.0, 1e20])
def test_quaternions_of_any_length_are_normalized(length):
    direction = torch.tensor([0.1, -0.7, 0.5, 0.5])
    expected = direction / direction.norm()
    torch.testing.assert_close(normalized_quaternion(length * direction), expected, atol=1e-6, rtol=1e-5)


def test_the_quaternion_of_length_zero_is_the_identity():
    zero = torch.zeros(2, 4, requires_grad=True)
    torch.testing.assert_close(normalized_quaternion(zero), torch.tensor([[1.0, 0, 0, 0]] * 2))
    torch.testing.assert_close(quaternion_to_matrix(zero), torch.eye(3).expand(2, 3, 3))
    assert quaternion_to_matrix(zero).sum().isfinite()
    (gradient,) = torch.autograd.grad(quaternion_to_axis_angle(zero).sum(), zero)
    assert gradient.isfinite().all()


def test_slerp_goes_at_constant_speed_the_shorter_way():
    start, turn = axis_angle_to_quaternion(random_axis_angles((20,))), random_axis_angles((20,), seed=3)
    end = quaternion_multiply(axis_angle_to_quaternion(turn), start)
    for fraction in (0.0, 0.25, 0.5, 1.0):
        expected = quaternion_multiply(axis_angle_to_quaternion(fraction * turn), start)
        for target in (end, -end):
            there = slerp(start, target, torch.full((20,), fraction, dtype=torch.float64))
            torch.testing.assert_close(quaternion_to_matrix(there), quaternion_to_matrix(expected), atol=1e-12, rtol=0)


FUNCTIONS = {
    "axis_angle_to_matrix": axis_angle_to_matrix,
    "axis_angle_to_quaternion": axis_angle_to_quaternion,
    "through quaternions": lambda v: quaternion_to_axis_angle(axis_angle_to_quaternion(v)),
    "through matrices": lambda v: matrix_to_axis_angle(axis_angle_to_matrix(v)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("largest_angle", [0.0, 1e-5, 0.0099999, 0.3, 3.0])
def test_gradients_agree_with_differences(name, largest_angle):
    axis_angles = random_axis_angles((3,), largest_angle=largest_angle).requires_grad_()
    assert torch.autograd.gradcheck(FUNCTIONS[name], (axis_angles,), atol=1e-5)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_gradients_are_finite_at_zero(name, dtype):
    zero = torch.zeros(4, 3, dtype=dtype, requires_grad=True)
    value = FUNCTIONS[name](zero)
    (gradient,) = torch.autograd.grad((value * torch.arange(1.0, value.shape[-1] + 1).to(dtype)).sum(), zero)
    assert gradient.isfinite().all()
    assert gradient.abs().max() > 0.1
