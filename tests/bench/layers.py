"""How fast layers are found, against OctoPrint's own analysis, and in how much memory.

Files like those of two slicers are made on the fly, with the slicer's marks and without:
50 MB for the rates, 500 MB for the memory. Where LAYERCAPTURE_CORPUS is set, there are
also rows for the layers of the real files there, in 50 MB as well. Those files are small,
and so are their layers, 2 kB some of them: repeated as they are, they make prints of
30,000 layers, which nobody prints. A 50 MB file is a print of 250 to 300 mm in layers of
0.1 mm at most, 2,500 in all. So the rates are those of layers grown to that size; memory
is also taken of the smallest layers, repeated.

OctoPrint's analysis would take half a minute for each file, so its rate is taken on 1 MB
from the file's middle, by turns with the index of the whole file in the same process.
Rates are by processor time, so that what else the machine does counts little, and each is
the best of five rounds. The index is made as the first time, with no pattern compiled
before but those of its modules.
"""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

from octoprint_layercapture.gcode import index
from tests.bench import _repeated, _rows

MEGABYTE = 1_000_000
SIZE, LARGE, SAMPLE = 50 * MEGABYTE, 500 * MEGABYTE, MEGABYTE
LEAST_MARKED, LEAST_BARE = 40.0, 8.0  # times OctoPrint's rate
CORPUS = os.environ.get("LAYERCAPTURE_CORPUS", "")
MOST_LAYERS = 2_500  # of a print some 250 mm high, in layers of 0.1 mm
MOST_MEMORY = 64 * 1024  # kB of anonymous memory
ROUNDS = 5
TINY = "bambustudio-2.3.1"  # of the corpus' files the one with the smallest layers

START = "G28\nG21\nG90\n{mode}\nG1 Z0.28\nG1 X5 Y5 F9000\nG1 Y150 E9\nG92 E0\nG1 Z5\n"
END = "G1 E-2\nM104 S0\nM140 S0\nG91\nG1 Z10\nG90\nG1 X0 Y200\nM84\n"


def cura(number: int) -> Iterator[str]:
    """A layer as Cura writes it, absolute E: short moves in walls, long ones inside."""
    yield f";LAYER:{number}\nG92 E0\nG0 F9000 X50 Y50 Z{0.2 * number + 0.3:.2f}\n"
    e = 0.0
    for kind, radius in (("WALL-INNER", 40.0), ("WALL-OUTER", 40.4), ("SKIN", 20.0)):
        yield f";TYPE:{kind}\nG1 F2400 E{e - 3:.5f}\nG0 F9000 X{100 + radius:.3f}\n"
        yield f"G1 F2400 E{e:.5f}\n"
        for step in range(400):
            e += radius * 0.0006
            angle = 2 * math.pi * (step + 1) / 400
            x, y = 100 + radius * math.cos(angle), 100 + radius * math.sin(angle)
            yield f"G1 X{x:.3f} Y{y:.3f} E{e:.5f}\n"
    yield ";TYPE:FILL\n"
    for line in range(200):
        e += 1.3
        yield f"G0 F9000 X{80 + line / 5:.3f} Y{80 + line % 2 * 40}\n"
        yield f"G1 F1800 X{80 + line / 5:.3f} Y{120 - line % 2 * 40} E{e:.5f}\n"


def prusa(number: int) -> Iterator[str]:
    """A layer as PrusaSlicer writes it: relative E, a wipe and a Z-hop for each part."""
    z = 0.2 * number + 0.3
    yield f";LAYER_CHANGE\n;Z:{z:.2f}\n;HEIGHT:0.2\n;BEFORE_LAYER_CHANGE\nG1 Z{z:.2f}\n"
    yield f";AFTER_LAYER_CHANGE\n;{z:.2f}\n"
    for part in range(16):
        left, front = 40 + part % 4 * 30, 40 + part // 4 * 30
        yield f"G1 Z{z + 0.4:.2f}\nG1 X{left + 10} Y{front} F9000\nG1 Z{z:.2f}\n"
        yield "G1 E.8 F2400\n;TYPE:External perimeter\n;WIDTH:0.45\nG1 F1500\n"
        for step in range(100):
            angle = 2 * math.pi * (step + 1) / 100
            x, y = left + 10 * math.cos(angle), front + 10 * math.sin(angle)
            yield f"G1 X{x:.3f} Y{y:.3f} E.02088\n"
        yield f";WIPE_START\nG1 F7200\nG1 X{left} Y{front} E-.76\n;WIPE_END\n"
        yield "G1 E-.04 F2400\n"


def write(path: Path, layer_of: object, size: int, marked: bool) -> None:
    """Writes a print of about ``size`` bytes."""
    assert callable(layer_of)
    mode = "M82" if layer_of is cura else "M83"
    with open(path, "w") as file:
        written = file.write(START.format(mode=mode))
        number = 0
        while written < size:
            text = "".join(layer_of(number))
            if not marked:
                text = re.sub(r";[^\n]*", "", text)
            written += file.write(text)
            number += 1
        file.write(END)


def rates(path: Path, folder: Path) -> tuple[float, float]:
    """MB/s of the index, and of OctoPrint's own analysis."""
    from octoprint.util.gcodeInterpreter import gcode

    size, sample = path.stat().st_size, folder / "sample.gcode"
    with open(path, "rb") as file:
        file.seek(max(size - SAMPLE, 0) // 2)
        file.readline()
        sample.write_bytes(file.read(SAMPLE))
    ours = theirs = math.inf
    for _ in range(ROUNDS):
        re.purge()
        ours = min(ours, _seconds(lambda: index(path)))
        theirs = min(theirs, _seconds(lambda: gcode().load(str(sample))))
    return size / MEGABYTE / ours, sample.stat().st_size / MEGABYTE / theirs


def _seconds(work: Callable[[], object]) -> float:
    """s of the processor's time."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def anonymous() -> int:
    """kB of this process's anonymous memory."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"RssAnon:\s*(\d+)", status)
    assert found is not None
    return int(found[1])


def memory(path: Path) -> int:
    """kB of anonymous memory that indexing took at most."""
    before, most, done = anonymous(), 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.01):
            most = max(most, anonymous())

    watcher = threading.Thread(target=watch, name="memory")
    watcher.start()
    index(path)
    done.set()
    watcher.join()
    return most - before


def compared(name: str, marks: bool, path: Path, folder: Path) -> float:
    """Prints how the rates of a file compare; gives the ratio."""
    ours, theirs = rates(path, folder)
    least = LEAST_MARKED if marks else LEAST_BARE
    print(
        f"{name} {'with' if marks else 'without'} marks: {ours:.0f} MB/s, "
        f"{ours / theirs:.0f} x OctoPrint's {theirs:.2f} (at least {least:g})",
        flush=True,
    )
    return ours / theirs


def real_prints(path: Path, folder: Path) -> bool:
    """Adds a row for the slowest of the corpus files' layers with marks and one without;
    gives whether both reach their bounds and all layers are found.
    """
    good = True
    ratios: dict[bool, list[tuple[float, str]]] = {True: [], False: []}
    for source in sorted(Path(CORPUS).glob("*.gcode")):
        if not _repeated.marked(source):
            continue
        for marks in (True, False):
            heights = _repeated.write(
                source, path, SIZE, marks=marks, most_layers=MOST_LAYERS
            )
            found = [each.z for each in index(path).layers]
            if len(found) != len(heights) or any(
                abs(a - b) > 0.01 for a, b in zip(found, heights)
            ):
                print(f"{source.stem}: layers that are not there")
                good = False
            ratio = compared(f"{source.stem} grown", marks, path, folder)
            ratios[marks].append((ratio, source.stem))
    for marks, least in ((True, LEAST_MARKED), (False, LEAST_BARE)):
        ratio, name = min(ratios[marks])
        most, _ = max(ratios[marks])
        what = f"index of 50 MB against OctoPrint's analysis of 1 MB of it, {name} grown "
        what += f"{'with' if marks else 'without'} marks, the slowest of "
        what += f"{len(ratios[marks])} real files (the fastest: {most:.0f} x)"
        good = _rows.row(what, ratio, least, least=True) and good
    return good


def remembered(what: str, path: Path) -> bool:
    """Adds a row for the memory that the index of a file takes; gives whether it is
    little enough."""
    command = [sys.executable, "-m", "tests.bench.layers", str(path)]
    taken = int(subprocess.run(command, check=True, capture_output=True).stdout)
    print(
        f"500 MB, {what}: {taken / 1024:.0f} MB of memory "
        f"(at most {MOST_MEMORY / 1024:.0f})",
        flush=True,
    )
    row = f"memory for the index of 500 MB, {what}"
    return _rows.row(row, taken / 1024, MOST_MEMORY / 1024, unit="MB")


def main() -> int:
    """Prints a row for each figure; 1 where one misses its bound."""
    good = True
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        path = folder / "print.gcode"
        for name, layer in (("Cura", cura), ("PrusaSlicer", prusa)):
            for marked, least in ((True, LEAST_MARKED), (False, LEAST_BARE)):
                write(path, layer, SIZE, marked)
                what = "index of 50 MB against OctoPrint's analysis of 1 MB of it, "
                what += f"{name}'s file {'with' if marked else 'without'} marks"
                ratio = compared(name, marked, path, folder)
                good = _rows.row(what, ratio, least, least=True) and good
        write(path, cura, LARGE, True)
        good = remembered("layers of 47 kB", path) and good
        if CORPUS:
            tiny = Path(CORPUS) / f"{TINY}.gcode"
            for marks in (True, False):
                _repeated.write(tiny, path, LARGE, marks=marks)
                what = f"layers of 1.7 kB {'with' if marks else 'without'} marks"
                good = remembered(what, path) and good
            good = real_prints(path, folder) and good
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(memory(Path(sys.argv[1])))
    else:
        sys.exit(main())
