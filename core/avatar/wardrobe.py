"""Dresses a body: from a `Look` to the parameters of an avatar, by painting and placing each Gaussian on the T-pose."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from scipy.spatial import KDTree

from ..body.model import BodyModel
from ..gaussians import GaussianParameters
from ..geometry.rotations import matrix_to_quaternion
from .anatomy import Anatomy, Lattice, Places, gaussian_places, lattice_of, measure, vertex_normals, vertex_places
from .avatar import Avatar, Provenance
from .garments import Clothes, Cover, drape, dress
from .hair import hair_colours, hair_cover, hair_volume, strand_directions
from .head import Paint, paint
from .look import Look
from .patterns import mixed
from .shading import as_harmonics, lit, openness
from .surfels import Surfels, covering_surfels
from .template import Template, face_frames, make_template

#: Gaussians on each face of the parts that are looked at most closely and have the fewest faces.
_FINER = {"iris": 16, "pupil": 16, "sclera": 9, "scalp": 9, "brow": 9, "teeth_upper": 9, "teeth_lower": 9}


_FARTHEST = 2.5
"""Face sizes that a Gaussian may lie off its face."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Surface:
    """What is seen on a set of places: the body with clothes and hair on."""

    points: Float[np.ndarray, "N 3"]
    clothes: Clothes
    hair: Float[np.ndarray, " N"]
    """How much of the place is hair, 0 to 1."""


def default_avatar(body: BodyModel, k: int = 4, look: Look | None = None, name: str = "default") -> Avatar:
    """A simply dressed person on the body's mean shape; the same body and look give the same avatar bit for bit."""
    look = look or Look()
    template, anatomy = make_template(body, k, finer=_FINER), measure(body)
    lattice = lattice_of(template, body.num_vertices)
    places = gaussian_places(anatomy, template, lattice)
    worn, surface = _worn(anatomy, places, lattice, look)
    surfels = _laid_out(template, places, lattice, worn, surface)
    normals, painted = surfels.axes[:, :, 2].copy(), paint(places, lattice, look)
    _shape(surfels, surface, places, painted, look)
    colours = _colours(places, lattice, surface, painted, surfels.points, normals, look)
    template = _anchored(template, anatomy, surfels, surface)
    return Avatar(
        name=name,
        body=body.identity,
        betas=torch.zeros(body.num_betas),
        template=template,
        parameters=_parameters(template, anatomy, surfels, painted.opacities, colours),
        provenance=Provenance(made_by="wardrobe", details=(("look", repr(look)), ("k", str(k)))),
    )


def _worn(anatomy: Anatomy, places: Places, lattice: Lattice, look: Look) -> tuple[_Surface, _Surface]:
    """The dressed surface at the vertices, where cloth is draped, and at the Gaussians, where it ends."""
    worn, surface = _surface(vertex_places(anatomy, places, lattice), look), _surface(places, look)
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


def _surface(places: Places, look: Look) -> _Surface:
    clothes, hair, volume = dress(places, look), hair_cover(places), hair_volume(places, look)
    return _Surface(points=clothes.points + volume[:, None] * places.normals, clothes=clothes, hair=hair)


def _laid_out(template: Template, places: Places, lattice: Lattice, worn: _Surface, surface: _Surface) -> Surfels:
    """Kernels that cover the dressed surface, in the planes of its smooth normals."""
    normals = lattice.at_points(vertex_normals(worn.points, template.faces.numpy()))
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    surfels = covering_surfels(template, torch.from_numpy(worn.points), surface.points)
    # Where cloth ends within a face, its corners lie on different layers: normals and kernels are those of the skin,
    # the kernels a little larger on cloth because a limb is wider there.
    ends = (worn.clothes.covers[lattice.corners] != surface.clothes.covers[:, None]).any(-1)
    normals[ends] = places.normals[ends]
    on_skin = covering_surfels(template, torch.from_numpy(places.anatomy.vertices), surface.points)
    surfels.axes[ends], surfels.widths[ends] = on_skin.axes[ends], on_skin.widths[ends]
    surfels.widths[ends & (surface.clothes.covers != Cover.SKIN)] *= 1.25
    shod = surface.clothes.covers >= Cover.SHOE
    normals[shod] = surface.clothes.shoe_normals[shod]
    surfels.press(normals)
    return surfels


def _shape(surfels: Surfels, surface: _Surface, places: Places, painted: Paint, look: Look) -> None:
    """Clean edges of cloth, closed shoes, strands of hair, raised brows and the light in the eyes."""
    unit, normals = places.anatomy.eye_distance / 0.06, surfels.axes[:, :, 2]
    shod = np.flatnonzero(surface.clothes.covers >= Cover.SHOE)
    # Round and not too large: what closes over toes comes in all shapes.
    round_width = np.clip(np.sqrt(0.5 * np.square(surfels.widths[shod, :2]).sum(-1)), 0.0040 * unit, 0.0080 * unit)
    surfels.lay(shod, surfels.axes[shod, :, 0], round_width, round_width)
    _straighten_edges(surfels, surface.clothes)

    random = np.random.default_rng(look.seed + 20)
    hair = np.flatnonzero(surface.hair > 0.3)
    strands = strand_directions(places, normals)[hair]
    surfels.points[hair] += normals[hair] * random.normal(scale=0.0012 * unit, size=(len(hair), 1))
    length = surfels.deviations(hair, strands)
    breadth = surfels.deviations(hair, np.cross(normals[hair], strands))
    surfels.lay(hair, strands, 1.5 * length, 0.85 * breadth)

    brows = np.flatnonzero(painted.brows > 0.4)
    surfels.points[brows] += 0.0007 * unit * normals[brows]
    lights = np.flatnonzero(painted.highlights)
    surfels.points[lights] += 0.0006 * unit * normals[lights]
    surfels.widths[lights] *= 0.6


def _straighten_edges(surfels: Surfels, clothes: Clothes) -> None:
    """Line the kernels beside an edge up along it, narrower across, so that cloth ends at a line."""
    near = np.flatnonzero(np.abs(clothes.nearest_edge.distance) < 0.03)
    directions, normals = clothes.nearest_edge.direction[near], surfels.axes[near, :, 2]
    tangents = directions - (directions * normals).sum(-1, keepdims=True) * normals
    steepness = np.linalg.norm(tangents, axis=-1)
    tangents /= np.maximum(steepness, 1e-6)[:, None]
    along = np.cross(normals, tangents)
    distance = clothes.nearest_edge.distance[near] / np.maximum(steepness, 0.3)
    width = surfels.deviations(near, tangents)
    close = (np.abs(distance) < 1.4 * width) & (steepness > 1e-3)
    narrow = 0.6 * width
    # A kernel's own density falls to a half at 1.18 standard deviations: there shall the edge be.
    shift = np.where(distance >= 0, 1.18, -1.18) * narrow - distance
    surfels.points[near[close]] += (shift[:, None] * tangents)[close]
    surfels.lay(near[close], along[close], surfels.deviations(near, along)[close], narrow[close])


def _colours(
    places: Places,
    lattice: Lattice,
    surface: _Surface,
    painted: Paint,
    points: Float[np.ndarray, "N 3"],
    normals: Float[np.ndarray, "N 3"],
    look: Look,
) -> Float[np.ndarray, "N 4 3"]:
    """Spherical harmonics of degree 1: paint, cloth and hair under the painted light."""
    covers = surface.clothes.covers
    albedo, softness, gloss = painted.colours.copy(), painted.softness.copy(), painted.gloss.copy()
    random = np.random.default_rng(look.seed + 21)
    grain = random.normal(size=len(places))
    cloth = {Cover.SHIRT: look.shirt, Cover.TROUSERS: look.trousers, Cover.SHOE: look.shoes, Cover.SOLE: look.soles}
    for cover, colour in cloth.items():
        mine = covers == cover
        albedo[mine] = np.array(colour) * (1.0 + 0.012 * grain[mine, None])
        softness[mine], gloss[mine] = 0.0, 0.10 if cover is Cover.SHOE else 0.06
    is_cloth = (covers == Cover.SHIRT) | (covers == Cover.TROUSERS)
    albedo[is_cloth] *= 1.0 + 0.045 * np.clip(surface.clothes.folds, -2, 2)[is_cloth, None]

    strands = hair_colours(places, surface.hair, normals, look, grain)
    albedo = mixed(albedo, strands, surface.hair)
    softness *= 1.0 - surface.hair
    gloss = gloss * (1.0 - surface.hair) + 0.22 * surface.hair

    open_sky = np.maximum(lattice.smoothed(openness(points, normals)), painted.least_light)
    colours = lit(albedo, normals, open_sky, softness)
    colours[painted.highlights] = 1.0
    sheen = gloss[:, None] * (0.35 + 0.65 * albedo)
    return as_harmonics(colours, normals, sheen)


def _anchored(template: Template, anatomy: Anatomy, surfels: Surfels, surface: _Surface) -> Template:
    """The template with Gaussians that lie far off tiny faces bound where their steadiest neighbours are.

    An offset of many face sizes (a shoe over the clefts between toes, a shirt over a navel) would scatter as soon as
    other betas turn or scale the face a little.
    """
    rest = torch.from_numpy(anatomy.vertices)
    sizes = face_frames(template.faces, rest)[1][template.face_indices].numpy()
    reach = np.linalg.norm(surfels.points - template.surface_points(rest).numpy(), axis=-1) / np.maximum(sizes, 1e-6)
    hosts = np.arange(len(reach))
    for cover in (Cover.SHIRT, Cover.TROUSERS, Cover.SHOE, Cover.SOLE):
        mine = surface.clothes.covers == cover
        unsteady, steady = np.flatnonzero(mine & (reach > _FARTHEST)), np.flatnonzero(mine & (reach < 0.7 * _FARTHEST))
        if len(unsteady) and len(steady):
            hosts[unsteady] = steady[KDTree(surfels.points[steady]).query(surfels.points[unsteady])[1]]
    return replace(template, face_indices=template.face_indices[hosts], barycentrics=template.barycentrics[hosts])


def _parameters(
    template: Template,
    anatomy: Anatomy,
    surfels: Surfels,
    opacities: Float[np.ndarray, " N"],
    sh: Float[np.ndarray, "N K 3"],
) -> GaussianParameters:
    """World values of the T-pose in the frames and sizes of the faces."""
    rest = torch.from_numpy(anatomy.vertices)
    frames, sizes = face_frames(template.faces, rest)
    face_from_world = frames[template.face_indices].transpose(-1, -2)
    sizes = sizes[template.face_indices].clamp(min=1e-6)[:, None]
    offsets = torch.from_numpy(surfels.points) - template.surface_points(rest)
    return GaussianParameters(
        offsets=((face_from_world @ offsets[..., None])[..., 0] / sizes).float(),
        rotations_wxyz=matrix_to_quaternion(face_from_world @ torch.from_numpy(surfels.axes)).float(),
        log_scales=(torch.from_numpy(surfels.widths) / sizes).log().float(),
        opacity_logits=torch.logit(torch.from_numpy(opacities)).float(),
        sh=torch.from_numpy(sh).float(),
    )
