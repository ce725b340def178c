"""What all rooms share: an environment of their own, the data mirror if there is one, banks of generated data."""

import importlib.util
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings
from PIL import Image

from chaoscl.data import DATASETS, Bank, Prepared, Source, open_prepared, prepare

MIRROR = os.environ.get("CHAOSCL_DATA")
ROWS = {"train": 60, "test": 30}
VOCABULARY = 40

# No deadline: a busy machine is no failure. CI takes the same examples every time; `make properties` takes many.
settings.register_profile("chaoscl", deadline=None, max_examples=50)
settings.register_profile("repeatable", parent=settings.get_profile("chaoscl"), derandomize=True)
settings.register_profile("thorough", parent=settings.get_profile("chaoscl"), max_examples=50 * 50)
settings.load_profile("chaoscl")


@pytest.fixture(scope="session")
def tables() -> ModuleType:
    """The program that writes the generated parts of README and docs."""
    file = Path(__file__).resolve().parents[1] / "benchmarks" / "tables.py"
    spec = importlib.util.spec_from_file_location("tables_program", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache of this session, so that no test reads or writes the user's."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAOSCL_CACHE", str(folder))
        patch.delenv("CHAOSCL_DATA", raising=False)
        yield folder


@pytest.fixture(autouse=True)
def _data_only_for_real_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if MIRROR and request.node.get_closest_marker("real"):
        monkeypatch.setenv("CHAOSCL_DATA", MIRROR)


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The real data mirror; tests that use it carry the mark ``real``."""
    if not MIRROR or not Path(MIRROR).is_dir():
        pytest.skip("no data mirror: set CHAOSCL_DATA")
    return Path(MIRROR)


@pytest.fixture(scope="session")
def embedded_bank(cache_folder: Path) -> Callable[..., Bank]:
    """A function from data-set names to a bank of embedded data, prepared once a session."""

    @cache
    def make(*names: str) -> Bank:
        return Bank([prepare(DATASETS[name], Source("embedded"), cache_folder) for name in names])

    return make


@pytest.fixture
def refused() -> Callable[..., None]:
    """Return a check that an answer is a refusal: exit status 2, and one line that holds the given words."""

    def check(answer: tuple[int, str, str], *words: str) -> None:
        status, out, err = answer
        assert status == 2
        assert out == ""
        lines = err.strip().splitlines()
        assert len(lines) == 1, err
        assert lines[0].startswith("error: ")
        for word in words:
            assert word in lines[0]

    return check


def write_prepared(folder: Path, name: str, train: int = ROWS["train"]) -> Prepared:
    """Write a tiny prepared data set that can be learned: every class has tokens, or a bright stripe, of its own."""
    card = DATASETS[name].card
    draws = np.random.default_rng(sum(name.encode()))
    rows = train + ROWS["test"]
    labels = np.arange(rows) % len(card.classes)
    if card.modality == "text":
        inputs = draws.integers(2, VOCABULARY, (rows, 12)).astype(np.int32)
        inputs[:, :4] = 2 + labels[:, None]
        inputs[:, 9:] = 0
        vocabulary = "\n".join(["<pad>", "<unk>", *(f"w{number}" for number in range(VOCABULARY - 2))])
    else:
        inputs = draws.integers(0, 60, (rows, *card.shape)).astype(np.uint8)
        inputs[np.arange(rows), 0, labels] = 255
        vocabulary = None
    folder.mkdir(parents=True)
    np.save(folder / "inputs.npy", inputs)
    np.save(folder / "labels.npy", labels.astype(np.int64))
    if vocabulary:
        (folder / "vocabulary.txt").write_text(vocabulary, encoding="utf-8")
    meta = {
        "card": asdict(card),
        "source": "embedded",
        "note": "tiny",
        "remarks": [],
        "train_rows": train,
        "sha256": name,
        "bytes": {},
    }
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    return open_prepared(folder)


@pytest.fixture(scope="session")
def tiny_bank(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Bank]:
    """Return a maker of banks of tiny data sets, by their names and how many training rows each has."""
    root = tmp_path_factory.mktemp("tiny")
    made: dict[tuple[str, int], Prepared] = {}

    def make(*names: str, train: int = ROWS["train"]) -> Bank:
        for name in names:
            if (name, train) not in made:
                made[name, train] = write_prepared(root / f"{name}-{train}", name, train)
        return Bank([made[name, train] for name in names])

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
