"""The network whole: shapes, determinism, gradients, weights on the disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from nlfgs_studio.core.avatar.template import Template
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.gaussians import GaussianParameters
from nlfgs_studio.core.nlf.config import EVIDENCE_CHANNELS, NetworkConfig
from nlfgs_studio.core.nlf.encoders import ImageEncoder, make_encoder
from nlfgs_studio.core.nlf.evidence import Given
from nlfgs_studio.core.nlf.network import NlfGs, Queries
from nlfgs_studio.core.nlf.queries import interpolated, vertex_queries
from nlfgs_studio.core.nlf.template import base_parameters, network_template
from nlfgs_studio.core.nlf.weights import read_facts, read_weights, shipped_weights, write_weights

SMALL = NetworkConfig(
    crop_size=128, image_size=64, stride=16, channels=32, detail_channels=16, num_frequencies=16, num_eigenfunctions=8,
    width=32, estimator_width=32, sh_degree=1, predicts_offsets=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def network() -> NlfGs:
    torch.manual_seed(0)
    return NlfGs(SMALL).eval()


@pytest.fixture(scope="module")
def asked(plain_body: BodyModel) -> tuple[Template, Queries]:
    template = network_template(plain_body, 2)
    return template, interpolated(vertex_queries(plain_body, SMALL.num_eigenfunctions), template)


def _photo(seed: int = 0) -> torch.Tensor:
    return torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(seed))


def _avatars(
    network: NlfGs, body: BodyModel, asked: tuple[Template, Queries], visibility: float = 1.0
) -> list[GaussianParameters]:
    template, queries = asked
    features, encodings = network.features(_photo()), network.encoded(queries)
    found = network.localized(features, encodings)
    seen = torch.full_like(found.sigma, visibility)
    bases = [base_parameters(body, template)] * 2
    return network.decoded(features, found.pixels, found.sigma, seen, encodings, bases)


def test_an_untrained_network_makes_the_template(
    network: NlfGs, plain_body: BodyModel, asked: tuple[Template, Queries]
) -> None:
    base = base_parameters(plain_body, asked[0])
    for avatar in _avatars(network, plain_body, asked):
        assert avatar.sh_degree == 1
        torch.testing.assert_close(avatar.log_scales, base.log_scales)
        torch.testing.assert_close(avatar.offsets, base.offsets)
        torch.testing.assert_close(avatar.sh[:, 1:], torch.zeros_like(avatar.sh[:, 1:]))


def test_colours_are_the_photo_s_where_it_shows_them(network: NlfGs, plain_body: BodyModel) -> None:
    """Without a trained weight: a red and a blue half colour what was found in each; the hidden are as their part."""
    crop = torch.zeros(1, 3, 128, 128)
    crop[:, 0, :, :64] = crop[:, 2, :, 64:] = 1.0
    template = network_template(plain_body, 1)
    queries = interpolated(vertex_queries(plain_body, SMALL.num_eigenfunctions), template)
    count = template.num_gaussians
    pixels = torch.tensor([32.0, 64.0]).repeat(1, count, 1)
    pixels[:, count // 2 :, 0] = 96.0
    seen = torch.ones(1, count)
    seen[:, ::3] = 0.0
    with torch.no_grad():
        (avatar,) = network.decoded(
            network.features(crop), pixels, 0.1 * seen, seen, network.encoded(queries),
            [base_parameters(plain_body, template)],
        )  # fmt: skip
    red, _, blue = avatar.sh[:, 0].unbind(-1)
    shown, left = seen[0] > 0.0, pixels[0, :, 0] < 64.0
    assert (red - blue)[shown & left].min() > 0.5
    assert (blue - red)[shown & ~left].min() > 0.5
    assert (red - blue)[~shown & left].mean() > 0.1
    assert (red - blue)[~shown & ~left].mean() < -0.1


def test_the_hidden_learn_from_their_part(network: NlfGs, plain_body: BodyModel) -> None:
    """What is asked for beside them changes the hidden only by what is seen of it."""
    template = network_template(plain_body, 1)
    queries = interpolated(vertex_queries(plain_body, SMALL.num_eigenfunctions), template)[:100]
    base = GaussianParameters(
        **{
            part: getattr(base_parameters(plain_body, template), part)[:100]
            for part in ("offsets", "rotations_wxyz", "log_scales", "opacity_logits", "sh")
        }
    )
    features, encodings = network.features(_photo()[:1]), network.encoded(queries)
    sigma, visibility = torch.full((1, 100), 0.1), torch.zeros(1, 100)
    visibility[:, 50:80] = 1.0

    def hidden(seen_at: float, hidden_at: float) -> torch.Tensor:
        pixels = torch.full((1, 100, 2), hidden_at)
        pixels[:, 50:80] = seen_at
        with torch.no_grad():
            return network.decoded(features, pixels, sigma, visibility, encodings, [base])[0].sh[:50]

    assert not torch.allclose(hidden(30.0, 50.0), hidden(90.0, 50.0), atol=1e-3)
    torch.testing.assert_close(hidden(30.0, 50.0), hidden(30.0, 20.0), rtol=0.05, atol=0.01)


def test_more_can_be_answered_without_losing_what_was_learned(
    network: NlfGs, plain_body: BodyModel, asked: tuple[Template, Queries]
) -> None:
    young = NlfGs(replace(SMALL, sh_degree=0, predicts_offsets=False)).eval()
    young.load_state_dict(network.state_dict())
    torch.nn.init.normal_(young.estimator.shape[-1].weight)
    before = _avatars(young, plain_body, asked)[0]
    young.restage(sh_degree=3, predicts_offsets=True)
    after = _avatars(young, plain_body, asked)[0]
    assert (before.sh_degree, after.sh_degree) == (0, 3)
    assert torch.equal(before.offsets, torch.zeros_like(before.offsets))
    assert after.offsets.abs().max() > 0.0
    torch.testing.assert_close(after.sh[:, :1], before.sh)
    torch.testing.assert_close(after.log_scales, before.log_scales)
    assert young.config == replace(SMALL, sh_degree=3)


def test_every_weight_learns(plain_body: BodyModel, asked: tuple[Template, Queries]) -> None:
    """One step with evidence leaves no parameter without a gradient."""
    torch.manual_seed(1)
    network = NlfGs(SMALL)
    heads = (network.estimator.shape[-1], network.estimator.appearance[-1], network.field.correction.last)
    for head in heads:
        torch.nn.init.normal_(head.weight, std=0.1)
    features = network.features(_photo(), torch.rand(2, EVIDENCE_CHANNELS, 32, 32))
    encodings = network.encoded(asked[1])
    count = len(asked[1])
    given = Given(pixels=128.0 * torch.rand(2, count, 2), points=torch.randn(2, count, 3), known=torch.ones(2).bool())
    found = network.localized(features, encodings, given)
    bases = [base_parameters(plain_body, asked[0])] * 2
    made = network.decoded(features, found.pixels, found.sigma, torch.rand(2, count), encodings, bases)
    loss = found.relative.square().sum() + found.sigma.sum()
    for avatar in made:
        loss = loss + sum(
            part.square().sum() for part in (avatar.offsets, avatar.log_scales, avatar.opacity_logits, avatar.sh)
        ) + avatar.rotations_wxyz[:, 1:].sum()  # fmt: skip
    loss.backward()
    silent = [name for name, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert silent == []


def test_missing_evidence_is_all_zero(network: NlfGs) -> None:
    """Zeros are what it means to have none."""
    with torch.no_grad():
        without = network.features(_photo())
        zero = network.features(_photo(), torch.zeros(2, EVIDENCE_CHANNELS, 32, 32))
    torch.testing.assert_close(without.coarse, zero.coarse)


class _ColoursOnly(torch.nn.Module):
    """A backbone as others have trained them: three channels in, two maps out."""

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        assert pixels.shape[1] == 3
        return torch.nn.functional.avg_pool2d(pixels, 4), torch.nn.functional.avg_pool2d(pixels, 16)


def test_a_backbone_of_colours_is_given_the_evidence_among_them() -> None:
    torch.manual_seed(2)
    encoder = ImageEncoder(SMALL, _ColoursOnly(), channels=(3, 3), inputs=3)
    with torch.no_grad():
        without, zero, some = (
            encoder(_photo(), evidence).coarse
            for evidence in (None, torch.zeros(2, EVIDENCE_CHANNELS, 32, 32), torch.ones(2, EVIDENCE_CHANNELS, 32, 32))
        )
    torch.testing.assert_close(without, zero)
    assert (some - zero).abs().max() > 0.01


def test_the_same_photo_gives_the_same_avatar(
    network: NlfGs, plain_body: BodyModel, asked: tuple[Template, Queries]
) -> None:
    with torch.no_grad():
        first, second = _avatars(network, plain_body, asked), _avatars(network, plain_body, asked)
    assert torch.equal(first[0].sh, second[0].sh)


def test_signatures_come_from_the_cache_the_second_time(plain_body: BodyModel) -> None:
    first, second = vertex_queries(plain_body, 5), vertex_queries(plain_body, 5)
    assert torch.equal(first.signatures, second.signatures)


def test_weights_survive_the_disk(network: NlfGs, tmp_path: Path) -> None:
    path = tmp_path / "prior.safetensors"
    write_weights(path, network, facts={"seed": "0"})
    again = read_weights(path)
    assert again.config == SMALL
    assert read_facts(path) == {"seed": "0"}
    with torch.no_grad():
        expected, found = network.features(_photo()).coarse, again.features(_photo()).coarse
    torch.testing.assert_close(found, expected, rtol=0.02, atol=0.02)  # stored in half precision


def test_what_ships_is_small_and_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlfgs_studio.core.nlf.weights.SHIPPED", "absent.safetensors")
    with pytest.raises(StudioError, match="no trained network"):
        shipped_weights()
    monkeypatch.undo()
    path = shipped_weights()
    assert path.stat().st_size < 40_000_000
    assert read_weights(path).config.crop_size == 256
    assert read_facts(path)["seed"]


def test_weights_of_another_shape_are_refused_by_name(network: NlfGs, tmp_path: Path) -> None:
    path = tmp_path / "prior.safetensors"
    write_weights(path, network, facts={"config": replace(SMALL, width=48).to_json()})
    with pytest.raises(StudioError, match=r"field\.basis"):
        read_weights(path)


@pytest.mark.parametrize("content", [b"", b"not weights", b"\xff" * 64])
def test_what_is_no_weights_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "prior.safetensors"
    path.write_bytes(content)
    with pytest.raises(StudioError):
        read_weights(path)
    with pytest.raises(StudioError, match="no file"):
        read_weights(tmp_path / "missing.safetensors")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"width": "wide"}',
        '{"colour": 3}',
        '{"image_size": 100, "stride": 16}',
        '{"crop_size": 200}',
        '{"sh_degree": 9}',
    ],
)
def test_what_is_no_config_is_refused(text: str) -> None:
    with pytest.raises(StudioError):
        NetworkConfig.from_json(text)


def test_weights_on_a_public_backbone_need_nothing_else_and_all_of_it_learns(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Processes that train together wait for every gradient."""
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    path = tmp_path / "prior.safetensors"
    write_weights(path, NlfGs(replace(SMALL, encoder="facebook/dinov2-small"), pretrained=False))
    encoder = read_weights(path).encoder
    maps = encoder(torch.rand(1, 3, 128, 128))
    (maps.coarse.sum() + maps.detail.sum()).backward()
    assert not [name for name, weight in encoder.named_parameters() if weight.requires_grad and weight.grad is None]


def test_encoders_that_are_not_here_say_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(StudioError, match="not on this machine"):
        make_encoder(replace(SMALL, encoder="facebook/dinov2-small"))
    with pytest.raises(StudioError, match="not on this machine") as refused:
        make_encoder(replace(SMALL, encoder="timm/tf_efficientnetv2_s.in21k"))
    assert "--download" in str(refused.value.hint)
    with pytest.raises(StudioError, match="no encoder"):
        make_encoder(replace(SMALL, encoder="resnet-9000"))
