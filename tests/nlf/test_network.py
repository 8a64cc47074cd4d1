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
from nlfgs_studio.core.nlf.encoders import make_encoder
from nlfgs_studio.core.nlf.network import NlfGs, Queries
from nlfgs_studio.core.nlf.queries import interpolated, vertex_queries
from nlfgs_studio.core.nlf.template import base_parameters, network_template
from nlfgs_studio.core.nlf.weights import read_weights, write_weights

SMALL = NetworkConfig(
    image_size=64, stride=16, channels=32, detail_channels=16, num_frequencies=16, num_eigenfunctions=8, width=32,
    estimator_width=32, sh_degree=1, predicts_offsets=True,
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
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(seed))


def _avatars(network: NlfGs, body: BodyModel, asked: tuple[Template, Queries]) -> list[GaussianParameters]:
    template, queries = asked
    features, encodings = network.features(_photo()), network.encoded(queries)
    found = network.localized(features, encodings)
    confidences = 1.0 / (1.0 + 10.0 * found.sigma)
    return network.decoded(features, found.pixels, confidences, encodings, base_parameters(body, template))


def test_an_untrained_network_makes_the_template(
    network: NlfGs, plain_body: BodyModel, asked: tuple[Template, Queries]
) -> None:
    base = base_parameters(plain_body, asked[0])
    for avatar in _avatars(network, plain_body, asked):
        assert avatar.sh_degree == 1
        torch.testing.assert_close(avatar.log_scales, base.log_scales)
        torch.testing.assert_close(avatar.offsets, base.offsets)
        torch.testing.assert_close(avatar.sh, torch.zeros_like(avatar.sh))


def test_every_weight_learns(plain_body: BodyModel, asked: tuple[Template, Queries]) -> None:
    """One step with evidence leaves no parameter without a gradient."""
    torch.manual_seed(1)
    network = NlfGs(SMALL)
    for head in (network.estimator.shape, network.estimator.appearance):
        torch.nn.init.normal_(head[-1].weight, std=0.1)  # type: ignore[arg-type]
    features = network.features(_photo(), torch.rand(2, EVIDENCE_CHANNELS, 64, 64))
    encodings = network.encoded(asked[1])
    found = network.localized(features, encodings)
    made = network.decoded(features, found.pixels, found.sigma, encodings, base_parameters(plain_body, asked[0]))
    loss = found.relative.square().sum() + found.sigma.sum()
    for avatar in made:
        loss = loss + sum(
            part.square().sum() for part in (avatar.offsets, avatar.log_scales, avatar.opacity_logits, avatar.sh)
        ) + avatar.rotations_wxyz[:, 1:].sum()  # fmt: skip
    loss.backward()
    silent = [name for name, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert silent == []


def test_missing_evidence_is_all_zero(network: NlfGs) -> None:
    """Zeros are what it means to have none, up to the convolution's bias, which starts at zero."""
    with torch.no_grad():
        without = network.features(_photo())
        zero = network.features(_photo(), torch.zeros(2, EVIDENCE_CHANNELS, 64, 64))
    torch.testing.assert_close(without.coarse, zero.coarse)


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
    with torch.no_grad():
        expected, found = network.features(_photo()).coarse, again.features(_photo()).coarse
    torch.testing.assert_close(found, expected, rtol=0.02, atol=0.02)  # stored in half precision


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
    ["", "[]", '{"width": "wide"}', '{"colour": 3}', '{"image_size": 100, "stride": 16}', '{"sh_degree": 9}'],
)
def test_what_is_no_config_is_refused(text: str) -> None:
    with pytest.raises(StudioError):
        NetworkConfig.from_json(text)


def test_encoders_that_are_not_here_say_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(StudioError, match="not on this machine"):
        make_encoder(replace(SMALL, encoder="facebook/dinov2-small"))
    with pytest.raises(StudioError, match="no encoder"):
        make_encoder(replace(SMALL, encoder="resnet-9000"))
