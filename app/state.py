"""Everything the program knows at one moment, as one frozen value; a frame of the window reads nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..core.avatar.part_styles import PartStyle
from ..core.body.joints import NUM_JOINTS
from ..core.body.timeline import EMPTY, Timeline
from ..core.cameras import OrbitCamera
from ..core.rendering.display import PLAIN, Display
from ..core.tracking.camera_source import is_camera
from .captured import NOBODY_IS_CAPTURED, Capturing
from .corrected import Correcting
from .driven import NOBODY_DRIVES, Driving
from .refined import NOTHING_REFINED, Refinement
from .settings import DEFAULT_SETTINGS, Settings

if TYPE_CHECKING:
    from ..core.avatar.avatar import Avatar
    from ..core.body.model import BodyModel
    from ..core.body.motion import Motion
    from ..core.gaussians import Gaussians
    from ..core.jobs import Progress
    from .localized import LocalizedPhoto

Point = tuple[float, float]
Vector = tuple[float, float, float]
Kind = Literal["info", "warning", "error"]

REST_ROTATIONS: tuple[Vector, ...] = ((0.0, 0.0, 0.0),) * NUM_JOINTS
DEFAULT_ORBIT = OrbitCamera()
DEFAULT_BACKGROUND: Vector = (0.13, 0.14, 0.16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What undo covers and saving stores: an avatar with its shape and pose, or static Gaussians, or nothing yet.

    Two documents are equal when the person sees no difference; avatars, bodies and Gaussians compare by identity.
    """

    body: BodyModel | None = None
    """The body that `avatar` is bound to; present exactly when `avatar` is."""
    avatar: Avatar | None = None
    static: Gaussians | None = None
    """Gaussians that no body drives: a foreign splat file opened for viewing."""
    betas: tuple[float, ...] = ()
    rotations: tuple[Vector, ...] = REST_ROTATIONS
    """Per joint an axis-angle vector in radians."""
    translation: Vector = (0.0, 0.0, 0.0)
    """Metres."""
    expression: tuple[float, ...] = ()
    timeline: Timeline = EMPTY
    """Pose and expression are what stands at its playhead, until it moves on."""
    part_styles: tuple[PartStyle, ...] = ()
    """Groups of the avatar that are hidden or tinted, by name; the others are shown as they are."""
    origin: int = 0
    """Which opened document this is: steps of undo with one origin belong to one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFile:
    """Where the documents of one origin come from and are stored, and which of them the file holds."""

    path: Path | None = None
    title: str = ""
    """What they are called without a file; empty for the program's own avatar."""
    saved: Document | None = None
    has_view: bool = False
    """Whether the file said how its document is looked at; others are brought into view."""
    localized: LocalizedPhoto | None = None
    """The photo from which the avatar was made."""
    pictures: Path | None = None
    """The folder of the pictures that it was made of, until they lie beside a project."""
    is_of_face: bool = False
    """Whether those pictures show little but a face."""
    notes: tuple[str, ...] = ()
    """What the person should know of those pictures, and which were left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How the document is looked at; never part of it."""

    orbit: OrbitCamera = DEFAULT_ORBIT
    background: Vector = DEFAULT_BACKGROUND
    renderer: str = "auto"
    splat_scale: float = 1.0
    max_sh_degree: int = 3
    display: Display = PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    """The playhead: of the motion that is shown in place of the document's pose, else of the document's timeline."""

    motion: Motion | None = None
    path: Path | None = None
    seconds: float = 0.0
    playing: bool = False
    loop: bool = True
    speed: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One line for the person; `hint` says what to do next."""

    message: str
    hint: str = ""
    kind: Kind = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A status that was shown; `time` in seconds since the epoch."""

    time: float
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The program's whole state; a new one for every change, parts that did not change are the same objects."""

    document: Document = Document()
    files: tuple[DocumentFile, ...] = (DocumentFile(saved=Document()),)
    """Indexed by `Document.origin`."""
    view: View = View()
    playback: Playback = Playback()
    status: Status = Status(message="")
    log: tuple[LogEntry, ...] = ()
    """Oldest first."""
    jobs: tuple[Progress, ...] = ()
    """What runs in the background, as far as it has said."""
    recent: tuple[Path, ...] = ()
    """Files opened or saved, newest first."""
    settings: Settings = DEFAULT_SETTINGS
    stand_in_offered: Path | None = None
    """An avatar whose body is missing, and that could be opened on another."""
    selected_joint: int | None = None
    """The joint that the gizmo over the picture turns."""
    recording: bool = False
    """Whether what is shown becomes a clip on the timeline."""
    recorded: Motion | None = None
    """What was recorded last."""
    driving: Driving = NOBODY_DRIVES
    capturing: Capturing = NOBODY_IS_CAPTURED
    correcting: Correcting | None = None
    """A picture whose outline is being corrected."""
    refining: Refinement = NOTHING_REFINED

    @property
    def kept(self) -> State:
        """As it would be if what refining has made so far were taken into the document."""
        made = self.refining.avatar
        if made is None:
            return self
        refining = replace(self.refining, base=made, avatar=None)
        return replace(self, document=replace(self.document, avatar=made), refining=refining)

    @property
    def is_camera_open(self) -> bool:
        """What the person must be told of at any time."""
        return is_camera(self.driving.open_source) or is_camera(self.capturing.open_source)

    @property
    def file(self) -> DocumentFile:
        return self.files[self.document.origin]

    @property
    def shown(self) -> Document:
        """The document as it stands: what drives the avatar lies over its own pose, but for what the person holds."""
        document, driving = self.document, self.driving
        if driving.pose is None or len(driving.pose.expression) != len(document.expression):
            return document  # nobody drives, or drove a body that was put away
        rotations = tuple(
            document.rotations[joint] if joint in driving.held_joints else rotation
            for joint, rotation in enumerate(driving.pose.rotations)
        )
        expression = tuple(
            document.expression[action] if action in driving.held_actions else value
            for action, value in enumerate(driving.pose.expression)
        )
        return replace(document, rotations=rotations, expression=expression, translation=driving.pose.translation)

    @property
    def playing_seconds(self) -> float:
        """How long that lasts whose playhead `playback` is."""
        motion = self.playback.motion
        return self.document.timeline.duration if motion is None else motion.seconds

    @property
    def unsaved(self) -> bool:
        """Whether closing would lose work."""
        document = self.kept.document
        return (document.avatar is not None or document.static is not None) and document != self.file.saved
