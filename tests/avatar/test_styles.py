"""Parts that are hidden and tinted: only those change, and nothing moves."""

from __future__ import annotations

import pytest
import torch
from avatars import random_avatar
from nlfgs_studio.core.avatar.part_styles import PartStyle, with_style
from nlfgs_studio.core.avatar.styles import groups_of, styled_avatar
from nlfgs_studio.core.body.joints import JOINT_GROUPS
from nlfgs_studio.core.geometry.spherical_harmonics import SH_C0, evaluate


@pytest.fixture(scope="module")
def avatar(plain_body):
    return random_avatar(plain_body)


def test_an_avatar_from_elsewhere_has_the_regions_of_its_body(avatar, plain_body):
    groups = groups_of(avatar, plain_body)
    assert groups.names == tuple(JOINT_GROUPS)
    assert len(groups.indices) == len(avatar.parameters)
    assert len(groups.indices.unique()) > 4


def test_a_hidden_part_is_gone_and_the_rest_is_untouched(avatar, plain_body):
    groups = groups_of(avatar, plain_body)
    mine = groups.indices == groups.names.index("left arm")
    styled = styled_avatar(avatar, plain_body, (PartStyle(group="left arm", visible=False),))
    assert styled.template is avatar.template
    opacities = styled.parameters.opacity_logits.sigmoid()
    assert float(opacities[mine].max()) < 1.0 / 255.0
    assert torch.equal(styled.parameters.opacity_logits[~mine], avatar.parameters.opacity_logits[~mine])
    assert torch.equal(styled.parameters.sh, avatar.parameters.sh)


def test_a_tint_multiplies_the_colours_seen_from_anywhere(avatar, plain_body):
    groups = groups_of(avatar, plain_body)
    mine = groups.indices == groups.names.index("head")
    tint = torch.tensor([1.0, 0.5, 0.25])
    styled = styled_avatar(avatar, plain_body, (PartStyle(group="head", tint=(1.0, 0.5, 0.25)),))
    directions = torch.nn.functional.normalize(
        torch.randn(len(mine), 3, generator=torch.Generator().manual_seed(1)), dim=-1
    )
    before, after = evaluate(avatar.parameters.sh, directions), evaluate(styled.parameters.sh, directions)
    assert torch.allclose(after[mine], before[mine] * tint, atol=1e-5)
    assert torch.equal(after[~mine], before[~mine])
    assert SH_C0 > 0


def test_no_styles_and_unknown_parts_change_nothing(avatar, plain_body):
    assert styled_avatar(avatar, plain_body, ()) is avatar
    styled = styled_avatar(avatar, plain_body, (PartStyle(group="wings", visible=False),))
    assert torch.equal(styled.parameters.opacity_logits, avatar.parameters.opacity_logits)


def test_styles_are_kept_by_group_and_plain_ones_are_forgotten():
    styles = with_style((), PartStyle(group="top", visible=False))
    styles = with_style(styles, PartStyle(group="hair", tint=(0.5, 0.5, 0.5)))
    assert [style.group for style in styles] == ["hair", "top"]
    styles = with_style(styles, PartStyle(group="top"))
    assert [style.group for style in styles] == ["hair"]
    with pytest.raises(ValueError, match="tint"):
        PartStyle(group="top", tint=(1.5, 0.0, 0.0))
