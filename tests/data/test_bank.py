import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.data import DATASETS, Bank, Prepared, View, open_bank

ROWS = {"ag_news": 7, "mnist": 5, "cifar10": 6}


def made(name, rows):
    """A data set in memory whose samples all differ."""
    one = DATASETS[name].card
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


def mixed(name, dataset, seed):
    """A view of a data set through some permutation."""
    pixels = int(np.prod(DATASETS[dataset].card.shape))
    return View(name, dataset, torch.randperm(pixels, generator=torch.Generator().manual_seed(seed)))


VIEWS = [mixed("one", "mnist", 1), mixed("two", "cifar10", 2), mixed("three", "mnist", 3)]
SEEN = BANK.with_views(VIEWS)
SOURCES = [*ROWS, "mnist", "cifar10", "mnist"]
any_reference = st.integers(0, len(SOURCES) - 1).flatmap(
    lambda owner: st.tuples(st.just(owner), st.integers(0, ROWS[SOURCES[owner]] - 1))
)
any_batches = st.lists(any_reference, min_size=1, max_size=20)


@given(any_batches)
def test_rows_are_told_by_data_set_those_of_its_views_included(batch):
    found = SEEN.rows_by_dataset(torch.tensor(batch))
    expected = {name: [row for row, (owner, _) in enumerate(batch) if SOURCES[owner] == name] for name in ROWS}
    assert {name: rows.tolist() for name, rows in found.items()} == {k: rows for k, rows in expected.items() if rows}


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


@given(any_batches)
def test_gathering_through_views_equals_permuting_one_by_one(batch):
    found = {}
    for group in SEEN.gather(torch.tensor(batch)):
        positions = range(len(batch)) if group.positions is None else group.positions.tolist()
        assert group.inputs.shape[1:] == DATASETS[group.name].card.shape
        assert group.inputs.dtype == SEEN[group.name].inputs.dtype
        found |= {place: (group.name, sample) for place, sample in zip(positions, group.inputs, strict=True)}
    assert sorted(found) == list(range(len(batch)))
    for place, (owner, row) in enumerate(batch):
        name, sample = found[place]
        assert name == SOURCES[owner]
        values = BANK[name].inputs[row].flatten().tolist()
        if owner >= len(ROWS):
            values = [values[source] for source in VIEWS[owner - len(ROWS)].order.tolist()]
        assert sample.flatten().tolist() == values


@given(any_batches)
def test_a_sample_seen_through_a_view_takes_the_bytes_of_the_sample(batch):
    expected = sum(BANK[SOURCES[owner]].inputs[row].nbytes for owner, row in batch)
    assert SEEN.bytes_of(torch.tensor(batch)) == expected


def test_a_view_is_referred_to_by_its_own_name_and_called_by_its_data_set_s():
    rows = torch.tensor([4, 0])
    assert SEEN.references("one", rows).tolist() == [[3, 4], [3, 0]]
    assert SEEN.references("mnist", rows).tolist() == [[1, 4], [1, 0]]
    (plain,), (seen,) = SEEN.gather(SEEN.references("mnist", rows)), SEEN.gather(SEEN.references("one", rows))
    assert plain.name == seen.name == "mnist"
    assert not torch.equal(plain.inputs, seen.inputs)
    assert torch.equal(plain.inputs.flatten(1).sort().values, seen.inputs.flatten(1).sort().values)


def test_the_view_that_changes_nothing_shows_the_data_set_itself():
    bank = BANK.with_views([View("same", "cifar10", torch.arange(3072))])
    (group,) = bank.gather(bank.references("same", torch.arange(6)))
    assert torch.equal(group.inputs, BANK["cifar10"].inputs)


def test_what_is_gathered_through_a_view_is_a_copy():
    before = BANK["mnist"].inputs.clone()
    SEEN.gather(SEEN.references("one", torch.arange(5)))[0].inputs.fill_(0)
    assert torch.equal(BANK["mnist"].inputs, before)


def test_other_views_take_the_place_of_those_before_and_leave_the_bank():
    other = SEEN.with_views([mixed("other", "mnist", 4)])
    assert [view.name for view in other.views] == ["other"]
    assert [view.name for view in SEEN.views] == ["one", "two", "three"]
    assert BANK.views == ()
    assert other.datasets == BANK.datasets
    with pytest.raises(KeyError):
        other.references("one", torch.tensor([0]))


def test_a_view_of_a_data_set_that_is_not_there_is_an_error():
    with pytest.raises(KeyError):
        BANK.with_views([mixed("lost", "fashion_mnist", 0)])


def test_copies_and_pickles_keep_the_views(embedded_bank):
    bank = embedded_bank("ag_news", "mnist").with_views([mixed("one", "mnist", 1)])
    assert copy.deepcopy(bank) is bank
    opened = pickle.loads(pickle.dumps(bank))
    assert [(view.name, view.dataset) for view in opened.views] == [("one", "mnist")]
    references = torch.cat([bank.references(name, torch.arange(3)) for name in ("one", "ag_news", "mnist")])
    for mine, yours in zip(bank.gather(references), opened.gather(references), strict=True):
        assert mine.name == yours.name
        assert torch.equal(mine.positions, yours.positions)
        assert torch.equal(mine.inputs, yours.inputs)
    assert bank.bytes_of(references) == opened.bytes_of(references) == 3 * (784 + 128 * 4 + 784)
    assert pickle.loads(pickle.dumps(bank.with_views([]))).views == ()


def test_a_deep_copy_is_the_bank_itself_also_inside_a_model():
    assert copy.deepcopy(BANK) is BANK
    model = torch.nn.Module()
    model.bank = BANK
    assert copy.deepcopy(model).bank is BANK


def test_a_pickled_bank_opens_the_same_folders(embedded_bank):
    bank = embedded_bank("ag_news", "mnist")
    written = pickle.dumps(bank)
    assert len(written) < 10_000
    open_bank.cache_clear()
    opened = pickle.loads(written)
    assert opened is not bank
    again = pickle.loads(written)
    assert all(mine is yours for mine, yours in zip(opened.datasets, again.datasets, strict=True))
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
