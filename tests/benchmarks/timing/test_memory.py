import sys
from pathlib import Path

import numpy as np
import pytest

from chaoscl.data import DATASETS
from chaoscl.errors import UserError
from timing import memory
from timing.memory import bank_bytes, bank_pages, measure, official_bytes, resident
from timing.setup import generated_bank

linux = pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="Linux alone says what is mapped")


def test_every_promised_row(monkeypatch, well_formed):
    monkeypatch.setattr(memory, "_MAPS", Path(sys.executable))
    found = {
        "setup.run_peak('seed-six', 'chaos2k', 'replay')": 1.0,
        "memory.bank_pages('seed-six', 'Rss')": 2.0,
        "memory.bank_pages('seed-six', 'Anonymous')": 0.5,
    }
    monkeypatch.setattr(memory, "_alone", found.__getitem__)
    rows = measure(3)
    well_formed(rows)
    values = [value for row in rows for value in row.values]
    assert [values[0], *values[2:]] == [1.0, 2.0, 0.5]
    assert 1.4 < values[1] < 1.6
    assert [row.goal and row.goal.met(*row.values) for row in rows] == [True, True, None, False]


def test_a_system_that_does_not_say_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_MAPS", tmp_path / "smaps")
    with pytest.raises(UserError, match="on Linux alone"):
        measure(1)


@linux
def test_pages_that_were_written_are_the_process_s_own(tmp_path):
    np.save(tmp_path / "inputs.npy", np.zeros((64, 4096), dtype=np.uint8))
    array = np.load(tmp_path / "inputs.npy", mmap_mode="c")
    array.sum()
    files = [tmp_path / "inputs.npy"]
    assert resident("Rss", files) >= array.nbytes
    assert resident("Anonymous", files) == 0
    array[3:5] = 1
    assert 2 * 4096 <= resident("Anonymous", files) <= 4 * 4096


@linux
def test_a_bank_that_was_read_is_shared():
    assert bank_pages("split-mnist", "Rss") >= bank_bytes(generated_bank(DATASETS["mnist"]))
    assert bank_pages("split-mnist", "Anonymous") == 0


@linux
def test_a_number_is_found_in_a_process_of_its_own():
    assert (
        memory._alone("memory.bank_pages('split-mnist', 'Rss')")
        >= bank_bytes(generated_bank(DATASETS["mnist"])) / memory.GIB
    )


def test_official_bytes_are_those_of_the_prepared_tensors():
    assert official_bytes([DATASETS["mnist"].card]) == 70_000 * 784
    assert official_bytes([DATASETS["imdb"].card, DATASETS["cifar10"].card]) == 50_000 * 256 * 4 + 60_000 * 3072
    bank = generated_bank(DATASETS["ag_news"])
    assert bank_bytes(bank) == len(bank.datasets[0].labels) * 128 * 4
