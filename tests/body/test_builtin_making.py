"""Laws of the steps that make the built-in body, on small made-up data, and its agreement with Anny's own model."""

from __future__ import annotations

import numpy as np
import pytest
from nlfgs_studio.core.body.builtin.actions import ironed
from nlfgs_studio.core.body.builtin.identity import draw_bodies, principal_components, variation_weights
from nlfgs_studio.core.body.builtin.makehuman import MakeHumanData
from nlfgs_studio.core.body.builtin.skeleton import JointMarkers, skin_weights
from nlfgs_studio.core.body.builtin.surface import make_surface, triangles
from nlfgs_studio.core.body.builtin.tpose import TPose
from nlfgs_studio.core.body.joints import NUM_JOINTS
from scipy.spatial.transform import Rotation


@pytest.fixture(scope="module")
def data():
    return MakeHumanData.installed()


def random_population(seed=0, people=300, shapes=12, vertices=40):
    random = np.random.default_rng(seed)
    coefficients = random.normal(size=(people, shapes)) * np.linspace(1.0, 0.2, shapes) + 0.7
    return coefficients, random.normal(size=(shapes, vertices, 3))


def test_principal_components_are_standard_deviations_of_the_people():
    coefficients, shapes = random_population()
    everywhere = np.ones(shapes.shape[1], dtype=bool)
    components = principal_components(coefficients, shapes, 12, everywhere, 3)
    flat = components.reshape(12, -1)
    gram = flat @ flat.T
    assert np.allclose(gram, np.diag(np.diag(gram)), atol=1e-4 * gram.max())
    people = np.tensordot(coefficients - coefficients.mean(axis=0), shapes, axes=1).reshape(len(coefficients), -1)
    betas = people @ flat.T / np.diag(gram)
    assert np.allclose(betas.mean(axis=0), 0.0, atol=1e-6)
    assert np.allclose(betas.std(axis=0), 1.0, atol=1e-4)
    assert np.allclose(betas @ flat, people, atol=1e-3), "all components together give every person"
    assert (components[:, 3, 1] >= 0.0).all(), "the crown rises"


def test_principal_components_ignore_what_is_not_measured():
    coefficients, shapes = random_population()
    measured = np.arange(shapes.shape[1]) < 30
    shapes[:, ~measured] *= 100.0
    components = principal_components(coefficients, shapes, 4, measured, 3)[:, measured].reshape(4, -1)
    gram = components @ components.T
    assert np.allclose(gram, np.diag(np.diag(gram)), atol=1e-4 * gram.max())


def test_t_posing_is_linear_and_turns_the_joints():
    random = np.random.default_rng(1)
    rotations = Rotation.random(NUM_JOINTS, random_state=1).as_matrix()
    rotations[0] = np.eye(3)
    pose = TPose(rotations=rotations, weights=random.dirichlet(np.full(NUM_JOINTS, 0.1), 20))
    (a, b), (ja, jb) = random.normal(size=(2, 20, 3)), random.normal(size=(2, NUM_JOINTS, 3))
    sum_of_both = pose.apply(2.0 * a - b, 2.0 * ja - jb)
    for both, one, other in zip(sum_of_both, pose.apply(a, ja), pose.apply(b, jb), strict=True):
        assert np.allclose(both, 2.0 * one - other)
    posed = pose.apply(a, ja)[1]
    assert np.allclose(posed[0], 0.0)
    assert np.allclose(posed[4] - posed[1], rotations[1] @ (ja[4] - ja[1])), "the shin hangs on the turned thigh"


def test_ironing_removes_a_spike_and_leaves_the_smooth():
    side = 9
    grid = np.arange(side * side).reshape(side, side)
    quads = np.stack([grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]], axis=-1).reshape(-1, 4)
    smooth = np.zeros((1, side * side, 3))
    smooth[0, :, 1] = 0.0004 * np.repeat(np.arange(side), side)
    assert np.allclose(ironed(smooth, triangles(quads)), smooth)
    spiked = smooth.copy()
    spiked[0, grid[4, 4], 2] = 0.01
    assert np.abs(ironed(spiked, triangles(quads)) - smooth).max() < 0.0015


def test_variation_weights_interpolate():
    weights = variation_weights(
        dict.fromkeys(("gender", "muscle", "weight", "height", "proportions", "cupsize", "firmness"), np.array([0.5]))
        | {"age": np.array([5 / 6])}
        | {name: np.array([share]) for name, share in (("african", 0.2), ("asian", 0.3), ("caucasian", 0.5))}
    )  # fmt: skip
    assert weights["young"] == pytest.approx(0.5)
    assert weights["old"] == pytest.approx(0.5)
    assert weights["child"] == 0.0
    assert weights["averagemuscle"] == 1.0
    assert weights["asian"] == 0.3


def test_surface_drops_what_is_not_a_person(data):
    surface = make_surface(data.base_mesh)
    assert len(surface.quads) == 14_022
    used = np.concatenate([surface.quads.ravel(), surface.shell_quads.ravel()])
    assert np.array_equal(np.unique(used), np.arange(len(surface.base_indices)))
    assert not np.isin(surface.base_indices, data.base_mesh.quads["helper-genital"]).any()


def test_bone_weights_are_merged_without_loss(data):
    surface = make_surface(data.base_mesh)
    weights = skin_weights(data.base_mesh, data.bones, data.bone_weights)[surface.base_indices]
    assert np.allclose(weights.sum(axis=1), 1.0)
    upper_teeth, lower_teeth = surface.group("helper-upper-teeth"), surface.group("helper-lower-teeth")
    assert weights[upper_teeth, 15].min() > 0.9, "with the head"
    assert not weights[upper_teeth, 22].any()
    assert np.allclose(weights[lower_teeth, 22], 1.0), "with the jaw"


def test_joint_markers_are_symmetric(data):
    joints = JointMarkers(data.base_mesh, data.bones).positions(data.base_mesh.vertices)
    assert np.allclose(joints[[16, 18, 20]], joints[[17, 19, 21]] * (-1.0, 1.0, 1.0), atol=1e-3)


@pytest.mark.slow
def test_people_agree_with_annys_own_model(data, tmp_path):
    """Anny builds for a minute and keeps a cache of its own, here in the test's folder."""
    import anny
    import torch
    from anny.paths import get_anny_cache_path, set_anny_cache_path
    from nlfgs_studio.core.body.builtin import identity

    cache = get_anny_cache_path()
    set_anny_cache_path(tmp_path)
    try:
        model = anny.Anny(rig="makehuman", topology="makehuman", phenotypes="all", phenotype_blendshapes="original")
    finally:
        set_anny_cache_path(cache)
    random = np.random.default_rng(3)
    people = draw_bodies(data, random, lambda _done: None)
    phenotypes = identity._draw_phenotypes(np.random.default_rng(3))
    for person in range(5):
        with torch.no_grad():
            chosen = {name: float(values[person]) for name, values in phenotypes.items()}
            theirs = model(phenotype_kwargs=chosen)["rest_vertices"][0].numpy()
        ours = data.base_mesh.vertices + np.tensordot(people.coefficients[person], people.shapes, axes=1)
        ours = ours[model.base_mesh_vertex_indices.numpy()] @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
        assert np.abs(ours - theirs).max() < 1e-4
