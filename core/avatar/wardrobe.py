"""Dresses a body: from a `Look` to the parameters of an avatar, by painting and placing each Gaussian on the T-pose."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..body.model import BodyModel, shape_body
from .accessories import glasses, hat, hat_line
from .anatomy import Places, vertex_normals
from .avatar import Avatar, Groups, Provenance
from .beard import beard_cover, beard_volume
from .binding import anchored, carried, parameters_on, with_loose
from .fabric import bottom_colours, top_colours
from .garments import Clothes, Cover, drape, dress
from .ground import Ground, ground_of
from .hair import hair_colours, hair_cover, hair_tint, hair_volume, strand_directions
from .hanging_hair import hanging_hair
from .head import Paint, paint
from .look import Look, look_as_text, look_from_text
from .loose import Loose, chosen, together
from .patterns import mixed, unit_rows
from .people import drawn_betas, drawn_look
from .shading import as_harmonics, lit, openness, turned_about_z
from .skirt import skirt
from .strands import freckles, hair_strands, tufts
from .surfels import Surfels, covering_surfels
from .template import face_frames

MADE_BY = "wardrobe"
GROUPS = ("skin", "eyes", "mouth", "hair", "beard", "top", "bottom", "shoes", "glasses", "hat")
"""What a person of the wardrobe is made of; the names by which parts are hidden and tinted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Surface:
    """What is seen on a set of places: the body with clothes, hair and beard on."""

    points: Float[np.ndarray, "N 3"]
    clothes: Clothes
    hair: Float[np.ndarray, " N"]
    """How much of the place is hair, 0 to 1."""
    beard: Float[np.ndarray, " N"]


def default_avatar(body: BodyModel, k: int = 4, look: Look | None = None, name: str = "default") -> Avatar:
    """A simply dressed person on the body's mean shape; the same body and look give the same avatar bit for bit."""
    return replace(dressed_avatar(body, look or Look(), k), name=name)


def drawn_avatar(body: BodyModel, seed: int, k: int = 4) -> Avatar:
    """Person number `seed`, in looks and build.

    Raises:
        ValueError: the seed is negative.
    """
    return dressed_avatar(body, drawn_look(seed), k, drawn_betas(seed, body), name=f"person {seed}")


def look_of(avatar: Avatar) -> Look | None:
    """What the avatar was dressed from; None for one that no wardrobe made."""
    text = dict(avatar.provenance.details).get("look")
    return look_from_text(text) if avatar.provenance.made_by == MADE_BY and text is not None else None


def dressed_avatar(
    body: BodyModel,
    look: Look,
    k: int = 4,
    betas: Float[Tensor, " S"] | None = None,
    name: str = "person",
) -> Avatar:
    """A person of this look on a body of these betas (the mean shape where None)."""
    betas = torch.zeros(body.num_betas) if betas is None else betas
    ground = ground_of(body, k)
    template, places = ground.template, ground.places
    painted = paint(places, ground.lattice, look)
    worn, surface = _worn(ground, painted, look)
    surfels = _laid_out(ground, worn, surface)
    normals = surfels.axes[:, :, 2].copy()
    _shape(surfels, surface, places, painted, look)
    parts = [*_hair(ground, surfels, surface, painted, look), *hat(ground, look), *glasses(ground, look)]
    loose = together([*parts, *skirt(ground, look)])
    sh = _colours(ground, surface, painted, surfels.points, normals, loose, look)
    indices = _groups(places, surface, painted)
    template = anchored(ground, surfels, surface.clothes.covers)
    rest, frames = ground.rest, ground.frames
    if bool(betas.any()):
        rest = shape_body(body, betas).vertices.double()
        frames = face_frames(template.faces, rest)
        clad = (surface.clothes.covers == Cover.SHIRT) | (surface.clothes.covers == Cover.TROUSERS)
        surfels = carried(ground, template, surfels, rest, frames[1], clad)
    parameters = parameters_on(template, frames, rest, surfels, painted.opacities, sh[: len(places)])
    if loose is not None:
        template, parameters = with_loose(ground, template, parameters, loose, sh[len(places) :], rest)
        indices = np.concatenate(
            [indices, np.array([GROUPS.index(name) for name in loose.groups])[loose.group_indices]]
        )
    return Avatar(
        name=name,
        body=body.identity,
        betas=betas.clone(),
        template=template,
        parameters=parameters,
        groups=Groups(names=GROUPS, indices=torch.from_numpy(indices.astype(np.int64))),
        provenance=Provenance(made_by=MADE_BY, details=(("look", look_as_text(look)), ("k", str(k)))),
    )


def _hair(ground: Ground, surfels: Surfels, surface: _Surface, painted: Paint, look: Look) -> list[Loose]:
    """What hangs or grows from the head, but for what a hat covers."""
    parts = [*hanging_hair(ground, look), *hair_strands(ground, surfels, surface.hair, look)]
    if look.hat != "none":
        parts = [chosen(part, hat_line(ground, look, part.points) < 0.002) for part in parts]
    parts += tufts(ground, surfels, painted.brows, look, count=600, length=0.0018, lift=0.0006, group="skin")
    parts += freckles(ground, surfels, look)
    if look.beard == "stubble":
        cover = 3.0 * surface.beard
        parts += tufts(ground, surfels, cover, look, count=4000, length=0.0004, lift=0.0001, group="beard")
    elif look.beard != "none":
        parts += tufts(ground, surfels, surface.beard, look, count=6000, length=0.0030, lift=0.0015, group="beard")
    return parts


def _worn(ground: Ground, painted: Paint, look: Look) -> tuple[_Surface, _Surface]:
    """The dressed surface at the vertices, where cloth is draped, and at the Gaussians, where it ends."""
    anatomy, places, lattice = ground.anatomy, ground.places, ground.lattice
    beard = beard_cover(places, painted.lips, look)
    bearded = beard_volume(places, beard, look)
    worn = _surface(ground, ground.corners, look, lattice.at_vertices(beard), lattice.at_vertices(bearded))
    surface = _surface(ground, places, look, beard, bearded)
    shifts = drape(anatomy, worn.clothes)
    points = surface.points.copy()
    for cover in (Cover.SHIRT, Cover.TROUSERS):
        clad = worn.clothes.covers == cover
        worn.points[clad] = (anatomy.vertices + shifts)[clad]
        # Beside an edge a Gaussian follows those corners of its face that wear the same.
        share = lattice.at_points(clad.astype(np.float64))
        mine = (surface.clothes.covers == cover) & (share > 0.2)
        draped = lattice.at_points(shifts * clad[:, None]) / np.maximum(share, 0.2)[:, None]
        if cover is Cover.SHIRT:
            draped *= 0.35 + 0.65 * surface.clothes.slack[:, None]
        points[mine] = (places.points + draped)[mine]
    return worn, replace(surface, points=points)


def _surface(
    ground: Ground, places: Places, look: Look, beard: Float[np.ndarray, " N"], bearded: Float[np.ndarray, " N"]
) -> _Surface:
    clothes, hair = dress(places, look), hair_cover(places, look)
    volume = np.maximum(hair_volume(places, look, hat_line(ground, look, places.points)), bearded)
    return _Surface(points=clothes.points + volume[:, None] * places.normals, clothes=clothes, hair=hair, beard=beard)


def _laid_out(ground: Ground, worn: _Surface, surface: _Surface) -> Surfels:
    """Kernels that cover the dressed surface, in the planes of its smooth normals."""
    template, places, lattice = ground.template, ground.places, ground.lattice
    normals = lattice.at_points(vertex_normals(worn.points, template.faces.numpy()))
    normals = unit_rows(normals)
    surfels = covering_surfels(template, torch.from_numpy(worn.points), surface.points)
    # Where cloth ends within a face, its corners lie on different layers: normals and kernels are those of the skin,
    # the kernels a little larger on cloth because a limb is wider there.
    ends = (worn.clothes.covers[lattice.corners] != surface.clothes.covers[:, None]).any(-1)
    normals[ends] = places.normals[ends]
    surfels.axes[ends], surfels.widths[ends] = ground.skin.axes[ends], ground.skin.widths[ends]
    surfels.widths[ends & (surface.clothes.covers != Cover.SKIN)] *= 1.25
    shod = surface.clothes.covers >= Cover.SHOE
    normals[shod] = np.where(
        np.linalg.norm(surface.clothes.shoe_normals[shod], axis=-1, keepdims=True) > 0.5,
        surface.clothes.shoe_normals[shod],
        normals[shod],
    )
    surfels.press(normals)
    return surfels


def _shape(surfels: Surfels, surface: _Surface, places: Places, painted: Paint, look: Look) -> None:
    """Clean edges of cloth, closed shoes, strands of hair, raised brows and the light in the eyes."""
    unit, normals = places.anatomy.eye_distance / 0.06, surfels.axes[:, :, 2]
    shod = np.flatnonzero(surface.clothes.covers >= Cover.SHOE)
    # Round and not too large: what closes over toes comes in all shapes.
    round_width = np.clip(np.sqrt(0.5 * np.square(surfels.widths[shod, :2]).sum(-1)), 0.0040 * unit, 0.0080 * unit)
    # The shaft of a boot lies on the shin, whose faces are larger.
    shaft = places.points[shod, 1] > places.anatomy.joint("left_ankle")[1] - 0.02 * unit
    round_width[shaft] = np.maximum(round_width, surfels.widths[shod, :2].max(-1))[shaft]
    surfels.lay(shod, surfels.axes[shod, :, 0], round_width, round_width)
    surfels.straighten(surface.clothes.nearest_edge.distance, surface.clothes.nearest_edge.direction)

    random = np.random.default_rng(look.seed + 20)
    hair = np.flatnonzero(surface.hair > 0.3)
    strands = strand_directions(places.anatomy, surfels.points[hair], normals[hair], look)
    surfels.points[hair] += normals[hair] * random.normal(scale=0.0012 * unit, size=(len(hair), 1))
    length = surfels.deviations(hair, strands)
    breadth = surfels.deviations(hair, np.cross(normals[hair], strands))
    curled = look.hair_shape in ("curly", "afro")
    surfels.lay(hair, strands, (1.0 if curled else 1.5) * length, (1.0 if curled else 0.85) * breadth)

    beard = np.flatnonzero((surface.beard > 0.3) & (surface.hair <= 0.3))
    if look.beard not in ("none", "stubble") and len(beard):
        surfels.points[beard] += normals[beard] * random.normal(scale=0.0008 * unit, size=(len(beard), 1))
        fall = np.broadcast_to([0.0, -1.0, 0.2], (len(beard), 3))
        surfels.lay(beard, fall, 1.35 * surfels.deviations(beard, surfels.axes[beard, :, 0]), surfels.widths[beard, 1])

    brows = np.flatnonzero(painted.brows > 0.4)
    surfels.points[brows] += 0.0007 * unit * normals[brows]
    lights = np.flatnonzero(painted.highlights)
    surfels.points[lights] += 0.0006 * unit * normals[lights]
    surfels.widths[lights] *= 0.6


def _groups(places: Places, surface: _Surface, painted: Paint) -> Int[np.ndarray, " N"]:
    """Which of `GROUPS` each Gaussian of the body belongs to."""
    groups = np.full(len(places), GROUPS.index("skin"))
    groups[(places.eyes[0] > 0.5) | (places.eyes[1] > 0.5) | painted.highlights] = GROUPS.index("eyes")
    groups[places.part("mouth_inside", "tongue", "teeth_upper", "teeth_lower")] = GROUPS.index("mouth")
    groups[surface.beard > 0.5] = GROUPS.index("beard")
    groups[surface.hair > 0.5] = GROUPS.index("hair")
    covers = surface.clothes.covers
    for cover, name in ((Cover.SHIRT, "top"), (Cover.TROUSERS, "bottom"), (Cover.SHOE, "shoes"), (Cover.SOLE, "shoes")):
        groups[covers == cover] = GROUPS.index(name)
    return groups


def _colours(
    ground: Ground,
    surface: _Surface,
    painted: Paint,
    points: Float[np.ndarray, "N 3"],
    normals: Float[np.ndarray, "N 3"],
    loose: Loose | None,
    look: Look,
) -> Float[np.ndarray, "M 4 3"]:
    """Spherical harmonics of degree 1: paint, cloth and hair under the painted light; what is loose comes last."""
    anatomy, places, covers = ground.anatomy, ground.places, surface.clothes.covers
    albedo, softness, gloss = painted.colours.copy(), painted.softness.copy(), painted.gloss.copy()
    random = np.random.default_rng(look.seed + 21)
    grain = random.normal(size=len(places))
    if look.beard != "none":
        rough = 0.0 if look.beard == "stubble" else 1.0
        spread = 0.5 + rough * (random.uniform(size=len(places)) - 0.5)
        tuft = hair_tint(look, spread) * (0.92 + 0.13 * rough * np.clip(grain, -2, 2))[:, None]
        albedo = mixed(albedo, tuft, surface.beard)
        softness *= 1.0 - surface.beard
    cloth = {Cover.SHIRT: look.shirt, Cover.TROUSERS: look.trousers, Cover.SHOE: look.shoes, Cover.SOLE: look.soles}
    for cover, colour in cloth.items():
        mine = covers == cover
        plain: np.ndarray = np.array(colour)
        if cover in (Cover.SHIRT, Cover.TROUSERS):
            woven = top_colours if cover is Cover.SHIRT else bottom_colours
            plain = woven(anatomy, surface.points[mine], places.normals[mine], look)
        albedo[mine] = plain * (1.0 + 0.012 * grain[mine, None])
        softness[mine], gloss[mine] = 0.0, 0.10 if cover is Cover.SHOE else 0.06
    is_cloth = (covers == Cover.SHIRT) | (covers == Cover.TROUSERS)
    albedo[is_cloth] *= 1.0 + 0.045 * np.clip(surface.clothes.folds, -2, 2)[is_cloth, None]
    # Hems and collars are sewn double.
    albedo[is_cloth & (np.abs(surface.clothes.nearest_edge.distance) < 0.014)] *= 0.93

    haired = surface.hair > 0.0
    curled = look.hair_shape in ("curly", "afro")
    strands = (0.55 if curled else 0.8) * hair_colours(anatomy, points[haired], normals[haired], look, grain[haired])
    albedo[haired] = mixed(albedo[haired], strands, surface.hair[haired])
    softness *= 1.0 - surface.hair
    gloss = gloss * (1.0 - surface.hair) + (0.04 if curled else 0.22) * surface.hair

    own = len(places)
    if loose is not None:
        points, normals = np.concatenate([points, loose.points]), np.concatenate([normals, loose.axes[:, :, 2]])
        albedo, gloss = np.concatenate([albedo, loose.colours]), np.concatenate([gloss, loose.gloss])
        softness = np.concatenate([softness, np.zeros(len(loose))])
    open_sky = openness(points, normals)
    bare = (covers == Cover.SKIN) & (surface.hair < 0.5) & (surface.beard < 0.5)
    open_sky[:own] = ground.lattice.smoothed(open_sky[:own]) * np.where(bare, ground.creases, 1.0)
    open_sky[:own] = np.maximum(open_sky[:own], painted.least_light)
    standing = normals.copy()
    standing[:own] = turned_about_z(normals[:own], ground.lowering)
    teeth = np.flatnonzero(places.part("teeth_upper", "teeth_lower"))
    standing[teeth] = unit_rows(0.25 * normals[teeth] + np.eye(3)[2])  # wet and bright, whichever way they face
    shiny = gloss.copy()
    shiny[:own][is_cloth | (surface.hair > 0.5)], shiny[own:] = 0.0, 0.0
    colours = lit(albedo, standing, open_sky, softness, shiny)
    colours[:own][painted.highlights] = 1.0
    sheen = gloss[:, None] * (0.35 + 0.65 * albedo)
    return as_harmonics(colours, normals, sheen)
