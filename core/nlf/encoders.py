"""Picture encoders by name: our small ConvNeXt-V2 that ships, and others' that are downloaded once, when allowed to.

Woo et al., "ConvNeXt V2", 2023; Oquab et al., "DINOv2", 2023; Tan and Le, "EfficientNetV2", 2021.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from ..errors import StudioError
from .config import EVIDENCE_CHANNELS, NetworkConfig

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the photos that public backbones were trained on; ours takes the same, so that they can be exchanged."""

SHIPPED = "convnextv2-atto"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureMaps:
    """F_img, twice."""

    coarse: Float[Tensor, "B C h w"]
    """In which points are localized."""
    detail: Float[Tensor, "B D h2 w2"]
    """Finer, of what lies at a place; sampled beside the coarse one."""
    colours: Float[Tensor, "B 3 S S"]
    """The crop itself."""

    @property
    def levels(self) -> tuple[Tensor, Tensor]:
        """What was learned to be looked at, from the coarse to the fine."""
        return self.coarse, self.detail


def sampled(level: Float[Tensor, "B C h w"], places: Float[Tensor, "B N 2"]) -> Float[Tensor, "B N C"]:
    """Bilinear samples at x, y in 0..1 across the crop; outside, its border."""
    grid = (places * 2.0 - 1.0)[:, :, None]
    return functional.grid_sample(level, grid, align_corners=False, padding_mode="border")[..., 0].mT


class ImageEncoder(nn.Module):
    """A backbone, the evidence beside the photo, and one step down its pyramid (Lin et al. 2017)."""

    def __init__(self, config: NetworkConfig, backbone: nn.Module, *, channels: tuple[int, ...], inputs: int) -> None:
        """`channels` are those of the backbone's maps, from the finest to the coarsest; `inputs` what it sees.

        A backbone that knows colours only is given the evidence mixed into them.
        """
        super().__init__()
        self.config = config
        self.backbone = backbone
        self.joins = config.takes_evidence and inputs == 3 + EVIDENCE_CHANNELS
        if config.takes_evidence and not self.joins:
            self.evidence = nn.Conv2d(EVIDENCE_CHANNELS, 3, kernel_size=3, padding=1, bias=False)
        self.lateral = nn.ModuleList(nn.Conv2d(count, config.channels, 1) for count in channels)
        self.coarse = _stem(config.channels, config.channels)
        self.detail = _stem(config.channels, config.detail_channels)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, crops: Float[Tensor, "B 3 S S"], evidence: Float[Tensor, "B E s s"] | None = None) -> FeatureMaps:
        """`crops` in [0, 1]; evidence of any side, all zero where there is none, which its masks say too."""
        size = self.config.image_size
        pixels = (_resized(crops, size) - self.get_buffer("mean")) / self.get_buffer("deviation")
        if self.config.takes_evidence:
            if evidence is None:
                evidence = crops.new_zeros(len(crops), EVIDENCE_CHANNELS, 1, 1)
            evidence = _resized(evidence, size)
            pixels = torch.cat([pixels, evidence], dim=1) if self.joins else pixels + self.evidence(evidence)
        # Depthwise convolutions are many times faster so on a processor, forwards and backwards.
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        maps = [side(level) for side, level in zip(self.lateral, self.backbone(pixels), strict=True)]
        cells = self.config.cells
        fine, deep = maps[0], maps[-1]
        for level in maps[1:]:
            fine = fine + functional.interpolate(level, size=fine.shape[-2:], mode="bilinear", align_corners=False)
        for level in maps[:-1]:
            deep = _resized(level, cells) + _resized(deep, cells)
        return FeatureMaps(coarse=self.coarse(_resized(deep, cells)), detail=self.detail(fine), colours=crops)


def _stem(inputs: int, outputs: int) -> nn.Sequential:
    """Looks around a little: a cell of the pyramid knows its neighbours only from coarser levels."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 5, padding=2, groups=inputs),
        nn.Conv2d(inputs, outputs, 1),
        nn.GroupNorm(8, outputs),
        nn.SiLU(),
    )


def _resized(level: Float[Tensor, "B C h w"], cells: int) -> Float[Tensor, "B C cells cells"]:
    if level.shape[-1] == cells:
        return level
    if level.shape[-1] > cells:
        return functional.adaptive_avg_pool2d(level, cells)
    return functional.interpolate(level, size=(cells, cells), mode="bilinear", align_corners=False)


class _Maps(nn.Module):
    """A backbone of `transformers`, as a function of pixels."""

    def __init__(self, backbone: Any) -> None:
        super().__init__()
        self.body = backbone

    def forward(self, pixels: Float[Tensor, "B inputs H W"]) -> tuple[Tensor, ...]:
        return tuple(self.body(pixels).feature_maps)


def _convnext(depths: tuple[int, ...], widths: tuple[int, ...]) -> Callable[[NetworkConfig, bool], ImageEncoder]:
    def make(config: NetworkConfig, download: bool) -> ImageEncoder:  # noqa: ARG001  # made from nothing
        from transformers import ConvNextV2Backbone, ConvNextV2Config

        inputs = 3 + (EVIDENCE_CHANNELS if config.takes_evidence else 0)
        sizes = ConvNextV2Config(depths=list(depths), hidden_sizes=list(widths), num_channels=inputs)
        sizes.out_features = [f"stage{number}" for number in range(1, len(widths) + 1)]
        backbone = ConvNextV2Backbone(sizes)
        return ImageEncoder(config, _Maps(backbone), channels=widths, inputs=inputs)

    return make


_OURS: dict[str, Callable[[NetworkConfig, bool], ImageEncoder]] = {
    "convnextv2-femto": _convnext((2, 2, 6, 2), (48, 96, 192, 384)),
    SHIPPED: _convnext((2, 2, 6, 2), (40, 80, 160, 320)),
    "convnextv2-tiny": _convnext((3, 3, 9, 3), (96, 192, 384, 768)),
}

PUBLIC_PREFIXES = ("facebook/dinov2-", "timm/")
"""Backbones by their names on the model hub; EfficientNetV2 is `timm/tf_efficientnetv2_s.in21k`."""


def make_encoder(config: NetworkConfig, *, download: bool = False) -> ImageEncoder:
    """The encoder that `config` names; a public one is read from the local cache unless `download` allows to fetch it.

    Raises:
        StudioError: an unknown name, or a backbone that is not on this machine and cannot be had.
    """
    if config.encoder in _OURS:
        return _OURS[config.encoder](config, download)
    if config.encoder.startswith(PUBLIC_PREFIXES):
        return _public(config, download)
    names = ", ".join([*_OURS, *(f"{prefix}..." for prefix in PUBLIC_PREFIXES)])
    raise StudioError(f"there is no encoder {config.encoder!r}", hint=f"known are: {names}")


def _public(config: NetworkConfig, download: bool) -> ImageEncoder:
    from transformers import AutoBackbone, AutoConfig

    options: dict[str, Any] = {"local_files_only": not download}
    try:
        if config.encoder.startswith("timm/"):
            options |= {"use_timm_backbone": True, "use_pretrained_backbone": True}
            backbone = AutoBackbone.from_pretrained(
                config.encoder.removeprefix("timm/"), out_indices=(1, 2, 3, 4), **options
            )
        else:
            count = AutoConfig.from_pretrained(config.encoder, **options).num_hidden_layers
            kept = [max(1, count * part // 4) for part in (1, 2, 3, 4)]
            backbone = AutoBackbone.from_pretrained(
                config.encoder, out_indices=kept, reshape_hidden_states=True, **options
            )
    except ImportError as error:
        raise StudioError(f"{config.encoder} needs another package", hint="pip install timm") from error
    except (OSError, ValueError) as error:
        hint = "allow the download once, with internet" if not download else "is there internet, and is the name right?"
        raise StudioError(f"the encoder {config.encoder} is not on this machine", hint=hint) from error
    return ImageEncoder(config, _Maps(backbone), channels=tuple(backbone.channels), inputs=3)
