"""Whether shown pictures are still there: asked of the disk, and never waited for."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from octoprint_layercapture import keeping
from octoprint_layercapture.hands import Hands
from octoprint_layercapture.keeping import KeepingSection
from octoprint_layercapture.library.files import is_there


class Section(KeepingSection):
    """The section with one picture shown; ``told`` counts what screens were told."""

    def __init__(self, root):
        super().__init__()
        self.root = root
        self.told = 0
        self._story.armed("print", "box.gcode", (), ("top",))
        self._story.opened("capture", "print", 2, 0.4)
        self._story.saved("capture", 0, "top", "box", "picture.jpg")

    def catalog(self):
        return SimpleNamespace(store=SimpleNamespace(root=self.root))

    def state_changed(self):
        self.told += 1

    def shown(self):
        return len(self._story.shown()["board"]["pictures"])

    def looked(self):
        self._looking.submit(lambda: None).result(20)


@pytest.fixture
def section(tmp_path):
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "picture.jpg").write_bytes(b"picture")
    return Section(tmp_path)


def test_screens_are_told_once_a_picture_is_gone(section):
    section.look_for_pictures()
    section.looked()
    assert (section.shown(), section.told) == (1, 0)
    (section.root / "box" / "picture.jpg").unlink()
    section.look_for_pictures()
    section.looked()
    assert (section.shown(), section.told) == (0, 1)


def test_a_disk_that_hangs_holds_up_nobody_and_is_asked_no_further(section, monkeypatch):
    asked, go_on = [], threading.Event()

    def hang(path):
        asked.append(path)
        assert go_on.wait(20)
        return False

    monkeypatch.setattr(keeping, "is_there", hang)
    for _ in range(5):
        section.look_for_pictures()
    assert section.shown() == 1
    go_on.set()
    section.looked()
    assert (section.shown(), section.told) == (0, 1)
    # the second look found nothing left to ask for
    assert len(asked) == 1


def test_a_disk_that_cannot_tell_takes_no_picture_away(section, monkeypatch):
    def broken(path, **options):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "stat", broken)
    assert is_there(section.root / "box" / "picture.jpg")
    section.look_for_pictures()
    section.looked()
    assert (section.shown(), section.told) == (1, 0)


def test_without_a_thread_what_is_shown_stays(section, no_thread, caplog):
    no_thread.add("layercapture-looking")
    section._looking = keeping.Pool(1, "layercapture-looking", Hands())
    section._logger = logging.getLogger("octoprint.plugins.layercapture")
    section.look_for_pictures()
    assert section.shown() == 1
    assert "No thread" in caplog.text
