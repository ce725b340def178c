import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.data import Bank, Prepared, card, open_bank

ROWS = {"ag_news": 7, "mnist": 5, "cifar10": 6}


def made(name, rows):
    """A data set in memory whose samples all differ."""
    one = card(name)
    dtype = torch.int32 if one.modality == "text" else torch.uint8
    draws = np.random.default_rng(rows)
    inputs = torch.from_numpy(draws.integers(0, 256, (rows, *one.shape))).to(dtype)
    labels = torch.zeros(rows, dtype=torch.int64)
    return Prepared(one, inputs, labels, rows - 1, (), "embedded", "", "", Path(name))


BANK = Bank([made(name, rows) for name, rows in ROWS.items()])
reference = st.sampled_from(list(ROWS)).flatmap(
    lambda name: st.tuples(st.just(list(ROWS).index(name)), st.integers(0, ROWS[name] - 1))
)
batches = st.lists(reference, min_size=1, max_size=20)


@given(batches)
def test_gathering_equals_indexing_one_by_one(batch):
    references = torch.tensor(batch)
    groups = BANK.gather(references)
    assert [group.name for group in groups] == [list(ROWS)[number] for number in sorted({owner for owner, _ in batch})]
    found = {}
    for group in groups:
        everywhere = torch.arange(len(batch)) if group.positions is None else group.positions
        assert everywhere.dtype == torch.int64
        assert len(everywhere) == len(group.inputs)
        assert group.inputs.dtype == BANK[group.name].inputs.dtype
        for position, sample in zip(everywhere.tolist(), group.inputs, strict=True):
            assert position not in found
            found[position] = (group.name, sample)
    assert sorted(found) == list(range(len(batch)))
    for position, (owner, row) in enumerate(batch):
        name, sample = found[position]
        assert name == list(ROWS)[owner]
        assert torch.equal(sample, BANK[name].inputs[row])


@given(batches)
def test_positions_ascend_and_are_left_out_for_a_whole_batch(batch):
    groups = BANK.gather(torch.tensor(batch))
    if len({owner for owner, _ in batch}) == 1:
        assert [group.positions for group in groups] == [None]
    else:
        assert all(group.positions.tolist() == sorted(group.positions.tolist()) for group in groups)


@given(batches)
def test_bytes_are_those_of_the_raw_samples(batch):
    expected = sum(BANK.datasets[owner].inputs[row].nbytes for owner, row in batch)
    assert BANK.bytes_of(torch.tensor(batch)) == expected


def test_bytes_by_hand():
    references = torch.tensor([[0, 1], [1, 0], [1, 0], [2, 3]])
    assert BANK.bytes_of(references) == 128 * 4 + 2 * 28 * 28 + 3 * 32 * 32
    assert BANK.bytes_of(torch.zeros(0, 2, dtype=torch.int64)) == 0


def test_references_are_pairs_of_data_set_and_row():
    rows = torch.tensor([4, 0, 2])
    references = BANK.references("mnist", rows)
    assert references.dtype == torch.int64
    assert references.tolist() == [[1, 4], [1, 0], [1, 2]]
    (group,) = BANK.gather(references)
    assert group.name == "mnist"
    assert torch.equal(group.inputs, BANK["mnist"].inputs[rows])


def test_what_is_gathered_is_a_copy():
    references = BANK.references("mnist", torch.arange(5))
    before = BANK["mnist"].inputs.clone()
    BANK.gather(references)[0].inputs.fill_(0)
    assert torch.equal(BANK["mnist"].inputs, before)


def test_a_row_or_a_data_set_that_is_not_there_is_an_error():
    with pytest.raises(IndexError):
        BANK.gather(torch.tensor([[1, 5]]))
    with pytest.raises(IndexError):
        BANK.gather(torch.tensor([[3, 0]]))
    with pytest.raises(KeyError):
        BANK["imdb"]


def test_a_deep_copy_is_the_bank_itself_also_inside_a_model():
    assert copy.deepcopy(BANK) is BANK
    model = torch.nn.Module()
    model.bank = BANK
    assert copy.deepcopy(model).bank is BANK


def test_a_pickled_bank_opens_the_same_folders(embedded_bank):
    bank = embedded_bank("ag_news", "mnist")
    written = pickle.dumps(bank)
    assert len(written) < 1000
    open_bank.cache_clear()
    opened = pickle.loads(written)
    assert opened is not bank
    assert pickle.loads(written) is opened
    assert [data.folder for data in opened.datasets] == [data.folder for data in bank.datasets]
    for mine, yours in zip(bank.datasets, opened.datasets, strict=True):
        assert (mine.card, mine.sha256, mine.train_rows, mine.vocabulary, mine.source) == (
            yours.card, yours.sha256, yours.train_rows, yours.vocabulary, yours.source
        )  # fmt: skip
        assert torch.equal(mine.inputs, yours.inputs)
        assert torch.equal(mine.labels, yours.labels)


def test_the_fixture_keeps_banks_and_says_where_the_data_is_from(embedded_bank):
    bank = embedded_bank("ag_news", "mnist")
    assert embedded_bank("ag_news", "mnist") is bank
    assert [data.source for data in bank.datasets] == ["embedded", "embedded"]
