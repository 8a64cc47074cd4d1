"""Undo and redo, drags, and values that are refused."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nlfgs_studio.app import history
from nlfgs_studio.app.actions import (
    BeginDrag,
    EndDrag,
    MirrorPose,
    OpenDocument,
    Redo,
    ResetJoints,
    SetBeta,
    SetBetas,
    SetExpression,
    SetExpressionValue,
    SetJoint,
    SetPlayback,
    SetPose,
    SetTranslation,
    SetView,
    Undo,
)
from nlfgs_studio.app.state import Document, State
from nlfgs_studio.app.store import Store
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.cameras import OrbitCamera
from nlfgs_studio.core.gaussians import GaussianParameters

LEFT_ELBOW = JOINT_NAMES.index("left_elbow")
RIGHT_ELBOW = JOINT_NAMES.index("right_elbow")


@pytest.fixture
def store(document) -> Store:
    store = Store()
    store.dispatch(OpenDocument(document=document))
    return store


def bend(angle: float, joint: int = LEFT_ELBOW) -> SetJoint:
    return SetJoint(joint=joint, rotation=(0.0, angle, 0.0))


def test_undo_gives_back_the_same_object_and_redo_the_changed_one(store):
    before = store.state.document
    changed = store.dispatch(bend(-1.0)).document
    assert changed != before
    assert store.dispatch(Undo()).document is before
    assert store.dispatch(Redo()).document is changed


def test_undo_and_redo_at_the_ends_of_the_history_change_nothing(store):
    state = store.state
    assert store.dispatch(Undo()) is state
    assert store.dispatch(Redo()) is state
    assert not store.can_undo
    assert not store.can_redo


def test_a_change_forgets_what_was_undone(store):
    store.dispatch(bend(-1.0))
    store.dispatch(Undo())
    assert store.can_redo
    kept = store.dispatch(bend(-0.5)).document
    assert not store.can_redo
    assert store.dispatch(Redo()).document is kept


def test_a_value_that_is_there_already_is_no_step(store):
    store.dispatch(bend(-1.0))
    state = store.state
    assert store.dispatch(bend(-1.0)) is state
    store.dispatch(Undo())
    assert not store.can_undo


def test_one_drag_is_one_step(store):
    before = store.state.document
    store.dispatch(BeginDrag())
    for step in range(1, 50):
        store.dispatch(bend(-0.02 * step))
        store.dispatch(SetExpressionValue(index=0, value=0.01 * step))
    after = store.dispatch(EndDrag()).document
    assert after.rotations[LEFT_ELBOW][1] == pytest.approx(-0.98)
    assert store.dispatch(Undo()).document is before
    assert not store.can_undo
    assert store.dispatch(Redo()).document is after


def test_a_drag_that_ends_where_it_began_is_no_step_and_keeps_what_can_be_redone(store):
    store.dispatch(bend(0.3))
    store.dispatch(Undo())
    before = store.state.document
    store.dispatch(BeginDrag())
    store.dispatch(bend(-1.0))
    store.dispatch(SetJoint(joint=LEFT_ELBOW, rotation=(0.0, 0.0, 0.0)))
    assert store.dispatch(EndDrag()).document is before
    assert not store.can_undo
    assert store.can_redo
    assert not store.state.unsaved


def test_a_second_drag_ends_the_first_and_undo_ends_a_drag(store):
    before = store.state.document
    store.dispatch(BeginDrag())
    first = store.dispatch(bend(-1.0)).document
    store.dispatch(BeginDrag())
    store.dispatch(bend(-1.5))
    assert store.dispatch(Undo()).document is first
    assert not store.dragging
    assert store.dispatch(Undo()).document is before


def test_an_end_without_a_drag_changes_nothing(store):
    state = store.state
    assert store.dispatch(EndDrag()) is state


def test_opening_is_undone_together_with_where_it_is_stored(store, document, tmp_path):
    first = store.dispatch(bend(-1.0)).document
    second = store.dispatch(OpenDocument(document=replace(document), path=tmp_path / "b.npz"))
    assert second.file.path == tmp_path / "b.npz"
    assert not second.unsaved
    back = store.dispatch(Undo())
    assert back.document is first
    assert back.file.path is None
    assert back.unsaved
    assert store.dispatch(Redo()).document is second.document


def test_unsaved_is_told_by_value(store):
    assert not store.state.unsaved
    store.dispatch(SetTranslation(translation=(0.1, 0.0, 0.0)))
    assert store.state.unsaved
    store.dispatch(SetTranslation(translation=(0.0, 0.0, 0.0)))
    assert not store.state.unsaved


def test_the_history_is_bounded_in_steps(store):
    for step in range(history.MAX_STEPS + 20):
        store.dispatch(bend(0.001 * (step + 1)))
    num_undone = 0
    while store.can_undo:
        store.dispatch(Undo())
        num_undone += 1
    assert num_undone == history.MAX_STEPS


def test_the_history_is_bounded_in_bytes_and_shared_tensors_count_once(store, avatar, monkeypatch):
    parameters = avatar.parameters
    one_more_edit = 4 * parameters.offsets.nelement()
    template = avatar.template
    tensors = [avatar.betas, template.faces, template.face_indices, template.barycentrics, parameters.offsets]
    tensors += [parameters.rotations_wxyz, parameters.log_scales, parameters.opacity_logits, parameters.sh]
    size = sum(tensor.nelement() * tensor.element_size() for tensor in tensors)
    monkeypatch.setattr(history, "MAX_BYTES", size + 5 * one_more_edit)
    for _ in range(20):
        edited = replace(parameters, offsets=parameters.offsets.clone())
        assert isinstance(edited, GaussianParameters)
        document = replace(store.state.document, avatar=replace(avatar, parameters=edited))
        store.dispatch(OpenDocument(document=document))
    assert len(store._history.past) == 6
    reachable = {document.origin for document in store._history.past} | {store.state.document.origin}
    held = {origin for origin, file in enumerate(store.state.files) if file.saved is not None}
    assert held == reachable


def test_parts_that_did_not_change_are_the_same_objects(store):
    before = store.state
    after = store.dispatch(bend(-1.0))
    assert after.view is before.view
    assert after.playback is before.playback
    assert after.document.betas is before.document.betas
    assert after.document.expression is before.document.expression
    assert store.dispatch(SetView(splat_scale=0.5)).document is after.document


BAD_ACTIONS = {
    "rotation not a number": SetJoint(joint=1, rotation=(float("nan"), 0.0, 0.0)),
    "rotation infinite": SetJoint(joint=1, rotation=(0.0, float("inf"), 0.0)),
    "rotation beyond reason": SetJoint(joint=1, rotation=(0.0, 1e30, 0.0)),
    "rotation too short": SetJoint(joint=1, rotation=(0.0, 0.0)),
    "no such joint": SetJoint(joint=55, rotation=(0.0, 0.0, 0.0)),
    "negative joint": SetJoint(joint=-1, rotation=(0.0, 0.0, 0.0)),
    "no such joint to reset": ResetJoints(joints=(0, 99)),
    "too few joints": SetPose(rotations=((0.0, 0.0, 0.0),) * 22),
    "pose with a bad expression": SetPose(rotations=((0.1, 0.0, 0.0),) * 55, expression=(0.0,)),
    "translation too long": SetTranslation(translation=(0.0, 0.0, 0.0, 0.0)),
    "no such action": SetExpressionValue(index=10, value=0.0),
    "expression not a number": SetExpressionValue(index=0, value=float("nan")),
    "too many expression values": SetExpression(values=(0.0,) * 11),
    "no such beta": SetBeta(index=10, value=0.0),
    "too few betas": SetBetas(values=(0.0,) * 9),
    "betas not numbers": SetBetas(values=(float("nan"),) * 10),
    "background too bright": SetView(background=(2.0, 0.0, 0.0)),
    "background not a number": SetView(background=(float("nan"), 0.0, 0.0)),
    "splats of no size": SetView(splat_scale=0.0),
    "no such degree": SetView(max_sh_degree=4),
    "camera nowhere": SetView(orbit=OrbitCamera(yaw=float("nan"))),
    "time not a number": SetPlayback(seconds=float("nan")),
    "no speed": SetPlayback(speed=0.0),
    "an avatar without a body": OpenDocument(document=Document(avatar=object())),
}


@pytest.mark.parametrize("name", BAD_ACTIONS)
def test_bad_values_are_refused_and_leave_no_trace(store, name):
    state, past = store.state, store._history
    with pytest.raises(ValueError):  # noqa: PT011 - each of these says something else
        store.dispatch(BAD_ACTIONS[name])
    assert store.state is state
    assert store._history is past


def test_a_document_that_does_not_fit_its_body_is_refused(store, document):
    state = store.state
    with pytest.raises(ValueError, match="betas"):
        store.dispatch(OpenDocument(document=replace(document, betas=(0.0,))))
    assert store.state is state


def test_mirroring_agrees_with_the_body(store, plain_body):
    from nlfgs_studio.core.body.parameters import BodyPose, mirror

    random = torch.Generator().manual_seed(1)
    values = torch.randn(55, 3, generator=random).double()
    store.dispatch(SetPose(rotations=tuple(map(tuple, values.tolist())), translation=(0.1, 0.2, 0.3)))
    mirrored = store.dispatch(MirrorPose()).document
    expected = mirror(
        BodyPose(
            rotations=values, expression=torch.zeros(10).double(), translation=torch.tensor([0.1, 0.2, 0.3]).double()
        )
    )
    assert torch.equal(torch.tensor(mirrored.rotations, dtype=torch.float64), expected.rotations)
    assert mirrored.translation[1:] == (0.2, 0.3)
    assert mirrored.translation[0] == -0.1


def test_the_store_belongs_to_its_thread(store):
    refused = []

    def dispatch() -> None:
        try:
            store.dispatch(Undo())
        except AssertionError as error:
            refused.append(error)

    thread = threading.Thread(target=dispatch)
    thread.start()
    thread.join()
    assert refused


MOVES = st.lists(st.sampled_from(["bend", "face", "begin", "end", "undo", "redo"]), max_size=40)


@settings(max_examples=60, deadline=None)
@given(moves=MOVES, values=st.lists(st.sampled_from([0.0, 0.1, 0.2]), min_size=40, max_size=40))
def test_whatever_happens_undoing_all_leads_back_and_redoing_all_forth(document, moves, values):
    store = Store(State(document=document, files=State().files))
    for move, value in zip(moves, values, strict=False):
        store.dispatch(
            {
                "bend": bend(value),
                "face": SetExpressionValue(index=0, value=value),
                "begin": BeginDrag(),
                "end": EndDrag(),
                "undo": Undo(),
                "redo": Redo(),
            }[move]
        )
    store.dispatch(EndDrag())
    while store.can_redo:
        store.dispatch(Redo())
    last = store.state.document
    documents = [last]
    while store.can_undo:
        documents.append(store.dispatch(Undo()).document)
    assert documents[-1] is document
    assert all(one != other for one, other in itertools.pairwise(documents))
    while store.can_redo:
        store.dispatch(Redo())
    assert store.state.document is last
