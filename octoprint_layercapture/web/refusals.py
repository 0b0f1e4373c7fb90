"""Answers that say no, in a sentence that the browser can translate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

import flask

from ..messages import Message


def refusal(status: int, text: str, params: Optional[Mapping[str, Any]] = None) -> Any:
    """``error`` is the English sentence, ``message`` the same to be translated."""
    message = Message(text, dict(params or {}))
    answer = flask.jsonify({"error": str(message), "message": message.to_dict()})
    answer.status_code = status
    return answer
