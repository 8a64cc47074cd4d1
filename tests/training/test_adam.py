"""Adam by rows is Adam where every row is moved, and leaves alone what nothing moves."""

from __future__ import annotations

import torch
from nlfgs_studio.core.training.adam import BETA1, BETA2, EPSILON, Adam


def _normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_it_is_torchs_where_all_rows_move():
    values = _normal(7, 3)
    judge = values.clone().requires_grad_()
    optimizer = torch.optim.Adam([judge], lr=0.02, betas=(BETA1, BETA2), eps=EPSILON)
    adam = Adam(values, torch.full((3,), 0.02))
    for step in range(20):
        judge.grad = _normal(7, 3, seed=step)
        adam.step(judge.grad)
        optimizer.step()
    torch.testing.assert_close(values, judge.detach(), rtol=1e-4, atol=1e-5)


def test_it_is_its_plain_twin():
    values, gradients = _normal(9, 3), [_normal(9, 3, seed=step) for step in range(6)]
    for step, gradient in enumerate(gradients):
        gradient[step] = 0.0
        gradient[8 - step, 1] = torch.nan
    fast, plain = (Adam(values.clone(), torch.tensor([0.1, 0.02, 0.3])) for _ in range(2))
    for gradient in gradients:
        fast.step(gradient, 0.7)
        plain.step_plainly(gradient, 0.7)
    torch.testing.assert_close(fast.values, plain.values, rtol=1e-4, atol=1e-5)
    assert bool((fast.values != values).any(1).all())


def test_rows_without_gradient_rest_and_do_not_age():
    values = _normal(4, 2)
    before, gradient = values.clone(), torch.zeros(4, 2)
    gradient[1] = torch.tensor([3.0, -1.0])
    adam = Adam(values, torch.tensor([0.1, 0.01]))
    for _ in range(5):
        adam.step(gradient)
    assert torch.equal(values[[0, 2, 3]], before[[0, 2, 3]])
    # Under a constant gradient Adam's step is the rate, from the first step on.
    torch.testing.assert_close(before[1] - values[1], torch.tensor([0.5, -0.05]), rtol=1e-4, atol=1e-6)
    gradient[2] = 1.0
    adam.step(gradient, 0.5)
    torch.testing.assert_close(before[2] - values[2], torch.tensor([0.05, 0.005]), rtol=1e-4, atol=1e-6)


def test_a_gradient_that_is_no_number_moves_nothing():
    values = _normal(3, 2)
    before, gradient = values.clone(), torch.ones(3, 2)
    gradient[0, 1], gradient[2, 0] = torch.nan, torch.inf
    Adam(values, torch.full((2,), 0.1)).step(gradient)
    assert torch.equal(values[[0, 2]], before[[0, 2]])
    assert not torch.equal(values[1], before[1])


def test_what_is_remembered_goes_where_the_rows_go():
    values = _normal(3, 2)
    adam, gradient = Adam(values, torch.full((2,), 0.1)), _normal(3, 2, seed=1)
    adam.step(gradient)
    sources, is_new = torch.tensor([2, 0, 0]), torch.tensor([False, False, True])
    other = adam.rearranged(values[sources].clone(), sources, is_new)
    adam.step(-gradient)
    other.step(-gradient[sources])
    torch.testing.assert_close(other.values[:2], values[[2, 0]])
    assert not torch.allclose(other.values[2], values[0])


def test_new_columns_begin_anew_and_old_ones_go_on():
    values, gradient = _normal(3, 2), _normal(3, 2, seed=1)
    adam = Adam(values, torch.full((2,), 0.1))
    adam.step(gradient)
    wide = adam.widened(torch.cat([values, torch.zeros(3, 1)], dim=1), torch.full((3,), 0.1))
    adam.step(gradient)
    wide.step(torch.cat([gradient, torch.ones(3, 1)], dim=1))
    torch.testing.assert_close(wide.values[:, :2], values)
    assert bool((wide.values[:, 2] < 0.0).all())
