"""Tiny mirror folders, and what every refusal of data has to look like."""

import hashlib
import io
import json
import socket
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from chaoscl.errors import UserError

WAYS_OUT = ("download it from", "--data-dir", "--data embedded")


def _png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


class TinyMirror:
    """A mirror folder with a few rows of some data sets, and the arrays that were written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name, split="train"):
        return self.folder / name / f"{split}.parquet"

    def write(self, name, split, columns):
        self.file(name, split).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), self.file(name, split))

    def images(self, name, split, pixels, labels):
        """Write pixels (N, H, W) or (N, H, W, 3) as PNG files."""
        rows = [{"bytes": _png(image), "path": f"{number}.png"} for number, image in enumerate(pixels)]
        self.write(name, split, {"image": rows, "label": labels})

    def texts(self, name, split, texts, labels):
        self.write(name, split, {"text": texts, "label": labels})

    def manifest(self):
        """State the hashes of all files as they now are."""
        files = {
            str(path.relative_to(self.folder)): {
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "remarks": [f"{path.stem} remark", "second"],
            }
            for path in self.folder.glob("*/*.parquet")
        }
        (self.folder / "MANIFEST.json").write_text(json.dumps({"files": files}))


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)


@pytest.fixture
def tiny(tmp_path, pixels):
    """A healthy mirror: mnist with 8 + 4 rows, ag_news with 6 + 2."""
    made = TinyMirror(tmp_path / "mirror")
    made.images("mnist", "train", pixels[:8], [0, 1, 2, 3, 4, 5, 6, 7])
    made.images("mnist", "test", pixels[8:], [8, 9, 0, 1])
    made.texts("ag_news", "train", ["Cup final", "cup tie", "the CUP", "cup", "cup draw", "goal"], [0, 1, 2, 3, 0, 1])
    made.texts("ag_news", "test", ["cup goal strange", "strange strange strange strange strange"], [2, 3])
    return made


@pytest.fixture
def refused():
    """A context manager: a UserError of one line that holds the given parts and the three ways out."""

    class Refused:
        def __init__(self, *parts):
            self.parts = parts

        def __enter__(self):
            self.catcher = pytest.raises(UserError)
            self.error = self.catcher.__enter__()
            return self

        def __exit__(self, *details):
            caught = self.catcher.__exit__(*details)
            if caught:
                message = str(self.error.value)
                assert "\n" not in message
                for part in (*self.parts, *WAYS_OUT):
                    assert str(part) in message
            return caught

    return Refused


@pytest.fixture
def no_network(monkeypatch):
    """Every look-up and connection fails at once."""

    def blocked(*_, **__):
        raise OSError("network\nblocked")

    monkeypatch.setattr(socket, "getaddrinfo", blocked)
    monkeypatch.setattr(socket.socket, "connect", blocked)
