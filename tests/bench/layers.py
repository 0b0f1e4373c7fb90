"""How fast layers are found, against OctoPrint's own analysis, and in how much memory.

Files like those of two slicers are made on the fly, with the slicer's marks and without:
50 MB for the rates, 500 MB for the memory. Where LAYERCAPTURE_CORPUS is set, there are
also rows for the layers of the real files there, in 50 MB as well. Those files are small,
and so are their layers, 2 kB some of them: repeated as they are, they make prints of
30,000 layers, which nobody prints. A 50 MB file is a print of 250 to 300 mm in layers of
0.1 mm at most, 2,500 in all. So the bounds hold for layers grown to that size, and the
rows of those only repeated show what small layers cost. OctoPrint's rate is taken on the
beginning of the same file. Rates are by processor time, so that what else the machine
does counts little, and the best of a few rounds; ratios are those of one run.
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
from itertools import product
from pathlib import Path

from octoprint_layercapture.gcode import index
from tests.bench import _rows, _repeated

MEGABYTE = 1_000_000
SIZE, LARGE, SAMPLE = 50 * MEGABYTE, 500 * MEGABYTE, 2 * MEGABYTE
LEAST_MARKED, LEAST_BARE = 40.0, 8.0  # times OctoPrint's rate
CORPUS = os.environ.get("LAYERCAPTURE_CORPUS", "")
MOST_LAYERS = 2_500  # of a print some 250 mm high, in layers of 0.1 mm
MOST_MEMORY = 64 * 1024  # kB of anonymous memory
ROUNDS = 3

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


def rate(path: Path) -> float:
    """MB/s of the index."""
    best = math.inf
    for _ in range(ROUNDS):
        begun = time.process_time()
        index(path)
        best = min(best, time.process_time() - begun)
    return path.stat().st_size / MEGABYTE / best


def octoprints_rate(path: Path, folder: Path) -> float:
    """MB/s of OctoPrint's own analysis, on the beginning of the file."""
    from octoprint.util.gcodeInterpreter import gcode

    sample = folder / "sample.gcode"
    with open(path, "rb") as file:
        sample.write_bytes(file.read(SAMPLE))
    best = math.inf
    for _ in range(ROUNDS):
        begun = time.process_time()
        gcode().load(str(sample))
        best = min(best, time.process_time() - begun)
    return SAMPLE / MEGABYTE / best


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


def real_prints(path: Path, folder: Path) -> bool:
    """Prints rows for each corpus file's layers, grown and as they are; gives whether
    those of the grown ones reach their bounds.
    """
    good = True
    for source in sorted(Path(CORPUS).glob("*.gcode")) if CORPUS else []:
        if not _repeated.marked(source):
            continue
        for most_layers, marks in product((MOST_LAYERS, None), (True, False)):
            heights = _repeated.write(
                source, path, SIZE, marks=marks, most_layers=most_layers
            )
            found = [each.z for each in index(path).layers]
            right = len(found) == len(heights) and all(
                abs(a - b) < 0.01 for a, b in zip(found, heights)
            )
            ours, theirs = rate(path), octoprints_rate(path, folder)
            layer = path.stat().st_size / 1000 / max(len(found), 1)
            least = LEAST_MARKED if marks else LEAST_BARE
            bound = f" (at least {least:g})" if most_layers else ""
            print(
                f"{source.stem} {'grown' if most_layers else 'repeated'} "
                f"{'with' if marks else 'without'} marks, {layer:.1f} kB a layer: "
                f"{ours:.0f} MB/s, {ours / theirs:.0f} x OctoPrint's {theirs:.2f}{bound}"
                f"{'' if right else ', and layers that are not there'}",
                flush=True,
            )
            good = good and right and (not most_layers or ours >= least * theirs)
    return good


def main() -> int:
    """Prints a row for each figure; 1 where one misses its bound."""
    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        path = folder / "print.gcode"
        for name, layer in (("Cura", cura), ("PrusaSlicer", prusa)):
            for marked, least in ((True, LEAST_MARKED), (False, LEAST_BARE)):
                write(path, layer, SIZE, marked)
                ours, theirs = rate(path), octoprints_rate(path, folder)
                what = f"index against OctoPrint's analysis, {name}'s file "
                what += "with marks" if marked else "without marks"
                failed |= not _rows.row(what, ours / theirs, least, least=True)
                print(
                    f"{name} {'with' if marked else 'without'} marks: {ours:.0f} MB/s, "
                    f"{ours / theirs:.0f} x OctoPrint's {theirs:.2f} (at least {least:g})"
                )
        failed = not real_prints(path, folder) or failed
        write(path, cura, LARGE, True)
        command = [sys.executable, "-m", "tests.bench.layers", str(path)]
        taken = int(subprocess.run(command, check=True, capture_output=True).stdout)
        what, most = "memory for the index of 500 MB", MOST_MEMORY / 1024
        failed |= not _rows.row(what, taken / 1024, most, unit="MB")
        print(
            f"500 MB: {taken / 1024:.0f} MB of memory (at most {MOST_MEMORY / 1024:.0f})"
        )
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(memory(Path(sys.argv[1])))
    else:
        sys.exit(main())
