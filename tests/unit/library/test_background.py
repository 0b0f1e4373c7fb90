from __future__ import annotations

import logging
import threading

from octoprint_layercapture.library.background import Background


def test_work_is_done_in_order_and_survives_what_goes_wrong(caplog):
    done = []
    over = threading.Event()
    background = Background("test")

    def fail():
        raise RuntimeError("broken")

    with caplog.at_level(logging.ERROR):
        for work in (lambda: done.append(1), fail, lambda: done.append(2), over.set):
            background.submit(work)
        assert over.wait(30)
    assert done == [1, 2]
    assert "broken" in caplog.text
