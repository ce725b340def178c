import sys
from pathlib import Path

import numpy as np
import pytest

from chaoscl.data import CARDS, Bank, Source, prepare
from chaoscl.errors import UserError
from timing import memory
from timing.memory import bank_bytes, mapped, measure, official_bytes, own, resident

linux = pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="Linux alone says what is mapped")


def test_every_promised_row(monkeypatch, well_formed):
    monkeypatch.setattr(memory, "_MAPS", Path(sys.executable))
    monkeypatch.setattr(
        memory, "_alone", {"run_peak": memory.GIB, "mapped": 2 * memory.GIB, "own": memory.GIB // 2}.get
    )
    rows = measure(3)
    well_formed(rows, "memory")
    assert [rows[0].value, rows[2].value, rows[3].value] == [1.0, 2.0, 0.5]
    assert 1.4 < rows[1].value < 1.6
    assert [row.goal.met(row.value) if row.goal else None for row in rows] == [True, True, None, False]
    assert {row.rounds for row in rows} == {1}


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
def test_a_bank_that_was_read_is_shared(monkeypatch):
    monkeypatch.setattr(memory, "SPEC", memory.RunSpec("split-mnist", "task", "mlp256", "naive", seed=0))
    assert mapped() >= bank_bytes(Bank([prepare("mnist", Source("embedded"))]))
    assert own() == 0


def test_official_bytes_are_those_of_the_prepared_tensors():
    assert official_bytes([CARDS["mnist"]]) == 70_000 * 784
    assert official_bytes([CARDS["imdb"], CARDS["cifar10"]]) == 50_000 * 256 * 4 + 60_000 * 3072
    data = prepare("ag_news", Source("embedded"))
    assert bank_bytes(Bank([data])) == len(data.labels) * 128 * 4
