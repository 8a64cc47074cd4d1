"""The compiled loss is its plain twin, in value and gradient, and has the slopes that it says."""

from __future__ import annotations

import torch
from nlfgs_studio.core.training.picture_loss import PictureWeights, Target, picture_loss, plain_picture_loss

HEIGHT, WIDTH, MARGIN = 71, 45, 6
WEIGHTS = PictureWeights(absolute=0.7, dissimilarity=0.4, silhouette=0.3)


def _scene(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Target]:
    """Colours, coverage, exposure and target; nothing near the border, where nobody agrees about windows."""
    random = torch.Generator().manual_seed(seed)

    def inside(*channels: int) -> torch.Tensor:
        plane = torch.zeros(HEIGHT, WIDTH, *channels)
        within = plane[MARGIN:-MARGIN, MARGIN:-MARGIN]
        within.copy_(torch.rand(within.shape, generator=random))
        return plane

    alphas, mask = inside(), inside()
    target = Target(colors=inside(3) * mask[..., None], mask=mask, weights=torch.rand(HEIGHT, WIDTH, generator=random))
    exposure = torch.tensor([[1.1, 0.05], [0.9, -0.02], [1.0, 0.01]])
    return inside(3) * alphas[..., None], alphas, exposure, target


def test_value_and_gradients_are_those_of_the_plain_twin():
    *given, target = _scene()
    behind = torch.zeros(3)
    made, true = ([each.clone().requires_grad_() for each in given] for _ in range(2))
    loss, judged = picture_loss(*made, target, behind, WEIGHTS), plain_picture_loss(*true, target, behind, WEIGHTS)
    torch.testing.assert_close(loss, judged, rtol=1e-5, atol=1e-6)
    (3.0 * loss).backward()
    (3.0 * judged).backward()
    # At the border itself the twin mirrors what the kernels take for black.
    for first, second in zip(made, true, strict=True):
        apart, whole = first.grad - second.grad, second.grad
        if whole.ndim > 1 and len(whole) == HEIGHT:
            apart, whole = (each[MARGIN:-MARGIN, MARGIN:-MARGIN] for each in (apart, whole))
        assert apart.norm() < 1e-4 * whole.norm()


def test_gradients_before_a_colour_are_the_slopes_of_the_value():
    colors, alphas, exposure, target = _scene(1)
    behind = torch.tensor([0.2, 0.9, 0.5])
    leaves = [each.clone().requires_grad_() for each in (colors, alphas, exposure)]
    picture_loss(*leaves, target, behind, WEIGHTS).backward()
    for number, leaf in enumerate(leaves):
        way = torch.randn(leaf.shape, generator=torch.Generator().manual_seed(number))
        ends = []
        for sign in (1.0, -1.0):
            moved = [each.detach().clone() for each in leaves]
            moved[number] += sign * 1e-3 * way
            ends.append(float(picture_loss(*moved, target, behind, WEIGHTS)))
        assert abs((ends[0] - ends[1]) / 2e-3 - float((leaf.grad * way).sum())) < 0.05 * float(leaf.grad.norm())


def test_the_right_picture_costs_nothing_before_any_background():
    _, _, _, target = _scene()
    plain = torch.tensor([[1.0, 0.0]] * 3)
    for behind in (torch.zeros(3), torch.tensor([0.9, 0.1, 0.4])):
        loss = picture_loss(target.colors.clone(), target.mask.clone(), plain, target, behind, WEIGHTS)
        assert abs(float(loss)) < 1e-6
