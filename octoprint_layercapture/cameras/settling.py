"""One camera during one print: when to ask it, and which of its frames to keep."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Callable, Protocol

from .errors import CameraError
from .freshness import Habits, Memory, Vigil
from .scene import Scene
from .stillness import Look

_TRIES = 3  # frames in a row that may fail
_RETRY = 0.3  # s between them


class Camera(Protocol):
    """A camera as far as settling needs it."""

    name: str

    def snapshot(self, scene: Scene) -> bytes:
        """A JPEG, the right way up. Raises CameraError."""

    def frame(self, scene: Scene) -> bytes:
        """One JPEG as the camera sent it, one try. Raises CameraError."""

    def upright(self, jpeg: bytes) -> bytes:
        """A frame the right way up. Raises CameraError."""

    def abandon(self) -> None:
        """Make what another thread waits for fail now."""


class Clock(Protocol):
    """Time, so that tests need not wait for it."""

    def monotonic(self) -> float:
        """Seconds that only ever grow."""

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Wait for a notification on ``condition`` (held), at most so many seconds."""


class Measured(Protocol):
    """What is known of a camera: a :class:`config.Detail`."""

    @property
    def latency(self) -> float | None: ...

    @property
    def rest(self) -> float | None: ...

    @property
    def stale(self) -> int | None: ...


class Wishes(Protocol):
    """How to settle: a :class:`config.Cameras`."""

    @property
    def settling(self) -> str: ...

    @property
    def delay(self) -> float: ...

    @property
    def settle_max(self) -> float: ...


class FrozenCamera(CameraError):
    """The camera gives the same picture although the head has moved."""


@dataclass(frozen=True)
class Settled:
    """A picture, the right way up.

    ``settle`` is how long after arrival it was asked for, s; ``repeated``: it is, bit
    for bit, the one before, taken elsewhere; ``still``: a second frame showed the same,
    or nobody looked.
    """

    jpeg: bytes
    settle: float
    repeated: bool = False
    still: bool = True


class Settler:
    """Takes one camera's pictures of one print, each after the head has arrived.

    Adaptive where the camera's latency is known and the settings do not say otherwise:
    then frames are fetched until one is newer than the move and stands still, at most
    for ``settle_max``. Otherwise after the fixed delay.
    """

    def __init__(
        self, camera: Camera, detail: Measured, wishes: Wishes, clock: Clock
    ) -> None:
        self.camera = camera
        self._wishes = wishes
        self._clock = clock
        self._news = threading.Condition()
        self._turn = threading.Lock()
        self._abandoned = 0
        self._memory = Memory()
        self._habits: Habits | None = None
        if wishes.settling == "adaptive" and detail.latency is not None:
            self._habits = Habits.measured(detail.latency, detail.rest, detail.stale)

    @property
    def name(self) -> str:
        return self.camera.name

    @property
    def delay(self) -> float:
        """How long to wait after arrival in any case, s."""
        return 0.0 if self._habits is not None else self._wishes.delay

    def picture(
        self, scene: Scene, arrived: float, over: Callable[[], bool] = lambda: False
    ) -> Settled:
        """The picture of the place where the head has arrived at ``arrived``.

        Args:
            arrived: by the clock
            over: whether nobody waits for it any more

        Raises:
            CameraError: there is none, or none that is certain to show the place
        """
        begun = self._abandoned

        def called_off() -> bool:
            return self._abandoned != begun or over()

        with self._turn:
            if self._habits is None:
                return self._after_delay(scene, arrived, called_off)
            return self._when_still(self._habits, scene, arrived, called_off)

    def glance(self, scene: Scene) -> None:
        """Note what the camera shows before the head moves; fails without a word."""
        if self._habits is None:
            return
        with self._turn:
            try:
                look = self._look(scene)
            except CameraError:
                return
            self._memory.leave(look, (scene.x, scene.y))

    def abandon(self) -> None:
        """Make a picture that another thread waits for fail now."""
        with self._news:
            self._abandoned += 1
            self._news.notify_all()
        self.camera.abandon()

    def _after_delay(
        self, scene: Scene, arrived: float, called_off: Callable[[], bool]
    ) -> Settled:
        self._wait(arrived + self._wishes.delay - self._clock.monotonic(), called_off)
        requested = self._clock.monotonic()
        jpeg = self.camera.snapshot(scene)
        look = Look(jpeg, requested, self._clock.monotonic())
        repeated = self._memory.repeats(look, (scene.x, scene.y))
        self._memory.keep(look, (scene.x, scene.y))
        return Settled(jpeg, requested - arrived, repeated)

    def _when_still(
        self,
        habits: Habits,
        scene: Scene,
        arrived: float,
        called_off: Callable[[], bool],
    ) -> Settled:
        place = (scene.x, scene.y)
        vigil = Vigil(habits, self._memory, place, arrived)
        ends = arrived + self._wishes.settle_max
        failed = 0
        while True:
            self._check(called_off)
            try:
                look = self._look(scene)
                if vigil.judge(look):
                    return self._keep(look, place, arrived)
                failed = 0
                pause = vigil.pause(self._clock.monotonic())
            except CameraError as error:
                failed += 1
                if error.silent:
                    # it has had all its time, and would need as much again
                    failed = _TRIES
                if failed >= _TRIES and vigil.candidate is None:
                    raise
                reason, pause = error, _RETRY
            if failed >= _TRIES or self._clock.monotonic() + pause > ends:
                break
            self._wait(pause, called_off)
        self._check(called_off)
        vigil.give_up()
        if vigil.candidate is not None:
            return self._keep(vigil.candidate, place, arrived, still=False)
        raise reason if failed else self._too_late(vigil)

    def _look(self, scene: Scene) -> Look:
        requested = self._clock.monotonic()
        jpeg = self.camera.frame(scene)
        return Look(jpeg, requested, self._clock.monotonic())

    def _keep(
        self, look: Look, place: tuple[float, float], arrived: float, still: bool = True
    ) -> Settled:
        jpeg = self.camera.upright(look.jpeg)
        self._memory.keep(look, place)
        return Settled(jpeg, look.requested - arrived, still=still)

    def _check(self, called_off: Callable[[], bool]) -> None:
        if called_off():
            raise CameraError(
                "The picture of camera %(camera)s was called off.", camera=self.name
            )

    def _wait(self, seconds: float, called_off: Callable[[], bool]) -> None:
        until = self._clock.monotonic() + seconds
        with self._news:
            while True:
                self._check(called_off)
                left = until - self._clock.monotonic()
                if left <= 0:
                    return
                self._clock.wait(self._news, left)

    def _too_late(self, vigil: Vigil) -> CameraError:
        if vigil.frozen:
            return FrozenCamera(
                "Camera %(camera)s gave the same picture as before although the head had"
                " moved. It seems to be frozen: restart it.",
                camera=self.name,
            )
        return CameraError(
            "Camera %(camera)s gave no picture within %(seconds)s s that is certain to"
            " be newer than the move. Allow more time for settling, or measure the"
            " camera again.",
            camera=self.name,
            seconds=self._wishes.settle_max,
        )


def common_delay(settlers: list[Settler]) -> float:
    """What every camera waits after arrival in any case, s."""
    return min((settler.delay for settler in settlers), default=0.0)
