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
from .config import EVIDENCE_CHANNELS, NORM_GROUPS, NetworkConfig

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
        nn.GroupNorm(NORM_GROUPS, outputs),
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


def _convnext(depths: tuple[int, ...], widths: tuple[int, ...]) -> Callable[[NetworkConfig], ImageEncoder]:
    def make(config: NetworkConfig) -> ImageEncoder:
        from transformers import ConvNextV2Backbone, ConvNextV2Config

        inputs = 3 + (EVIDENCE_CHANNELS if config.takes_evidence else 0)
        sizes = ConvNextV2Config(depths=list(depths), hidden_sizes=list(widths), num_channels=inputs)
        sizes.out_features = [f"stage{number}" for number in range(1, len(widths) + 1)]
        backbone = ConvNextV2Backbone(sizes)
        return ImageEncoder(config, _Maps(backbone), channels=widths, inputs=inputs)

    return make


_OURS: dict[str, Callable[[NetworkConfig], ImageEncoder]] = {
    "convnextv2-femto": _convnext((2, 2, 6, 2), (48, 96, 192, 384)),
    SHIPPED: _convnext((2, 2, 6, 2), (40, 80, 160, 320)),
    "convnextv2-nano": _convnext((2, 2, 8, 2), (80, 160, 320, 640)),
}

_DINOV2: dict[str, dict[str, Any]] = {
    "facebook/dinov2-small": {"hidden_size": 384, "num_hidden_layers": 12, "num_attention_heads": 6},
    "facebook/dinov2-base": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12},
    "facebook/dinov2-large": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16},
}
"""By their names on the model hub, as of all that follow; their sizes, so that weights of ours can do without it."""

_TIMM = "timm/"
"""What that package's names follow; EfficientNetV2 is `timm/tf_efficientnetv2_s.in21k`."""


def make_encoder(config: NetworkConfig, *, download: bool = False, pretrained: bool = True) -> ImageEncoder:
    """The encoder that `config` names. A public one begins with its published weights if `pretrained`, read from the
    local cache unless `download` allows to fetch them.

    Raises:
        StudioError: an unknown name, or a backbone that is not on this machine and cannot be had.
    """
    if config.encoder in _OURS:
        return _OURS[config.encoder](config)
    if config.encoder in _DINOV2 or config.encoder.startswith(_TIMM):
        return _public(config, download, pretrained)
    names = ", ".join([*_OURS, *_DINOV2, f"{_TIMM}..."])
    raise StudioError(f"there is no encoder {config.encoder!r}", hint=f"known are: {names}")


def _public(config: NetworkConfig, download: bool, pretrained: bool) -> ImageEncoder:
    absent = f"the encoder {config.encoder} is not on this machine"
    consent = "allow the download once, with internet: `train-prior --download`"
    # timm fetches what it does not find without asking.
    if config.encoder.startswith(_TIMM) and pretrained and not download:
        raise StudioError(absent, hint=consent)
    try:
        backbone = (
            _timm(config, pretrained) if config.encoder.startswith(_TIMM) else _dinov2(config, download, pretrained)
        )
    except ImportError as error:
        raise StudioError(f"{config.encoder} needs another package", hint="pip install timm") from error
    except (OSError, ValueError) as error:
        hint = "is there internet, and is the name right?" if download else consent
        raise StudioError(absent, hint=hint) from error
    return ImageEncoder(config, _Maps(backbone), channels=tuple(backbone.channels), inputs=3)


def _timm(config: NetworkConfig, pretrained: bool) -> Any:
    from transformers import AutoBackbone, TimmBackboneConfig

    sizes = TimmBackboneConfig(backbone=config.encoder.removeprefix(_TIMM), out_indices=[1, 2, 3, 4])  # pyright: ignore[reportCallIssue]
    return AutoBackbone.from_config(sizes, pretrained=pretrained)


def _dinov2(config: NetworkConfig, download: bool, pretrained: bool) -> Any:
    from transformers import Dinov2Backbone, Dinov2Config

    sizes = Dinov2Config(**_DINOV2[config.encoder], image_size=518, patch_size=14)
    sizes.out_indices = [sizes.num_hidden_layers * part // 4 for part in (1, 2, 3, 4)]
    backbone: Any
    if pretrained:
        backbone = Dinov2Backbone.from_pretrained(config.encoder, config=sizes, local_files_only=not download)
    else:
        backbone = Dinov2Backbone(sizes)
    # It stands for patches that are hidden, of which there are none: no gradient ever reaches it.
    backbone.embeddings.mask_token.requires_grad_(False)
    return backbone
