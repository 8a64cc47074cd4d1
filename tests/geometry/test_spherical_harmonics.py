import math

import numpy as np
import pytest
import torch
from nlfgs_studio.core.geometry.rotations import quaternion_multiply, quaternion_to_matrix
from nlfgs_studio.core.geometry.spherical_harmonics import SH_C0, basis, degree_of, evaluate, rotate
from scipy.special import sph_harm_y


def _random(count: int, degree: int, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(degree)
    sh = torch.randn(count, (degree + 1) ** 2, 3, generator=generator, dtype=dtype)
    rotations, directions = (torch.randn(count, size, generator=generator, dtype=dtype) for size in (4, 3))
    return sh, torch.nn.functional.normalize(rotations), torch.nn.functional.normalize(directions)


def _value(sh: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """Without the half and the clamp."""
    return (basis(directions, degree_of(sh.shape[1])).unsqueeze(-1) * sh).sum(dim=1)


def test_basis_is_the_real_one_with_condon_shortley_phase():
    _, _, directions = _random(50, 3)
    x, y, z = directions.numpy().T
    polar, azimuth = np.arccos(z), np.arctan2(y, x)
    expected = []
    for band in range(4):
        for order in range(-band, band + 1):
            value = sph_harm_y(band, abs(order), polar, azimuth)
            part = value.imag if order < 0 else value.real
            expected.append(part * (1.0 if order == 0 else math.sqrt(2.0)))
    np.testing.assert_allclose(basis(directions, 3).numpy(), np.stack(expected, axis=-1), atol=1e-12)


@pytest.mark.parametrize("degree", range(4))
def test_evaluate_is_half_plus_sum_and_never_negative(degree):
    sh, _, directions = _random(200, degree)
    colors = evaluate(sh, directions)
    torch.testing.assert_close(colors, (0.5 + _value(sh, directions)).clamp_min(0.0))
    assert (colors == 0.0).any()
    assert (colors >= 0.0).all()


def test_constant_term_is_the_colour_of_the_file_format():
    sh = torch.tensor([[[0.3, -0.1, 0.0]]])
    colors = evaluate(sh, torch.tensor([[0.0, 0.0, 1.0]]))
    torch.testing.assert_close(colors, 0.5 + SH_C0 * sh[:, 0])


@pytest.mark.parametrize("degree", range(4))
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 5e-6), (torch.float64, 1e-13)])
def test_turned_function_along_turned_direction_is_the_old_one(degree, dtype, tolerance):
    sh, rotations, directions = _random(300, degree, dtype)
    turned = (quaternion_to_matrix(rotations) @ directions.unsqueeze(-1)).squeeze(-1)
    rotated = rotate(sh, rotations)
    assert rotated.dtype == dtype
    torch.testing.assert_close(_value(rotated, turned), _value(sh, directions), atol=tolerance, rtol=0.0)


def test_rotations_compose():
    sh, first, _ = _random(100, 3)
    second = _random(100, 2)[1]
    torch.testing.assert_close(rotate(rotate(sh, first), second), rotate(sh, quaternion_multiply(second, first)))


def test_identity_changes_nothing_and_bands_do_not_mix():
    sh, rotations, _ = _random(40, 3)
    identity = torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=sh.dtype).expand(40, 4)
    torch.testing.assert_close(rotate(sh, identity), sh)
    for low, high in ((0, 1), (1, 4), (4, 9), (9, 16)):
        band = torch.zeros_like(sh)
        band[:, low:high] = sh[:, low:high]
        turned = rotate(band, rotations)
        torch.testing.assert_close(turned[:, low:high].norm(dim=1), band[:, low:high].norm(dim=1))
        torch.testing.assert_close(turned.norm(dim=1), band.norm(dim=1))


def test_gradients():
    sh, rotations, directions = (value.requires_grad_() for value in _random(1, 3))
    assert torch.autograd.gradcheck(_value, (sh, directions))
    assert torch.autograd.gradcheck(rotate, (sh, rotations))


@pytest.mark.parametrize("count", [0, 2, 5, 15, 25])
def test_a_number_of_coefficients_without_a_degree_is_refused(count):
    with pytest.raises(ValueError, match=f"not {count}"):
        evaluate(torch.zeros(2, count, 3), torch.tensor([[0.0, 0.0, 1.0]] * 2))
