"""Everything that can happen to the state, each a value with a pure function from the old state to the new one.

Document actions are covered by undo; the others are not. Values that would break the state are refused with a
ValueError, and the old state stays.
"""

from .capturing import SetCapturing, SetCorrecting
from .document import (
    DocumentAction,
    MirrorPose,
    ResetJoints,
    SetAvatar,
    SetBeta,
    SetBetas,
    SetExpression,
    SetExpressionValue,
    SetJoint,
    SetPartStyle,
    SetPose,
    SetTranslation,
)
from .driving import HandBack, SetDriving, TakeOver
from .refining import KeepRefined, SetRefining
from .session import (
    MAX_RECENT,
    BeginDrag,
    ClearLog,
    DocumentSaved,
    EndDrag,
    OfferStandIn,
    OpenDocument,
    Redo,
    Report,
    RestoreSession,
    SelectJoint,
    SetJobs,
    SetPlayback,
    SetRecent,
    SetSettings,
    SetView,
    ShowMotion,
    StateAction,
    Undo,
)
from .timeline import SetRecording, SetTimeline, ShowMoment

Action = DocumentAction | StateAction | BeginDrag | EndDrag | Undo | Redo | KeepRefined

__all__ = [
    "MAX_RECENT",
    "Action",
    "BeginDrag",
    "ClearLog",
    "DocumentAction",
    "DocumentSaved",
    "EndDrag",
    "HandBack",
    "KeepRefined",
    "MirrorPose",
    "OfferStandIn",
    "OpenDocument",
    "Redo",
    "Report",
    "ResetJoints",
    "RestoreSession",
    "SelectJoint",
    "SetAvatar",
    "SetBeta",
    "SetBetas",
    "SetCapturing",
    "SetCorrecting",
    "SetDriving",
    "SetExpression",
    "SetExpressionValue",
    "SetJobs",
    "SetJoint",
    "SetPartStyle",
    "SetPlayback",
    "SetPose",
    "SetRecent",
    "SetRecording",
    "SetRefining",
    "SetSettings",
    "SetTimeline",
    "SetTranslation",
    "SetView",
    "ShowMoment",
    "ShowMotion",
    "StateAction",
    "TakeOver",
    "Undo",
]
