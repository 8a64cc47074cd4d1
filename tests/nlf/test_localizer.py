"""The field: its factored form is the plain one, and its answers mean what they say."""

from __future__ import annotations

import pytest
import torch
from nlfgs_studio.core.nlf.config import NetworkConfig
from nlfgs_studio.core.nlf.encoders import FeatureMaps
from nlfgs_studio.core.nlf.evidence import Given
from nlfgs_studio.core.nlf.localizer import LocalizerField

SMALL = NetworkConfig(
    crop_size=64, image_size=64, stride=8, channels=16, detail_channels=8, num_frequencies=8, num_eigenfunctions=4,
    width=24, num_depths=5,
)  # fmt: skip


def _field(config: NetworkConfig = SMALL, seed: int = 0) -> LocalizerField:
    torch.manual_seed(seed)
    field = LocalizerField(config)
    with torch.no_grad():
        field.basis.mul_(20.0)  # heatmaps with peaks, not flat ones
    return field.double()


def _inputs(config: NetworkConfig = SMALL, points: int = 50) -> tuple[FeatureMaps, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    coarse = torch.randn(2, config.channels, config.cells, config.cells, generator=generator, dtype=torch.float64)
    return _maps(coarse), torch.randn(points, config.code_width, generator=generator, dtype=torch.float64)


def _maps(coarse: torch.Tensor) -> FeatureMaps:
    """Of which only the coarse one says something."""
    finer = coarse.new_zeros(len(coarse), SMALL.detail_channels, 16, 16)
    return FeatureMaps(coarse=coarse, detail=finer, colours=coarse.new_zeros(len(coarse), 3, 64, 64))


def _given(points: int = 50, *, known: tuple[bool, bool] = (True, True)) -> Given:
    generator = torch.Generator().manual_seed(2)
    return Given(
        pixels=10.0 + 44.0 * torch.rand(2, points, 2, generator=generator, dtype=torch.float64),
        points=0.3 * torch.randn(2, points, 3, generator=generator, dtype=torch.float64)
        + torch.tensor([0.0, 1.0, 4.0]),
        known=torch.tensor(known),
    )


@pytest.mark.parametrize("given", [None, _given(), _given(known=(True, False))])
@pytest.mark.parametrize("with_gradients", [True, False])
def test_factored_is_plain(with_gradients: bool, given: Given | None) -> None:
    field, (features, encodings) = _field(), _inputs()
    assert field.correction is not None
    torch.nn.init.normal_(field.correction.last.weight)
    with torch.set_grad_enabled(with_gradients):
        codes = field.codes(encodings)
        fast, plain = field(features, codes, given), field.plain(features, codes, given)
    for name in ("pixels", "relative", "sigma"):
        torch.testing.assert_close(getattr(fast, name), getattr(plain, name), rtol=1e-5, atol=1e-5)


def test_single_precision_is_enough() -> None:
    field, (features, encodings), given = _field(), _inputs(), _given()
    expected = field(features, field.codes(encodings), given).pixels
    single = Given(pixels=given.pixels.float(), points=given.points.float(), known=given.known)
    found = field.float()(_maps(features.coarse.float()), field.codes(encodings.float()), single).pixels
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-3)


def test_pictures_may_ask_for_different_points() -> None:
    field, (features, encodings) = _field(), _inputs()
    codes = field.codes(encodings)
    together = field(features, codes)
    apart = field(features, torch.stack([codes[:20], codes[20:40]]))
    torch.testing.assert_close(apart.pixels[0], together.pixels[0, :20])
    torch.testing.assert_close(apart.sigma[1], together.sigma[1, 20:40])


def test_chunks_do_not_show() -> None:
    field = _field()
    features, encodings = _inputs(points=9000)
    with torch.no_grad():
        codes = field.codes(encodings)
        whole, part = field(features, codes), field(features, codes[8000:])
    torch.testing.assert_close(whole.pixels[:, 8000:], part.pixels)


def test_before_learning_a_given_fit_is_the_answer() -> None:
    """In 2D and 3D, up to its origin; where none is known, nothing of it shows."""
    field = _field().float()
    torch.nn.init.zeros_(field.basis)
    features = _maps(torch.randn(2, SMALL.channels, 8, 8))
    given = _given()
    given = Given(pixels=given.pixels.float(), points=given.points.float(), known=torch.tensor([True, False]))
    found = field(features, field.codes(torch.randn(50, SMALL.code_width)), given)
    assert (found.pixels - given.pixels)[0].norm(dim=-1).median() < 0.5
    relative = given.points - (given.points.amin(1, keepdim=True) + given.points.amax(1, keepdim=True)) / 2.0
    inside = (relative.abs() < 0.7).all(-1)[0]
    assert (found.relative - relative)[0, inside].norm(dim=-1).median() < 0.02
    torch.testing.assert_close(found.pixels[1], torch.full((50, 2), 32.0))


def test_a_correction_is_learned_where_the_fit_is_wrong() -> None:
    """The picture says by one channel how far the fit is off; after some steps the points are where they should be."""
    torch.manual_seed(4)
    field = _field().float()
    torch.nn.init.zeros_(field.basis)
    codes = field.codes(torch.randn(50, SMALL.code_width)).detach()
    optimizer = torch.optim.Adam(field.parameters(), 0.01)

    def error() -> torch.Tensor:
        shift = 8.0 * torch.randn(2, 2)
        coarse = torch.randn(2, SMALL.channels, 8, 8)
        coarse[:, :2] = shift[..., None, None] / 8.0
        given = _given()
        pixels, points = given.pixels.float(), given.points.float()
        found = field(_maps(coarse), codes, Given(pixels=pixels, points=points, known=given.known))
        return (found.pixels - pixels - shift[:, None]).norm(dim=-1).mean()

    before = torch.stack([error() for _ in range(10)]).mean()
    for _ in range(100):
        optimizer.zero_grad()
        error().backward()
        optimizer.step()
    after = torch.stack([error() for _ in range(10)]).mean()
    assert after < 0.5 * before


def test_points_lie_in_the_crop_and_in_the_box() -> None:
    field, (features, encodings) = _field(), _inputs()
    found = field(features, field.codes(encodings))
    assert found.pixels.min() > 0.0
    assert found.pixels.max() < SMALL.crop_size
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
    config = NetworkConfig(
        crop_size=64, image_size=64, channels=8, num_frequencies=4, num_eigenfunctions=4, width=8, takes_evidence=False
    )
    field = LocalizerField(config)
    encodings = torch.randn(1, config.code_width)
    optimizer = torch.optim.Adam(field.parameters(), 0.02)

    def pictures() -> tuple[FeatureMaps, torch.Tensor]:
        rows, columns = torch.randint(8, (16,)), torch.randint(8, (16,))
        features = 0.1 * torch.randn(16, 8, 8, 8)
        features[torch.arange(16), :, rows, columns] += 1.0
        return _maps(features), torch.stack([columns, rows], -1) * 8.0 + 4.0

    for _ in range(150):
        features, truth = pictures()
        loss = (field(features, field.codes(encodings)).pixels[:, 0] - truth).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    features, truth = pictures()
    error = (field(features, field.codes(encodings)).pixels[:, 0] - truth).norm(dim=-1)
    assert error.median() < 4.0  # half a cell; a guess of the middle is 25 off
