"""An avatar goes on with another body exactly where both have the same faces."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from avatars import bent_pose, random_avatar
from nlfgs_studio.core.body.model import BodyIdentity
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.storage.stand_in import fits, on_stand_in

OTHER = BodyIdentity(source="smplx", name="SMPLX_MALE", fingerprint="0123456789abcdef")


def test_another_edition_takes_the_avatar_with_its_betas(plain_body):
    avatar = dataclasses.replace(random_avatar(plain_body), body=OTHER)
    moved = on_stand_in(avatar, plain_body)
    assert moved.body == plain_body.identity
    assert torch.equal(moved.betas, avatar.betas)
    assert moved.parameters is avatar.parameters
    assert len(Pipeline(plain_body).gaussians(moved, moved.betas, bent_pose(plain_body))) == len(moved.parameters)


def test_a_body_of_another_family_takes_it_in_mean_shape(plain_body):
    """Betas of one family mean nothing in another."""
    avatar = dataclasses.replace(random_avatar(plain_body), body=dataclasses.replace(OTHER, source="builtin"))
    assert not on_stand_in(avatar, plain_body).betas.any()


def test_more_betas_than_the_body_has_are_left_out(plain_body):
    avatar = dataclasses.replace(random_avatar(plain_body), body=OTHER, betas=torch.arange(300.0))
    assert on_stand_in(avatar, plain_body).betas.tolist() == list(range(plain_body.num_betas))


def test_other_faces_or_shells_do_not_fit(plain_body):
    avatar = random_avatar(plain_body)
    assert fits(avatar, plain_body)
    others = {
        "faces": dataclasses.replace(avatar.template, faces=avatar.template.faces.flip(1)),
        "number": dataclasses.replace(avatar.template, faces=avatar.template.faces[:-1]),
        "shells": dataclasses.replace(avatar.template, worn_shells=("crinoline",)),
    }
    for template in others.values():
        stranger = dataclasses.replace(avatar, template=template)
        assert not fits(stranger, plain_body)
        with pytest.raises(ValueError, match="does not fit"):
            on_stand_in(stranger, plain_body)
