"""Whole parts that no picture shows, where what is seen around them says nothing: lids, hands, legs, teeth."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from jaxtyping import Bool, Float
from scipy.spatial import KDTree
from torch import Tensor

from ..avatar.head import TEETH
from ..avatar.template import Template
from ..body.model import BodyModel
from ..body.parts import without_side
from .painting import Painted

_HARDLY = 0.08
"""Of a part that pictures show: what is less may be the pose's error."""
_TEETH_SEEN = 0.02
"""Of the teeth: only the front of the front ones is ever seen."""
_WELL = 0.5
_FACE, _TRUNK = ("face", "forehead"), ("chest", "abdomen", "back")
_TEETH, _HANDS = ("teeth_upper", "teeth_lower"), ("hand", "fingernails")
_TROUSERS, _SHOES = ("hips", "thigh", "shin"), ("foot", "toenails")
_OF_TROUSERS, _OF_SHOES = 0.85, 0.5
"""How bright they are beside the top. The network's are the mean of what people wear: half bare."""
_WHITE_OF_EYES, _BRIGHT, _LIGHT = 0.80, 0.8, (0.6, 1.0)
"""Its brightness in full light; of what is seen of it, the quantile that lies in no shade; how much light there is."""
_FOLD, _AROUND_EYES, _SOFTNESS = 0.005, 0.022, 0.008
"""Metres from a lid: where its fold hides the skin of an open eye; where skin looks as the lid's does; of its blur."""
_EYE_SEEN = 0.25
"""Of the skin around an eye; less is the far side of a face."""


def with_lids(body: BodyModel, template: Template, seen: Painted) -> Painted:
    """`seen` with lids that are known: where they are seen less than the skin around the eye they look like it.

    Of an upper lid pictures of open eyes show the edge alone, and in the colours of lashes, iris and shade. An eye
    whose surroundings no picture shows stays as it is.
    """
    if body.face_parts is None:
        return seen
    points, face = template.surface_points(body.template_vertices), _part(body, template, "face")
    colours, known = seen.colours.clone(), seen.seen.clone()
    for side in ("_left", "_right"):
        lid = _part(body, template, "eyelid", side=side)
        if not lid.any():
            continue
        away = torch.from_numpy(KDTree(points[lid].numpy()).query(points.numpy())[0])
        skin, hidden = face & (away > _FOLD) & (away < _AROUND_EYES), lid | (face & (away <= _FOLD))
        if not skin.any() or (well := seen.seen[skin].median()) < _EYE_SEEN:
            continue
        weights = seen.seen[skin] / (torch.cdist(points[hidden], points[skin]).square() + _SOFTNESS**2)
        around = (weights / weights.sum(dim=1, keepdim=True)) @ seen.colours[skin]
        believed = (seen.seen[hidden] / well).clamp(max=1.0)
        colours[hidden] = torch.lerp(around, seen.colours[hidden], believed[:, None])
        known[hidden] = 1.0
    return replace(seen, colours=colours, seen=known)


def with_unseen_parts(
    body: BodyModel, template: Template, guess: Float[Tensor, "N 3"], seen: Painted
) -> Float[Tensor, "N 3"]:
    """`guess`, but hands like the face, legs like the top, and teeth like anybody's in the light of the eyes.

    Each of them only where hardly anything of it is seen. What lies nearest to them would give hands the colour of
    hips, and legs that of a tie.
    """
    if body.face_parts is None:
        return guess
    part = partial(_part, body, template)

    def middle(*wanted: str) -> Float[Tensor, "3"] | None:
        shown = part(*wanted) & (seen.seen > _WELL)
        return seen.colours[shown].median(dim=0).values if shown.any() else None

    answer = guess.clone()
    if (skin := middle(*_FACE)) is not None:
        for side in ("_left", "_right"):
            hand = part(*_HANDS, side=side)
            if _share(seen, hand) < _HARDLY:
                answer[hand] = skin
    if (cloth := middle(*_TRUNK)) is not None:
        for name in _TROUSERS:
            if _share(seen, part(name)) < _HARDLY:
                answer[part(name)] = _OF_TROUSERS * cloth
        if _share(seen, part("shin")) < _HARDLY:  # of shoes at the end of legs that are seen, something is seen too
            answer[part(*_SHOES)] = _OF_SHOES * cloth
    teeth = part(*_TEETH)
    if _share(seen, teeth) < _TEETH_SEEN:
        answer[teeth] = _enamel(seen, part("sclera"))
    elif teeth.any():
        weights = seen.seen[teeth, None]
        answer[teeth] = (weights * seen.colours[teeth]).sum(0) / weights.sum()
    return answer


def _part(body: BodyModel, template: Template, *wanted: str, side: str = "") -> Bool[Tensor, " N"]:
    """What belongs to the parts of these names, of that side; of a body that has parts."""
    assert body.face_parts is not None
    chosen = [without_side(name) in wanted and name.endswith(side) for name in body.part_names]
    return torch.tensor(chosen)[body.face_parts[template.face_indices].long()]


def _share(seen: Painted, part: Bool[Tensor, " N"]) -> float:
    return float(seen.seen[part].mean()) if part.any() else 1.0


def _enamel(seen: Painted, sclera: Bool[Tensor, " N"]) -> Float[Tensor, "3"]:
    """The built-in person's teeth in the light that falls on the whites of the eyes."""
    whites = seen.colours[sclera & (seen.seen > _WELL)].mean(dim=1)
    light = whites.quantile(_BRIGHT) / _WHITE_OF_EYES if len(whites) else torch.tensor(sum(_LIGHT) / 2.0)
    return torch.tensor(TEETH) * light.clamp(*_LIGHT)
