"""The field: its factored form is the plain one, and its answers mean what they say."""

from __future__ import annotations

import pytest
import torch
from nlfgs_studio.core.nlf.config import NetworkConfig
from nlfgs_studio.core.nlf.localizer import LocalizerField

SMALL = NetworkConfig(
    image_size=64, stride=8, channels=16, num_frequencies=8, num_eigenfunctions=4, width=24, num_depths=5
)


def _field(config: NetworkConfig = SMALL, seed: int = 0) -> LocalizerField:
    torch.manual_seed(seed)
    field = LocalizerField(config)
    with torch.no_grad():
        field.basis.mul_(20.0)  # heatmaps with peaks, not flat ones
    return field.double()


def _inputs(config: NetworkConfig = SMALL, points: int = 50) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(2, config.channels, config.cells, config.cells, generator=generator, dtype=torch.float64)
    return features, torch.randn(points, config.code_width, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("with_gradients", [True, False])
def test_factored_is_plain(with_gradients: bool) -> None:
    field, (features, encodings) = _field(), _inputs()
    with torch.set_grad_enabled(with_gradients):
        codes = field.codes(encodings)
        fast, plain = field(features, codes), field.plain(features, codes)
    for name in ("pixels", "relative", "sigma"):
        torch.testing.assert_close(getattr(fast, name), getattr(plain, name), rtol=1e-5, atol=1e-5)


def test_chunks_do_not_show() -> None:
    field = _field()
    features, encodings = _inputs(points=9000)
    with torch.no_grad():
        codes = field.codes(encodings)
        whole, part = field(features, codes), field(features, codes[8000:])
    torch.testing.assert_close(whole.pixels[:, 8000:], part.pixels)


def test_points_lie_in_the_crop_and_in_the_box() -> None:
    field, (features, encodings) = _field(), _inputs()
    found = field(features, field.codes(encodings))
    assert found.pixels.min() > 0.0
    assert found.pixels.max() < SMALL.image_size
    assert found.relative.abs().max() < SMALL.metres / 2
    assert found.sigma.min() > 0.0


def test_a_sharp_heatmap_is_its_cell() -> None:
    """All weight on cell (row 2, column 5), depth bin 3: its centre is the answer."""
    field = _field()
    logits = torch.full((1, 1, 2 + SMALL.num_depths, 8, 8), -50.0, dtype=torch.float64)
    logits[0, 0, 1, 2, 5] = logits[0, 0, 2 + 3, 2, 5] = 50.0
    found = field._decoded(logits)
    torch.testing.assert_close(found.pixels[0, 0], torch.tensor([44.0, 20.0], dtype=torch.float64))
    expected = torch.tensor([(44 / 64 - 0.5) * 2.2, (20 / 64 - 0.5) * 2.2, (3.5 / 5 - 0.5) * 2.2], dtype=torch.float64)
    torch.testing.assert_close(found.relative[0, 0], expected)


def test_sigma_does_not_move_the_heatmap() -> None:
    """H2D weighs the uncertainty map but learns nothing from it (NLF's stop-gradient)."""
    field, (features, encodings) = _field(), _inputs()
    field(features, field.codes(encodings)).sigma.sum().backward()
    gradient = field.basis.grad
    assert gradient is not None
    assert gradient[0].abs().sum() > 0.0
    assert gradient[1:].abs().sum() == 0.0


def test_a_field_learns_where_a_point_is() -> None:
    """A picture with one bright cell and one point: after some steps the point is found wherever the cell lies."""
    torch.manual_seed(3)
    config = NetworkConfig(image_size=64, stride=8, channels=8, num_frequencies=4, num_eigenfunctions=4, width=8)
    field = LocalizerField(config)
    encodings = torch.randn(1, config.code_width)
    optimizer = torch.optim.Adam(field.parameters(), 0.02)

    def pictures() -> tuple[torch.Tensor, torch.Tensor]:
        rows, columns = torch.randint(8, (16,)), torch.randint(8, (16,))
        features = 0.1 * torch.randn(16, 8, 8, 8)
        features[torch.arange(16), :, rows, columns] += 1.0
        return features, torch.stack([columns, rows], -1) * 8.0 + 4.0

    for _ in range(150):
        features, truth = pictures()
        loss = (field(features, field.codes(encodings)).pixels[:, 0] - truth).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    features, truth = pictures()
    error = (field(features, field.codes(encodings)).pixels[:, 0] - truth).norm(dim=-1)
    assert error.median() < 4.0  # half a cell; a guess of the middle is 25 off
