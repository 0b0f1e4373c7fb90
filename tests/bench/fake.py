"""What a frame of the fake camera costs, against encoding it, low and high in a print.

A print of 2,500 layers is made on the fly and captured at each tenth layer from nine
positions, at first and at last; in between at one. Nothing is told to the camera before
it is asked for a frame, so the cost of a capture holds everything that is done for it:
reading the file, painting ten layers, and nine frames. It is processor time of all
threads, and a ninth of it is a frame's. Pillow encodes the same pictures in between.
"""

from __future__ import annotations

import io
import math
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

from PIL import Image

from octoprint_layercapture.cameras import FakeCamera, Scene
from octoprint_layercapture.cameras.printed import THREAD
from octoprint_layercapture.gcode import Layer, index
from octoprint_layercapture.gcode.paths import beads
from octoprint_layercapture.hands import HANDS
from tests.bench import _rows

MOST, MOST_GROWTH = 25.0, 1.5
LAYERS, EACH, LOW = 2500, 10, 250
CAPTURES = 9  # measured low and high
BED = (0.0, 0.0, 200.0, 200.0)
PLACES = [(x, y) for y in (60, 100, 140) for x in (60, 100, 140)]
QUALITY = 95


def lines(number: int) -> Iterator[str]:
    """A layer: three walls of a wavy ring, turned a little, and straight infill."""
    z = 0.2 * number
    yield f";LAYER_CHANGE\n;Z:{z:.2f}\n;HEIGHT:0.2\nG1 Z{z:.2f} F9000\n"
    for wall in range(3):
        for step in range(181):
            angle = 2 * math.pi * (step / 180 + number / 900)
            radius = 62 - 0.45 * wall + 6 * math.sin(7 * step * math.pi / 90)
            x, y = 100 + radius * math.cos(angle), 100 + radius * math.sin(angle)
            yield f"G1 X{x:.3f} Y{y:.3f}" + (" E.08\n" if step else "\n")
    for line in range(100):
        aside = 60 + 0.8 * line + 0.1 * (number % 8)
        if number % 2:
            yield f"G1 X{aside:.3f} Y60\nG1 Y140 E2.66\n"
        else:
            yield f"G1 X60 Y{aside:.3f}\nG1 X140 E2.66\n"
    yield "G1 E-1 F2100\nG1 E1 F2100\n"


def made(folder: str) -> Path:
    path = Path(folder) / "print.gcode"
    with open(path, "w", encoding="ascii") as file:
        file.write("G28\nG21\nG90\nM83\nG1 X5 Y5 F9000\n")
        for number in range(1, LAYERS + 1):
            file.writelines(lines(number))
        file.write("M104 S0\nM84\n")
    return path


def scene(layer: Layer, place: int) -> Scene:
    x, y = PLACES[place]
    return Scene(layer.number, layer.z, layer.height, x, y, place, 0.0, BED)


def idle() -> None:
    """Waits until nothing is read or painted any more."""
    HANDS.wait(THREAD, 600)


def capture(camera: FakeCamera, layer: Layer) -> tuple[float, float]:
    """s of processor time for one frame, and for encoding one."""
    start = time.process_time()
    frames = [camera.frame(scene(layer, place)) for place in range(len(PLACES))]
    idle()
    drawn = time.process_time() - start
    pictures = [Image.open(io.BytesIO(frame)) for frame in frames]
    for picture in pictures:
        picture.load()
    start = time.process_time()
    for picture in pictures:
        picture.save(io.BytesIO(), "JPEG", quality=QUALITY)
    return drawn / len(PLACES), (time.process_time() - start) / len(PLACES)


def main() -> int:
    print(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        path = made(folder)
        layers = index(path).layers
        if len(layers) != LAYERS:
            print(f"The index found {len(layers)} layers.")
            return 1
        camera = FakeCamera(
            quality=QUALITY, layers=partial(beads, path, layers), patience=60.0
        )
        span = EACH * (CAPTURES // 2)
        costs: dict[int, list[tuple[float, float]]] = {LOW: [], LAYERS: []}
        for number in range(EACH, LAYERS + 1, EACH):
            layer = layers[number - 1]
            if abs(number - LOW) <= span:
                costs[LOW].append(capture(camera, layer))
            elif number > LAYERS - EACH * CAPTURES:
                costs[LAYERS].append(capture(camera, layer))
            else:
                camera.view(scene(layer, 4))
                idle()
    print("layer   a frame    encoding   ratio")
    frame = {}
    worst = 0.0
    for number, measured in costs.items():
        frame[number] = median(drawn for drawn, _ in measured)
        encoding = median(encoded for _, encoded in measured)
        ratio = frame[number] / encoding
        worst = max(worst, ratio)
        print(
            f"{number:<6}  {frame[number] * 1e3:5.1f} ms   {encoding * 1e3:5.1f} ms"
            f"   {ratio:5.1f}"
        )
    growth = frame[LAYERS] / frame[LOW]
    print(f"\nLayer {LAYERS} against layer {LOW}: {growth:.2f}.")
    print(f"Wanted: ratios of at most {MOST:g}, growth of at most {MOST_GROWTH:g}.")
    good = _rows.row("frame of the fake camera against encoding it", worst, MOST)
    good &= _rows.row("frame high in a print against one low", growth, MOST_GROWTH)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
