"""What Hugging Face's `datasets` makes of a folder, run in an environment that has it.

`python loading.py FOLDER …` loads the folders as one imagefolder and prints as JSON the
columns, and for each row its data with the sum of the picture's pixels.
"""

from __future__ import annotations

import json
import sys
import tempfile

import datasets


def main(folders: list[str]) -> None:
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:
        parts = [
            datasets.load_dataset(
                "imagefolder", data_dir=folder, split="train", cache_dir=cache
            )
            for folder in folders
        ]
        together = datasets.concatenate_datasets(parts)
        rows = []
        for row in together:
            image = row.pop("image").convert("L")
            row = {k: None if v != v else v for k, v in row.items()}
            rows.append({**row, "pixels": sum(image.getdata()), "shape": image.size})
        print(json.dumps({"columns": together.column_names, "rows": rows}))


if __name__ == "__main__":
    main(sys.argv[1:])
