from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from chaoscl.config import build_spec
from chaoscl.data import DATASETS
from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.runs import results
from chaoscl.runs.results import check_folder, data_hash, data_kind


def data(*sources):
    rows = [["d", source, 1, 1, 1, 1, "x", ""] for source in sources]
    return pd.DataFrame(rows, columns=schema.DATA.header)


@pytest.mark.parametrize(
    ("held", "kind", "allowed"),
    [
        (["mirror"], "mirror", True),
        (["embedded"], "mirror", False),
        (["mirror"], "embedded", False),
        (["official"], "mirror", False),
        (["generated", "mirror"], "mirror", True),
        (["generated"], "embedded", True),
    ],
)
def test_a_folder_holds_data_of_one_kind(tmp_path, held, kind, allowed):
    schema.write_csv(data(*held), schema.DATA, tmp_path / "data.csv")
    if allowed:
        check_folder(tmp_path, kind)
    else:
        with pytest.raises(UserError, match=f"holds results on {held[0]} data, and this command uses {kind} data"):
            check_folder(tmp_path, kind)


def test_a_new_folder_is_free(tmp_path):
    check_folder(tmp_path / "new", "mirror")


def test_a_foreign_file_is_pointed_out(tmp_path):
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="not ours"):
        check_folder(tmp_path, "mirror")


def test_kind_and_hash_of_a_bank(tiny_bank):
    assert data_kind(tiny_bank("mnist", "ag_news")) == "embedded"
    hashes = {data_hash(tiny_bank(*names)) for names in (("mnist",), ("ag_news",), ("mnist", "ag_news"))}
    assert len(hashes) == 3
    assert all(len(one) == 12 for one in hashes)


@pytest.mark.parametrize("order", ["given", "reversed", "2-1", "1-2", "shuffle"])
def test_modalities_stand_in_the_order_in_which_the_run_learned_the_tasks(order, tiny_bank, monkeypatch):
    seeds = range(4) if order == "shuffle" else [0]
    learned = set()
    for seed in seeds:
        spec = build_spec("ag_news,mnist", "task", "mlp256", "naive", seed, order=order)
        tasks = tuple(task.name for task in spec.stream.ordered(order, seed).tasks)
        values = np.full((3, 2), 0.5)
        matrix = RetentionMatrix(tasks=tasks, mean=values, sd=0 * values, repetitions=1)
        monkeypatch.setattr(results, "stored", lambda folder, matrix=matrix: SimpleNamespace(matrix=matrix))
        record = results._record(SimpleNamespace(spec=spec, model="mlp256", folder=None), tiny_bank("ag_news", "mnist"))
        assert record.matrix.tasks == tasks
        assert record.modalities == tuple(DATASETS[name].card.modality for name in tasks)
        learned.add(record.modalities)
    forward, backward = ("text", "image"), ("image", "text")
    expected = {"reversed": {backward}, "2-1": {backward}, "shuffle": {forward, backward}}.get(order, {forward})
    assert learned == expected
