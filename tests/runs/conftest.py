import json

import numpy as np
import pytest

from chaoscl.data import CARDS, Bank, open_prepared

ROWS = {"train": 60, "test": 30}
VOCABULARY = 40


def write_prepared(folder, name):
    """Write a tiny prepared data set that can be learned: every class has tokens, or a bright stripe, of its own."""
    card = CARDS[name]
    draws = np.random.default_rng(sum(name.encode()))
    rows = sum(ROWS.values())
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
        "name": name,
        "source": "embedded",
        "note": "tiny",
        "train_rows": ROWS["train"],
        "sha256": name,
        "bytes": {},
    }
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    return open_prepared(folder)


@pytest.fixture(scope="session")
def tiny_bank(tmp_path_factory):
    """Return a maker of banks of tiny data sets, by their names."""
    root = tmp_path_factory.mktemp("tiny")
    made = {}

    def make(*names):
        for name in names:
            if name not in made:
                made[name] = write_prepared(root / name, name)
        return Bank([made[name] for name in names])

    return make
