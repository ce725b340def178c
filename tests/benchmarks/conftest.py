"""Programs as a user types them, run in this process, and a tiny mirror folder."""

import importlib.util
import io
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from chaoscl.cli import run_command
from chaoscl.runs import recipes

PROGRAMS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def program(monkeypatch, capsys, tmp_path):
    """Return a maker of functions that run a program: words in; exit status, stdout and stderr out.

    The program runs in an empty folder, its quick recipe aims at two batches, and its terminal is wide.
    """
    monkeypatch.setattr(recipes, "QUICK_BATCHES", 2)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "240")

    def make(name):
        file = PROGRAMS / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"{file.stem}_program", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)

        def call(*words):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sys, "argv", [str(file), *map(str, words)])
                status = run_command(getattr(module, file.stem))
            captured = capsys.readouterr()
            return status, captured.out, captured.err

        return call

    return make


def _png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def write_mirror():
    """Return a writer of a mirror folder with a few grey images of one data set, of all labels but those left out."""

    def write(folder, name, rows=40, train_without=(), test_without=()):
        draws = np.random.default_rng(0)
        (folder / name).mkdir(parents=True)
        for split, left_out in (("train", train_without), ("test", test_without)):
            pixels = draws.integers(0, 256, (rows, 28, 28), dtype=np.uint8)
            labels = [label for label in range(10) if label not in left_out]
            images = [{"bytes": _png(image), "path": ""} for image in pixels]
            pq.write_table(
                pa.table({"image": images, "label": [labels[row % len(labels)] for row in range(rows)]}),
                folder / name / f"{split}.parquet",
            )
        return folder

    return write
