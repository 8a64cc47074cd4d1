"""Covariances: what was taken apart comes together again, sheared or flat."""

from __future__ import annotations

import pytest
import torch
from nlfgs_studio.core.geometry.covariances import (
    decompose,
    from_rotation_scale,
    matrix_from_symmetric6,
    symmetric6_from_matrix,
    transformed,
)


def _normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_six_numbers_are_the_upper_triangle_row_by_row():
    matrix = torch.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 5.0], [3.0, 5.0, 6.0]])
    assert symmetric6_from_matrix(matrix).tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert torch.equal(matrix_from_symmetric6(symmetric6_from_matrix(matrix)), matrix)


def test_the_length_of_the_quaternion_does_not_matter():
    rotations, scales = _normal(20, 4), _normal(20, 3, seed=1).exp()
    torch.testing.assert_close(from_rotation_scale(7.0 * rotations, scales), from_rotation_scale(rotations, scales))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_sheared_covariance_decomposes_exactly(dtype):
    covariances = from_rotation_scale(_normal(4, 50, 4), _normal(4, 50, 3, seed=1).exp()).to(dtype)
    sheared = transformed(covariances, _normal(4, 50, 3, 3, seed=2).to(dtype))
    rotations, scales = decompose(sheared)
    assert rotations.dtype == scales.dtype == dtype
    torch.testing.assert_close(rotations.norm(dim=-1), torch.ones(4, 50, dtype=dtype))
    assert bool((scales.diff(dim=-1) >= 0).all())
    again = from_rotation_scale(rotations, scales)
    largest = sheared.abs().amax(-1, keepdim=True)
    assert float(((again - sheared) / largest).abs().max()) < (5e-6 if dtype == torch.float32 else 1e-13)


def test_flat_and_empty_covariances_decompose_too():
    flat = from_rotation_scale(_normal(5, 4), torch.tensor([[0.0, 1e-3, 2e-3]], dtype=torch.float64).expand(5, 3))
    rotations, scales = decompose(torch.cat([flat, torch.zeros(1, 6, dtype=torch.float64)]))
    assert bool(torch.isfinite(rotations).all())
    torch.testing.assert_close(
        scales[:5], torch.tensor([[0.0, 1e-3, 2e-3]]).double().expand(5, 3), atol=1e-9, rtol=1e-6
    )
    assert scales[5].tolist() == [0.0, 0.0, 0.0]


def test_gradients_of_the_covariance():
    rotations, scales = _normal(3, 4).requires_grad_(), _normal(3, 3, seed=1).exp().requires_grad_()
    assert torch.autograd.gradcheck(from_rotation_scale, (rotations, scales))
