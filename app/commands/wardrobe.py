"""Who the avatar is: drawing people, changing how they look, hiding and tinting their parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...core.errors import StudioError
from ..actions import SetPartStyle
from ..dressing import Wish, dress, present_look
from ..services import Services
from ..state import Vector
from .registry import body_of, command


@command("Draw a person", effect="document", seed=7)
def draw_person(services: Services, *, seed: int) -> None:
    """Make person number `seed` of the present body: looks and build; 0 is the default person."""
    from ...core.avatar.people import drawn_betas, drawn_look

    body = body_of(services)
    if seed < 0:
        raise StudioError("people are numbered from 0", hint="choose a number of 0 or more")
    betas = tuple(drawn_betas(seed, body).tolist())
    dress(services, Wish(look=drawn_look(seed), betas=betas, name=f"person {seed}" if seed else "default"))


@command("Look", effect="document", anew=True, hair_shape="long", shirt=(0.7, 0.2, 0.2))
def set_look(services: Services, *, anew: bool = False, **changes: Any) -> None:
    """Change fields of the avatar's look (`core.avatar.look.Look`); `anew` also dresses an avatar made elsewhere."""
    from ...core.avatar.look import Look

    body_of(services)
    look = present_look(services)
    if look is None and not anew:
        raise StudioError(
            "this avatar was not dressed here, so its clothes cannot be changed", hint="hide or tint its parts instead"
        )
    try:
        changed = replace(look or Look(), **changes)
    except TypeError as error:
        raise ValueError(f"a look has no such field: {error}") from error
    except ValueError as error:
        raise StudioError(str(error), hint="choose one of these") from error
    if changed != look:
        dress(services, Wish(look=changed))


@command("Part", effect="document", group="left arm", visible=False, tint=(1.0, 0.8, 0.6))
def set_part_style(services: Services, *, group: str, visible: bool | None = None, tint: Vector | None = None) -> None:
    """Show or hide a group of the avatar (hair, top, left arm ...), or tint it; what is None stays."""
    from ...core.avatar.part_styles import PartStyle
    from ...core.avatar.styles import groups_of

    body, document = body_of(services), services.store.state.document
    assert document.avatar is not None
    names = groups_of(document.avatar, body).names
    if group not in names:
        raise StudioError(f"this avatar has no part {group!r}", hint=f"it has {', '.join(names)}")
    style = next((each for each in document.part_styles if each.group == group), PartStyle(group=group))
    if visible is not None:
        style = replace(style, visible=visible)
    if tint is not None:
        style = replace(style, tint=(float(tint[0]), float(tint[1]), float(tint[2])))
    services.store.dispatch(SetPartStyle(style=style))
