"""`make demo ONCE=1` succeeds only where every picture and every name is right."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.demo import check, demo
from tests.server.snapshots import picture

EXPECTED = check.Expected(layers=(5, 10), layer_height=0.2, positions=2)


def write(uploads: Path) -> Path:
    """What a faultless print leaves behind."""
    folder = uploads / "layercapture" / "star_20241201_143022"
    folder.mkdir(parents=True)
    for layer in EXPECTED.layers:
        images = []
        for index in range(EXPECTED.positions):
            name = f"layer_{layer:04}_pos_{index:02}_20241201_143022.jpg"
            (folder / name).write_bytes(picture(index))
            path = f"/uploads/layercapture/{folder.name}/{name}"
            images.append({"path": path, "index": index})
        data = {"layer": layer, "z_height": layer * 0.2, "images": images}
        (folder / f"layer_{layer:04}_metadata.json").write_text(json.dumps(data))
    return folder


def problems(uploads: Path) -> list[str]:
    metadata = check.files_below(uploads, ".json")
    return check.problems(uploads, metadata, check.files_below(uploads, ".jpg"), EXPECTED)


def test_faultless_print_has_no_problems(tmp_path: Path) -> None:
    write(tmp_path)
    assert problems(tmp_path) == []


def test_sample_has_the_layers_the_demo_counts_on() -> None:
    text = demo.SAMPLE.read_text(encoding="utf-8")
    assert text.count("\n;LAYER_CHANGE\n") == demo.LAYERS
    assert demo.EXPECTED.layers == (5, 10, 15, 20, 25, 30)


def edit(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        file = folder / "layer_0005_metadata.json"
        data = json.loads(file.read_text())
        change(data)
        file.write_text(json.dumps(data))

    return damage


def cut(folder: Path) -> None:
    file = folder / "layer_0005_pos_01_20241201_143022.jpg"
    file.write_bytes(file.read_bytes()[:-200])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing picture": lambda f: next(f.glob("*pos_00*")).unlink(),
    "unnamed picture": lambda f: (f / "more.jpg").write_bytes(picture(7)),
    "cut picture": cut,
    "text for a picture": lambda f: next(f.glob("*pos_00*")).write_text("no"),
    "missing metadata": lambda f: (f / "layer_0010_metadata.json").unlink(),
    "broken metadata": lambda f: (f / "layer_0010_metadata.json").write_text("{"),
    "no object": lambda f: (f / "layer_0010_metadata.json").write_text("[]"),
    "layer twice": lambda f: (f / "again.json").write_bytes(
        (f / "layer_0005_metadata.json").read_bytes()
    ),
    "wrong layer": edit(lambda data: data.update(layer=6)),
    "wrong height": edit(lambda data: data.update(z_height=1.2)),
    "failure": edit(lambda data: data.update(failures=[{"index": 1}])),
    "wrong index": edit(lambda data: data["images"][0].update(index=1)),
    "path elsewhere": edit(lambda data: data["images"][0].update(path="/tmp/x.jpg")),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_found(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    damage(write(tmp_path))
    assert problems(tmp_path) != []


def test_temporary_files_do_not_count(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / ".layer_0015.jpg").write_bytes(b"")
    assert problems(tmp_path) == []
