"""Refines the avatar from its pictures while the window goes on; belongs to the main thread, the work is in jobs.

The document is not touched until refining ends: what is made lies over its avatar, is drawn in its place, and becomes
one step of undo. Whatever ends it - the person, the time, a mistake, another document - what was made is kept, unless
the person throws it away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..core.channels import LatestSlot
from ..core.errors import Cancelled, StudioError
from .actions import Action, KeepRefined, Report, SetCapturing, SetRefining
from .captured import with_sources
from .held_creator import HeldCreator
from .material import Material, gathered, kept_pictures, material_of, with_view
from .new_views import NewViews
from .refined import NOTHING_REFINED, Refinement, thinned
from .state import Kind
from .store import Store

if TYPE_CHECKING:
    from ..core.creation.creator import Creation
    from ..core.creation.fitted import FittedPicture
    from ..core.jobs import JobContext
    from ..core.training.refine import RefineWires, Snapshot, Wish
    from .driven import Sight

JOB, VIEW_JOB = "refine", "view"
CERTAIN = 0.5
"""Confidence of a face that is worth learning from."""
VIEW_SECONDS = 1.0
"""Between two new views that a camera adds."""

Finish = Callable[[Any], Iterable[Action]]
Start = Callable[[str, Callable[["JobContext"], Any], Finish, Finish], None]
"""`Services.start`."""


class Refining:
    """`tick` once a frame."""

    def __init__(self, store: Store, start: Start, cancel: Callable[[str], None], creator: HeldCreator) -> None:
        """`start` and `cancel` a job; `creator` places pictures that nobody offered."""
        self._store = store
        self._creator = creator
        self._start_job = start
        self._cancel_job = cancel
        self._material: Material | None = None
        self._gathered: LatestSlot[Material] = LatestSlot()
        self._wires: RefineWires | None = None
        """Of the job that runs."""
        self._is_over = False
        """What was made waits for the moment when it can become a step."""
        self._views = NewViews()
        self._sight: Sight | None = None
        self._next_view = 0.0
        self._origin: int | None = None
        """Of the document that was refined last."""
        self._warned: set[str] = set()

    # What the person asks for

    def offer(
        self,
        creation: Creation,
        *,
        judged: Sequence[FittedPicture] = (),
        looked_at: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        """The document that is open was made like this, and can be refined from the same pictures.

        By those that it is `judged` by it was not made; `looked_at` as in `Material`.
        """
        self._material = material_of(creation, judged, looked_at, self._store.state.document.origin)

    @property
    def person(self) -> Creation | None:
        """Who is shown by the pictures of the avatar that is open, where that is known."""
        known = self._known
        return None if known is None else known.person

    def forget(self, names: Collection[str]) -> None:
        """Pictures that are being deleted are not learned from any more; what was learned stays."""
        if self._ends_for(names):
            said = "refining ended, for pictures that it learned from are deleted"
            self._say(said, hint="it can be started again")
        if self._material is not None:
            self._material = self._material.without(names)  # others may be called the same

    def look_again(self, names: Collection[str]) -> None:
        """Outlines of these pictures were corrected; they are placed anew when it starts the next time."""
        if self._ends_for(names):
            said = "refining ended, for outlines that it learned from were corrected"
            self._say(said, hint="started again it takes the new ones")

    def _ends_for(self, names: Collection[str]) -> bool:
        """Whether it had to end, for it learns from one of these pictures, or is just looking at them."""
        known, refining = self._known, self._store.state.refining
        is_placed = known is not None and not known.looked_at.keys().isdisjoint(names)
        if refining.phase == "fitting" or (refining.is_on and is_placed):
            self.keep_now()
            return True
        return False

    def start(self, seconds: float | None) -> None:
        """Refine the avatar for so long, or until it is told to stop.

        Raises:
            StudioError: there is no avatar, or it is being refined.
            ValueError: it shall take no time.
        """
        if self._is_over:
            self._keep()  # it waited for a drag to end
        state = self._store.state
        document = state.document
        if seconds is not None and not seconds > 0.0:
            raise ValueError(f"refining takes more than {seconds} seconds")
        if document.body is None or document.avatar is None:
            raise StudioError("there is no avatar to refine", hint="make one from pictures of yourself")
        from ..core.training.refine import RefineRequest, RefineWires, refine

        body, avatar, folder, creator = document.body, document.avatar, kept_pictures(state), self._creator
        known, gathered_slot, wires, listed = self._known, self._gathered, RefineWires(), state.capturing.pictures

        def work(context: JobContext) -> Snapshot | None:
            with suppress(Cancelled):  # the person was told already
                return improved(context)
            return None

        def improved(context: JobContext) -> Snapshot:
            material = gathered(known, document, folder, listed, creator, context.report)
            gathered_slot.put(material)
            request = RefineRequest(
                body=body,
                avatar=avatar,
                observations=material.observations,
                held_out=material.held_out,
                seconds=seconds,
            )
            return refine(context, request, wires)

        self._start_job(JOB, work, self._finished, self._failed)
        self._wires, self._is_over, self._views = wires, False, NewViews()
        self._origin, self._warned = document.origin, set()
        begun = Refinement(phase="fitting", base=avatar, seconds=seconds, num_pictures=self._num_pictures())
        self._store.dispatch(SetRefining(refining=begun))

    def pause(self) -> None:
        """
        Raises:
            StudioError: nothing is being refined.
        """
        self._wish("pause", is_paused=True)

    def resume(self) -> None:
        """
        Raises:
            StudioError: nothing is being refined.
        """
        self._wish("resume", is_paused=False)

    def stop(self) -> None:
        """End it; what was made becomes the document's avatar, as one step of undo.

        Raises:
            StudioError: nothing is being refined.
        """
        if self._store.state.refining.phase == "fitting":
            self._let_go()
            self._say("stopped before anything was made")
        else:
            self._wish("stop", phase="stopping", is_paused=False)

    def keep_now(self) -> None:
        """As `stop`, with what is there at this very moment; nothing happens where nothing is being refined."""
        if self._wires is not None:
            self._store.dispatch(KeepRefined())
            self._let_go()

    def revert(self) -> None:
        """End it and throw away what was made.

        Raises:
            StudioError: nothing is being refined.
        """
        if self._wires is None:
            raise _nothing_goes_on()
        self._let_go()
        self._set(figures=())
        self._say("what was refined is thrown away")

    def _let_go(self) -> None:
        """Whatever the job still brings belongs to nobody."""
        self._cancel_job(JOB)
        self._set(phase="stopping", base=None, avatar=None)

    def _wish(self, wish: Wish, **changes: Any) -> None:
        """
        Raises:
            StudioError: nothing is being refined.
        """
        if self._wires is None or self._store.state.refining.phase != "refining":
            raise _nothing_goes_on()
        self._wires.wishes.put(wish)
        self._set(**changes)

    @property
    def _known(self) -> Material | None:
        """What was placed around the avatar that is open."""
        material = self._material
        return material if material is not None and material.origin == self._store.state.document.origin else None

    def _num_pictures(self) -> int:
        state, known = self._store.state, self._known
        folder, capturing = kept_pictures(state), state.capturing
        kept = capturing.pictures if folder is not None and capturing.folder == folder else ()
        fresh = [each for each in kept if known is None or each.name not in known.looked_at]
        return sum(each.shot.is_usable for each in fresh) + (0 if known is None else known.num_pictures)

    # Frames

    def tick(self, now: float) -> None:
        """Take in what the jobs brought, and look for new views; `now` in seconds of a steady clock."""
        gathered = self._gathered.take()
        if gathered is not None:
            self._material = gathered
            self._warn(gathered)
            if self._store.state.refining.phase == "fitting":
                self._set(phase="refining")
            capturing = self._store.state.capturing
            if capturing.outlines_changed and self._store.state.refining.base is not None:  # it takes them
                self._store.dispatch(SetCapturing(capturing=replace(capturing, outlines_changed=False)))
        if self._wires is not None:
            self._take(self._wires)
        num_pictures = self._num_pictures()
        if self._store.state.refining.num_pictures != num_pictures:
            self._set(num_pictures=num_pictures)
        self._show_own()
        self._learn_from_camera(now)
        # A drag is one step, and what was made another.
        if self._is_over and not self._store.dragging:
            self._keep()

    def _show_own(self) -> None:
        """Figures and troubles of another document are not this one's."""
        refining = self._store.state.refining
        is_others = refining.phase == "off" and self._origin != self._store.state.document.origin
        if is_others and (refining.figures or refining.trouble is not None):
            self._set(figures=(), trouble=None)

    def _warn(self, material: Material) -> None:
        """Of the pictures that came last; each thing once."""
        for warning in material.warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                self._say(with_sources(warning, self._store.state.capturing.pictures), kind="warning")

    def _take(self, wires: RefineWires) -> None:
        refining, document = self._store.state.refining, self._store.state.document
        if refining.base is None:
            return  # thrown away
        if refining.base is not document.avatar:
            self._let_go()
            self._say("refining ended, for this is another avatar", hint="what it had made is a step of undo")
            return
        figures, snapshot = tuple(wires.figures.drain()), wires.snapshots.take()
        changes: dict[str, Any] = {}
        if figures:
            changes["figures"] = thinned((*refining.figures, *figures))
        if snapshot is not None:
            changes["avatar"] = snapshot.avatar
        if changes:
            self._set(**changes)

    def _learn_from_camera(self, now: float) -> None:
        """A new view of the person whom a camera follows joins the pictures, one at a time."""
        state, known, wires = self._store.state, self._known, self._wires
        sight, before = state.driving.sight, self._sight
        if sight is None or sight is before or known is None or wires is None or now < self._next_view:
            return
        self._sight = sight
        is_wanted = state.settings.refine.continuous and state.driving.phase == "running" and state.driving.is_camera
        if not is_wanted or state.refining.phase != "refining" or state.refining.is_paused:
            return
        is_free = not any(job.name == VIEW_JOB for job in state.jobs)
        if not is_free or sight.confidence.face < CERTAIN or not self._views.is_new(sight.pose):
            return
        self._next_view = now + VIEW_SECONDS
        whole, creator = sight.whole, self._creator

        def work(context: JobContext) -> Material:
            return with_view(known, whole, creator, context.report)

        def finish(material: Material) -> Iterable[Action]:
            if self._known is known:
                self._material = material
                self._warn(material)
                for observation in material.observations[len(known.observations) :]:
                    wires.arrivals.put(observation)
            return ()

        self._start_job(VIEW_JOB, work, finish, lambda _: ())

    def _finished(self, result: Snapshot | None) -> Iterable[Action]:
        refining = self._store.state.refining
        if result is not None and refining.base is not None and refining.base is self._store.state.document.avatar:
            yield SetRefining(refining=replace(refining, phase="stopping", avatar=result.avatar))
        self._is_over = True

    def _failed(self, error: BaseException) -> Iterable[Action]:
        self._is_over = True
        trouble = error if isinstance(error, StudioError) else StudioError(f"refining failed: {error}")
        yield SetRefining(refining=replace(self._store.state.refining, phase="stopping", trouble=trouble))

    def _keep(self) -> None:
        refining = self._store.state.refining
        if refining.avatar is not None:
            self._store.dispatch(KeepRefined())
            self._say(f"the avatar was refined{_how_much(refining)}", hint="undo brings back the one before")
        self._wires, self._is_over = None, False
        left = replace(NOTHING_REFINED, figures=refining.figures, seconds=refining.seconds, trouble=refining.trouble)
        self._store.dispatch(SetRefining(refining=replace(left, num_pictures=refining.num_pictures)))

    def _set(self, **changes: Any) -> None:
        self._store.dispatch(SetRefining(refining=replace(self._store.state.refining, **changes)))

    def _say(self, message: str, *, hint: str = "", kind: Kind = "info") -> None:
        self._store.dispatch(Report.now(message, hint=hint, kind=kind))


def _nothing_goes_on() -> StudioError:
    return StudioError("nothing is being refined", hint="start it in the Refine panel")


def _how_much(refining: Refinement) -> str:
    """In words, as far as figures tell."""
    if not refining.figures:
        return ""
    last = refining.figures[-1]
    judged = [each.held_out_psnr for each in refining.figures if each.held_out_psnr is not None]
    gained = f": from {judged[0]:.1f} to {judged[-1]:.1f} dB on what it never saw" if len(judged) > 1 else ""
    return f" for {last.seconds:.0f} s{gained}"
