"""The section of the plugin class that measures a camera by moving the head.

Here ``cameras`` and ``capture`` meet once more.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from . import config as settings
from .cameras import CameraError, Scene, Webcams
from .cameras.measure import ROUNDS, Measurement, Measuring
from .cameras.settling import Camera
from .capture.ending import INTERNAL_ERROR
from .capture.nudge import Nudge
from .capture.outing import Pace
from .capture.ports import CaptureFailed, Clock, Interrupted, PrinterGone
from .credentials import completed
from .errands import ErrandSection, NotNow
from .jobs import cameras, space
from .messages import N_, Message
from .printer import SystemClock

_log = logging.getLogger("octoprint.plugins.layercapture.measuring")

_UNDER_WAY = ("homing", "moving")

_ENDED_BY = {
    "user": N_("The measurement was stopped."),
    "shutdown": N_("The measurement was stopped."),
    "gone": N_("The printer was disconnected, so the measurement has ended."),
    "reset": N_("The printer has restarted, so the measurement has ended."),
}
_ENDED_BY_JOB = N_("A print has started, so the measurement has ended.")


@dataclass
class MeasureState:
    """What a browser is told of the measurement: see ``docs/api.md``."""

    state: str = "idle"
    camera: Optional[str] = None
    done: int = 0
    total: int = ROUNDS
    result: Optional[dict[str, Any]] = None
    message: Optional[Message] = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "camera": self.camera,
            "done": self.done,
            "total": self.total,
            "result": self.result,
            "message": None if self.message is None else self.message.to_dict(),
        }


@dataclass(eq=False)
class _Measurement:
    """One measurement under way; ``stop`` names what ends it, once something does."""

    camera: Camera
    config: settings.Config
    nudge: Nudge
    home: bool
    bed: tuple[float, float, float, float]
    circular: bool
    stop: Optional[str] = None
    arrived: Optional[float] = None
    cut: bool = False
    state: MeasureState = field(default_factory=MeasureState)
    measuring: Optional[Measuring] = None

    @property
    def under_way(self) -> bool:
        return self.state.state in _UNDER_WAY

    def hand_over(self) -> list[str]:
        return self.nudge.hand_over()

    def end(self, why: str) -> None:
        self.stop = self.stop or why
        if self.measuring is not None:
            self.measuring.stop()

    def scene(self) -> Scene:
        """What is in front of the camera: nothing printed, the head somewhere."""
        x, y = self.nudge.place
        return Scene(
            layer=1,
            z=0.0,
            height=0.2,
            x=x,
            y=y,
            index=-1,
            time=time.time(),
            bed=self.bed,
            circular=self.circular,
            arrived=self.arrived,
        )

    def move(self) -> float:
        """Take the head to the other place; when it arrived there, on the clock."""
        self.arrived = self.nudge.move()
        return self.arrived


class MeasureSection(ErrandSection):
    """Starts, stops and tells of measurements."""

    _webcams: Webcams
    _config: settings.Config
    _measurement: Optional[_Measurement] = None
    _measure_clock: Clock = SystemClock()
    current_profile: Callable[[], dict[str, Any]]
    message: Callable[..., None]

    def begin_measure(self, tree: Any, camera: str, home: bool) -> dict[str, Any]:
        """Measure a camera with the settings of ``tree``, as they are on a screen.

        None is the settings that are saved.

        Returns:
            the state, as :meth:`measure_state`

        Raises:
            NotNow: something prints, there is no printer, or no such camera
        """
        config = self._config
        if tree is not None:
            config, _ = settings.parse(completed(tree, self._config), self._config)
        used, problems = cameras(config, self._webcams)
        chosen = [each for each in used if each.name == camera]
        if not chosen:
            raise NotNow(
                problems[0]
                if problems
                else Message(
                    N_("There is no camera named %(camera)s."), {"camera": camera}
                )
            )
        begun = self._new(config, chosen[0], home)
        self.lend_head(
            begun,
            Message(N_("Connect the printer to measure a camera.")),
            Message(N_("A camera can only be measured while nothing is printed.")),
        )
        self._measurement = begun
        self._engine.afterwards(lambda: self._measure(begun))
        self._tell_measure(begun)
        return self.measure_state()

    def measure_state(self) -> dict[str, Any]:
        """What was or is measured, as the browser sees it."""
        under_way = self._measurement
        return (MeasureState() if under_way is None else under_way.state).to_dict()

    def stop_measure(self, why: str = "user") -> bool:
        """End a measurement and bring the head back; False without one."""
        under_way = self._measurement
        if under_way is None or not under_way.under_way:
            return False
        self.recall(under_way, why)
        return True

    def _new(self, config: settings.Config, camera: Camera, home: bool) -> _Measurement:
        around = space(config, self.current_profile())
        motion = config.motion
        pace = Pace(motion.height, motion.travel_speed, motion.z_speed, motion.wait)
        nudge = Nudge(
            self._printer_port,
            self._engine.head,
            self._measure_clock,
            around,
            pace,
            lambda: begun.stop,
        )
        begun = _Measurement(
            camera, config, nudge, home, around.bed, around.radius is not None
        )
        begun.state.camera = camera.name
        begun.state.state = "homing" if home else "moving"
        begun.state.message = (
            None
            if home
            else Message(
                N_(
                    "The head moves from where the printer believes it is. If its motors "
                    "were off since it was homed, stop and measure with homing."
                )
            )
        )
        return begun

    # on the capture thread

    def _measure(self, under_way: _Measurement) -> None:
        state, message = "failed", None
        try:
            state, message = self._measured(under_way)
        except Interrupted as reason:
            state, message = "stopped", Message(_ENDED_BY.get(str(reason), _ENDED_BY_JOB))
        except CaptureFailed as failed:
            message = failed.message
        except PrinterGone:
            message = Message(_ENDED_BY["gone"])
        except CameraError as error:
            message = Message(error.text, error.params)
            if under_way.stop is not None:
                state = "stopped"
                message = Message(_ENDED_BY.get(under_way.stop, _ENDED_BY_JOB))
        except Exception:
            _log.exception("Measuring camera %s broke off", under_way.camera.name)
            message = INTERNAL_ERROR
        finally:
            under_way.nudge.leave()
            under_way.state.state, under_way.state.message = state, message
            self._tell_measure(under_way)
            _log.info("Measuring camera %s: %s", under_way.camera.name, state)

    def _measured(self, under_way: _Measurement) -> tuple[str, Optional[Message]]:
        under_way.nudge.enter(under_way.home)
        under_way.state.state = "moving"
        self._tell_measure(under_way)

        def progress(done: int) -> None:
            under_way.state.done = done
            self._tell_measure(under_way)

        measuring = under_way.measuring = Measuring(
            under_way.camera,
            self._measure_clock,
            under_way.move,
            lambda: under_way.stop is not None,
            progress,
        )
        found = measuring.run(under_way.scene)
        _log.info("Camera %s: %s", under_way.camera.name, found)
        longest = under_way.config.cameras.settle_max
        accepted = found.seconds <= longest
        under_way.state.result = _shown(found, accepted)
        if accepted:
            return "done", None
        return "done", Message(
            N_(
                "This camera needs about %(seconds)s s after each move, which is more "
                "than the longest wait of %(longest)s s. Raise that to use it."
            ),
            {"seconds": found.seconds, "longest": longest},
        )

    def _tell_measure(self, under_way: _Measurement) -> None:
        self.message("measure", **under_way.state.to_dict())


def _shown(found: Measurement, accepted: bool) -> dict[str, Any]:
    return {
        "latency": found.latency,
        "rest": found.rest,
        "stale": found.stale,
        "seconds": found.seconds,
        "accepted": accepted,
    }
