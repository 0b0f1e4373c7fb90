"""The section of the plugin class that OctoPrint's comm layer calls: the hooks.

Hooks never block and never raise, and cost next to nothing where nothing is due.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from .capture.plan import NO_TAGS
from .measuring import MeasureSection
from .printing import PrintSection
from .trials import TrialSection


def sieve(
    due: Callable[[Any, Optional[str], Any], None],
) -> tuple[Callable[..., None], Callable[[frozenset[str]], None]]:
    """A queuing hook that passes on only what is due, and what tells it which tags are.

    A closure and not a method: it is called for every line, and looking up attributes
    would cost half as much again.

    Args:
        due: gets the connection, G-code and tags of a line with one of these tags
    """
    elsewhere = NO_TAGS.isdisjoint

    def on_gcode_queuing(
        comm: Any,
        phase: str,
        cmd: str,
        cmd_type: Optional[str],
        gcode: Optional[str],
        subcode: Optional[str] = None,
        tags: Any = (),
        *args: Any,
        **kwargs: Any,
    ) -> None:
        try:
            if elsewhere(tags):
                return
        except TypeError:
            return  # None, or no tags of OctoPrint's
        due(comm, gcode, tags)

    def watch_for(tags: frozenset[str]) -> None:
        nonlocal elsewhere
        elsewhere = tags.isdisjoint

    return on_gcode_queuing, watch_for


class CommSection(MeasureSection, TrialSection, PrintSection):
    """G-code lines, position reports, scripts and @-commands as they pass by."""

    def __init__(self) -> None:
        super().__init__()
        self.on_gcode_queuing, self.watch_for = sieve(self._due)

    def _due(self, comm: Any, gcode: Optional[str], tags: Any) -> None:
        try:
            if self._printer_port.seen(comm):
                self._engine.on_boundary(tags, comm, gcode)
        except Exception:
            self._logger.exception("The boundary of a layer was not recognised")

    def on_gcode_sending(
        self,
        comm: Any,
        phase: str,
        cmd: str,
        cmd_type: Optional[str],
        gcode: Optional[str],
        subcode: Optional[str] = None,
        tags: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        try:
            if self.is_cut(tags or ()):
                return (None,)
            if self._printer_port.sending(comm, cmd):
                self._engine.head.on_sending(cmd, tags or ())
        except Exception:
            self._logger.exception("A line being sent was not understood")
        return None

    def on_gcode_received(self, comm: Any, line: str, *args: Any, **kwargs: Any) -> str:
        try:
            if self._printer_port.seen(comm):
                self._engine.head.on_received(line)
        except Exception:
            self._logger.exception("A line from the printer was not understood")
        return line

    def on_script(
        self, comm: Any, script_type: str, script_name: str, *args: Any, **kwargs: Any
    ) -> Any:
        if script_type != "gcode" or script_name != "beforePrintStarted":
            return None
        back: list[str] = []
        try:
            self._printer_port.seen(comm)
            back = self.yield_to_print()
            self.before_print()
        except Exception:
            self._logger.exception("The job could not be prepared for captures")
        return (back, None) if back else None

    def on_at_command(
        self,
        comm: Any,
        phase: str,
        command: str,
        parameters: Optional[str] = None,
        tags: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        try:
            if command.upper() == "LAYERCAPTURE":
                self._obey((parameters or "").strip().lower())
        except Exception:
            self._logger.exception("@%s %s failed", command, parameters)

    def _obey(self, wish: str) -> None:
        """``@LAYERCAPTURE`` now (also without a word), on or off."""
        if wish in ("", "now"):
            done = self.capture_now()
        elif wish in ("on", "off"):
            done = self.skip_print(wish == "off")
        else:
            self._logger.warning(
                "@LAYERCAPTURE %s is not known; it takes now, on or off", wish
            )
            return
        if not done:
            self._logger.info("@LAYERCAPTURE %s: nothing is printed with captures", wish)
