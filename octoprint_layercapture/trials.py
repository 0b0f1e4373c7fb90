"""The section of the plugin class that makes test captures.

A test capture is a capture while nothing prints: the same visits, cameras and workers,
on the capture thread. Only the pictures of the last one are kept, in the plugin's own
data folder and not among those of prints.
"""

from __future__ import annotations

import logging
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Optional

from . import config as settings
from .cameras import FakeCamera, Webcams
from .cameras.settling import Camera
from .capture.ending import INTERNAL_ERROR
from .capture.ports import Activity, Clock, Interrupted, Outcome, Recorder
from .capture.run import SHUTDOWN, Step
from .capture.terms import Terms
from .capture.trial import BED, TrialRun
from .credentials import completed
from .equipment import grid_settings, workers
from .errands import ErrandSection, NotNow
from .jobs import NO_POSITION, cameras, terms
from .library import CaptureWriter, Conditions, Place, Store
from .messages import N_, Message
from .pictures import Pictures
from .printer import SystemClock
from .titles import section, title
from .trial_story import DONE, FAILED, HOMING, MOVING, STOPPED, TrialStory, nothing_yet
from .waiting import place_of, words

_log = logging.getLogger("octoprint.plugins.layercapture.trials")

NAME = "test capture"  # stands where a print's file would

_WRITING = 20.0  # s for the last pictures to be on disk once the head is back

_ENDED_BY = {
    "user": N_("The test capture was stopped."),
    SHUTDOWN: N_("OctoPrint is shutting down, so the test capture has ended."),
    "gone": N_("The printer was disconnected, so the test capture has ended."),
    "reset": N_("The printer has restarted, so the test capture has ended."),
}
_ENDED_BY_JOB = N_("A print has started, so the test capture has ended.")
_STILL_HOMING = N_("The test capture was stopped. The printer finishes homing first.")


@dataclass(eq=False)
class _Trial:
    """One test capture; ``stop`` names what ends it, once something does."""

    story: TrialStory
    home: bool
    config: settings.Config
    used: list[Camera]
    terms: Terms
    pictures: Pictures
    store: Store
    stop: Optional[str] = None
    cut: bool = False
    run: Optional[TrialRun] = None
    over: bool = False

    @property
    def under_way(self) -> bool:
        return not self.over

    def hand_over(self) -> list[str]:
        return [] if self.run is None else self.run.outing.hand_over()

    def end(self, why: str) -> None:
        self.stop = self.stop or why

    def close(self) -> None:
        self.pictures.close()
        for camera in self.used:
            if isinstance(camera, FakeCamera):
                camera.close()


class TrialSection(ErrandSection):
    """Starts, stops and tells of test captures."""

    _webcams: Webcams
    _config: settings.Config
    _trial: Optional[_Trial] = None
    _trial_clock: Clock = SystemClock()
    current_profile: Callable[[], dict[str, Any]]
    get_plugin_data_folder: Callable[[], str]
    message: Callable[..., None]
    _sanitize: Callable[[str], str]
    _conditions: Callable[[], Conditions]
    _store: Callable[[settings.Config], Store]

    def begin_trial(self, tree: Any, home: bool) -> dict[str, Any]:
        """Begin a test capture with the settings of ``tree``, as they are on a screen.

        None is the settings that are saved.

        Args:
            home: home the printer first

        Returns:
            the state, as :meth:`trial_state`

        Raises:
            NotNow: something prints, there is no printer, no camera or no room
        """
        config = self._config
        if tree is not None:
            config, wrong = settings.parse(completed(tree, config), config)
            if wrong:
                raise NotNow(
                    Message(
                        N_("Correct the setting “%(name)s” (%(section)s) first: %(why)s"),
                        {
                            "name": title(wrong[0].key),
                            "section": section(wrong[0].key),
                            "why": wrong[0].message,
                        },
                    )
                )
        used, problems = cameras(config, self._webcams)
        if not used:
            raise NotNow(problems[0])
        what = _checked(terms(config, self.current_profile(), used[0].name))
        names = [camera.name for camera in used]
        story = TrialStory(
            home, what.positions, names, self._tell, self._engine.head.wake
        )
        store = self._trial_store(story.id, config)
        what, pictures = workers(used, config, what, 1, story)
        trial = _Trial(story, home, config, list(used), what, pictures, store)
        try:
            self.lend_head(
                trial,
                Message(N_("Connect the printer to make a test capture.")),
                Message(
                    N_(
                        "A test capture can only be made while nothing is printed. Wait "
                        "for the end of the print, or cancel it."
                    )
                ),
            )
        except NotNow:
            trial.close()
            raise
        self._trial = trial
        for problem in problems:
            story.notice(problem)
        if not home:
            story.change(
                message=Message(
                    N_(
                        "The head moves from where the printer believes it is. If its "
                        "motors were off since it was homed, stop and test with homing."
                    )
                ).to_dict()
            )
        self._engine.afterwards(lambda: self._try(trial))
        return self.trial_state()

    def trial_state(self) -> dict[str, Any]:
        """What is or was tested, as the browser sees it."""
        trial = self._trial
        return nothing_yet() if trial is None else trial.story.to_dict()

    def stop_trial(self) -> bool:
        """End a test capture and bring the head back; False without one."""
        trial = self._trial
        if trial is None or not trial.under_way:
            return False
        trial.story.change(stopping=True)
        self.recall(trial, "user")
        return True

    def forget_trial(self) -> None:
        """Show a test capture that is over no more, in any browser."""
        trial = self._trial
        if trial is not None and not trial.under_way:
            self._trial = None
            self._tell(nothing_yet())

    def trial_picture(self, number: str, name: str) -> Optional[Path]:
        """The picture of this name of that test, or None where it is not there."""
        trial = self._trial
        if trial is None or trial.story.id != number or not trial.story.has(name):
            return None
        return self._trials() / number / name

    def clear_trials(self) -> None:
        """Remove the pictures of tests before this one. May hang as the disk does."""
        trial = self._trial
        with suppress(OSError):
            for old in self._trials().iterdir():
                if trial is None or old.name != trial.story.id:
                    shutil.rmtree(old, ignore_errors=True)

    def _trials(self) -> Path:
        """The folder with one for each test. Asks the disk."""
        return Path(self.get_plugin_data_folder()) / "trial"

    def _trial_store(self, number: str, config: settings.Config) -> Store:
        """Where a test's pictures go. Asks the disk, so not on the capture thread."""
        trials = self._trials()
        return Store(
            Place(trials, folder=trials / number),
            sanitize=self._sanitize,
            folder_per_print=False,
            floor=self._store(config).floor,
        )

    def _tell(self, change: dict[str, Any]) -> None:
        self.message("trial", **change)

    # on the capture thread

    def _try(self, trial: _Trial) -> None:
        state, message = FAILED, None
        try:
            outcome = self._tried(trial)
            state, message = _ending(trial, outcome)
            trial.story.change(visited=outcome.visited, seconds=round(outcome.seconds, 1))
        except Exception:
            _log.exception("The test capture broke off")
            message = INTERNAL_ERROR
        finally:
            # first: nothing is to keep the head from whoever wants it next
            trial.over = True
            trial.close()
            told = None if message is None else message.to_dict()
            trial.story.change(
                state=state,
                step=None,
                waits_for=None,
                visiting=None,
                stopping=False,
                message=told,
            )
            _log.info("Test capture: %s", state if message is None else message)

    def _tried(self, trial: _Trial) -> Outcome:
        recorder: Recorder = trial.pictures.open(self._begin_keeping(trial), BED)
        trial.run = TrialRun(
            trial.terms,
            self._printer_port,
            self._engine.head,
            self._trial_clock,
            recorder,
            lambda: trial.stop,
            trial.home,
            lambda: _progressed(trial),
        )
        outcome = trial.run.run()
        recorder.close(outcome)
        try:
            self._engine.head.wait_until(
                lambda: trial.story.kept, _WRITING, self._wanted_by_job
            )
        except Interrupted:
            _log.info("A print has started, so the last pictures are told of later")
        return outcome

    def _wanted_by_job(self) -> Optional[str]:
        activity = self._printer_port.activity()
        return None if activity in (Activity.IDLE, Activity.GONE) else activity.value

    def _begin_keeping(self, trial: _Trial) -> CaptureWriter:
        """What keeps its pictures, on their own thread: no print waits for the disk."""
        with suppress(RuntimeError):  # where there is no thread, they go the next time
            trial.pictures.writing.submit(self.clear_trials)
        config = trial.config
        return trial.store.begin_print(NAME, time.time()).begin_capture(
            layer=BED.number,
            z_height=BED.z,
            started=time.time(),
            settings=grid_settings(config, trial.terms.volume),
            conditions=self._conditions(),
            cameras=[camera.name for camera in trial.used],
        )


def _checked(what: Terms) -> Terms:
    """The terms as they are without a print; raises NotNow where there is no room."""
    if not what.allowed:
        raise NotNow(NO_POSITION)
    if what.height > what.volume.max_z:
        raise NotNow(
            Message(
                N_(
                    "Pictures at Z %(z)s mm would be above the maximum of %(max_z)s mm. "
                    "Lower the height of pictures above the layer in the settings."
                ),
                {"z": what.height, "max_z": what.volume.max_z},
            )
        )
    return replace(what, retract=0.0)


def _progressed(trial: _Trial) -> None:
    run = trial.run
    if run is None:
        return
    place = place_of(run)
    if run.step is Step.LEAVE:
        waits_for = Message(N_("Taking the head back."))
    else:
        waits_for = words(run, [] if place is None else trial.story.missing(place.index))
    trial.story.change(
        state=HOMING if run.step is Step.HOME else MOVING,
        step=run.step.value,
        waits_for=waits_for.to_dict(),
        visiting=None if place is None else place.index,
        visited=run.visited,
        z=run.z,
    )


def _ending(trial: _Trial, outcome: Outcome) -> tuple[str, Optional[Message]]:
    if outcome.failure is not None:
        return FAILED, outcome.failure
    if outcome.interrupted is None:
        return DONE, None
    why = outcome.interrupted
    if why == "user" and trial.run is not None and trial.run.still_homing:
        return STOPPED, Message(_STILL_HOMING)
    return STOPPED, Message(_ENDED_BY.get(why, _ENDED_BY_JOB))
