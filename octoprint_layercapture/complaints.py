"""What is wrong with a value that was entered, in words that say what would be right.

A password or a token is never repeated, whatever is wrong with it.
"""

from __future__ import annotations

import math
import re
from typing import Any, Optional

from .messages import N_, Message, Problem

SECRETS = ("cameras.password", "cameras.token")

_GCODE_REFUSED = {
    "moves": N_("“%(line)s” moves the head or the filament, which only the capture may."),
    "homes": N_("“%(line)s” homes the printer, which would ruin the print."),
    "modes": N_("“%(line)s” changes how the print's own lines would be understood."),
    "waits": N_("“%(line)s” waits for a temperature, which would hold the print up."),
    "stops": N_("“%(line)s” stops, pauses or unpowers the printer."),
    "tools": N_("“%(line)s” changes the tool."),
    "unknown": N_("“%(line)s” is no G-code command."),
}

_DETAILS = {
    "offset_x": Message(N_("Offset X")),
    "offset_y": Message(N_("Offset Y")),
    "latency": Message(N_("Latency")),
    "rest": Message(N_("Time to come to rest")),
    "stale": Message(N_("Old frames")),
}

_ONE_OF = re.compile(r"\^\(([a-z0-9_|]+)\)\$")
_UNUSABLE = N_("“%(value)s” cannot be used here.")


def no_group(key: str, value: Any) -> Problem:
    """The group of settings ``key`` holds something else than settings."""
    if any(secret.startswith(f"{key}.") for secret in SECRETS):
        return Problem(key, Message(N_("What was entered cannot be used here.")))
    return Problem(key, Message(_UNUSABLE, {"value": shown(value)}))


def problem(place: tuple[Any, ...], field: Any, error: Any, tree: Any) -> Problem:
    """What pydantic refused, as a Problem.

    Args:
        place: the setting's group and name
        field: how the setting's model describes what was refused
        error: one of pydantic's ``errors()``
        tree: all that was entered, to find out whose value it is
    """
    key = ".".join(str(part) for part in place)
    if key == "cameras.details":
        return Problem(key, _detail(field, error, tree))
    return Problem(key, _said(key, field, error))


def shown(value: Any) -> Any:
    """A value as a message can show it: plain, and short."""
    if value is None:
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, (int, float)) else str(value)[:60]


def _said(key: str, field: Any, error: Any) -> Message:
    if key in SECRETS:
        return Message(
            N_("What was entered is longer than %(most)s characters, or no text."),
            {"most": str(_rule(field, "max_length"))},
        )
    value = {"value": shown(error["input"])}
    if error["type"] == "gcode":
        context = error["ctx"]
        return Message(_GCODE_REFUSED[context["why"]], {"line": context["line"][:60]})
    if key == "layers.list":
        text = N_(
            "“%(value)s” is not a list of layers. Write layer numbers and ranges "
            "with commas between them, for example 1, 5-10, last."
        )
        return Message(text, value)
    if error["type"] == "folder":
        text = N_(
            "“%(value)s” is no full path of a folder. Write it from the top, for "
            "example /media/usb/pictures."
        )
        return Message(text, value)
    if error["type"] == "address":
        text = N_(
            "This snapshot URL is not a valid address. A user name and a password belong "
            "in their own fields."
        )
        return Message(text)
    if key == "cameras.url":
        return Message(N_("A snapshot URL begins with http:// or https://."))
    least, most = _rule(field, "ge"), _rule(field, "le")
    if least is not None and most is not None:
        whole = field.annotation in (int, Optional[int])
        text = (
            N_("“%(value)s” is not a whole number from %(least)s to %(most)s.")
            if whole
            else N_("“%(value)s” is not a number from %(least)s to %(most)s.")
        )
        return Message(text, {**value, "least": least, "most": most})
    if str(error["type"]).startswith("bool"):
        return Message(N_("“%(value)s” is neither on nor off."), value)
    choices = _ONE_OF.fullmatch(_rule(field, "pattern") or "")
    if choices is not None:
        named = ", ".join(choices.group(1).split("|"))
        text = N_("“%(value)s” cannot be used here. Choose one of these: %(choices)s.")
        return Message(text, {**value, "choices": named})
    longest = _rule(field, "max_length")
    if error["type"] == "string_too_long" and longest is not None:
        text = N_("“%(value)s…” is longer than %(most)s characters.")
        return Message(text, {**value, "most": str(longest)})
    return Message(_UNUSABLE, value)


def _detail(field: Any, error: Any, tree: Any) -> Message:
    """Names the camera and its value, where one value is wrong.

    The parameter ``field`` is for the page, to mark the value where it is.
    """
    where = error["loc"]
    if len(where) < 4 or where[3] not in _DETAILS:
        return Message(
            N_("What is known of the cameras has to be a list with a name in each entry.")
        )
    given = tree["cameras"]["details"][where[2]]
    return Message(
        N_("%(name)s of camera %(camera)s: %(why)s"),
        {
            "name": _DETAILS[where[3]],
            "camera": shown(given.get("camera")),
            "field": where[3],
            "why": _said("", field, error),
        },
    )


def _rule(field: Any, name: str) -> Any:
    """The limit of this name that the setting keeps to, or None."""
    found = None
    for rule in field.metadata if field is not None else ():
        found = getattr(rule, name, found)
    return found
