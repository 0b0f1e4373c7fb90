"""Every sentence the plugin says to a person, as values that the browser translates.

A ``Message`` carries an English text with ``%(name)s`` places, which is also the key
into the translations, and the parameters. It crosses the wire as it is; in the browser
it becomes ``_.sprintf(gettext(text), params)``, in the log ``str(message)``. A parameter
with decimals is a number with the place ``%(name)s``, so that the browser can write it as
the reader does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def N_(text: str) -> str:
    """Mark a text for translation and leave it as it is."""
    return text


def in_english(text: str, params: Mapping[str, Any]) -> str:
    """The finished sentence; numbers are without decimals that say nothing."""
    return text % {
        name: f"{value:g}" if isinstance(value, float) else value
        for name, value in params.items()
    }


@dataclass(frozen=True)
class Message:
    """A sentence: English ``text`` with ``%(name)s`` places, and what goes there."""

    text: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return in_english(self.text, self.params) if self.params else self.text

    def to_dict(self) -> dict[str, Any]:
        """``{"text": …, "params": …}``, as plugin messages and API answers carry it.

        A parameter that is a Message itself is nested in the same form.
        """
        params = {
            name: value.to_dict() if isinstance(value, Message) else value
            for name, value in self.params.items()
        }
        return {"text": self.text, "params": params}


@dataclass(frozen=True)
class Problem:
    """What is wrong with the setting ``key`` (``"grid.columns"``), in words."""

    key: str
    message: Message

    def to_dict(self) -> dict[str, Any]:
        """The message with its key beside it."""
        return {"key": self.key, **self.message.to_dict()}
