"""Whole batches against Avalanche's own way, which fetches and collates each sample alone."""

import copy
import itertools
import pickle
from contextlib import contextmanager

import pytest
import torch
from avalanche.benchmarks.utils import (
    AvalancheDataset,
    _make_taskaware_classification_dataset,
    concat_datasets,
    data_loader,
    make_avalanche_dataset,
)
from avalanche.benchmarks.utils.data_attribute import DataAttribute, TaskLabels, TensorDataAttribute
from avalanche.benchmarks.utils.data_loader import (
    GroupBalancedDataLoader,
    GroupBalancedInfiniteDataLoader,
    ReplayDataLoader,
    TaskBalancedDataLoader,
)
from avalanche.benchmarks.utils.ffcv_support import ffcv_components
from avalanche.benchmarks.utils.ffcv_support.ffcv_components import has_ffcv_support
from avalanche.benchmarks.utils.flat_data import ConstantSequence, FlatData
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import ConcatDataset, DataLoader, TensorDataset, default_collate
from torch.utils.data._utils.collate import default_collate_fn_map

from chaoscl.streams import find_stream, materialise
from chaoscl.streams.experiences import to_avalanche
from chaoscl.streams.feeding import Batch, ReferenceDataset, Sample, columns, install, uninstall


@contextmanager
def one_by_one():
    """Avalanche as it is installed: no data set knows whole batches."""
    ours = installed()
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(AvalancheDataset, "__getitems__")
        patch.delitem(default_collate_fn_map, Sample)
        patch.setattr(data_loader, "ConcatDataset", ConcatDataset)
        patch.setattr(data_loader, "has_ffcv_support", has_ffcv_support)
        yield
    assert installed() == ours


def installed():
    """What install() puts into Avalanche and PyTorch."""
    return (
        vars(AvalancheDataset).get("__getitems__"),
        data_loader.ConcatDataset,
        data_loader.has_ffcv_support,
        default_collate_fn_map.get(Sample),
    )


def batches_of(make, seed, most=60):
    """The batches of a loader made under a seed, and the random state that is left."""
    torch.manual_seed(seed)
    loader = make()
    found = list(itertools.islice(loader, most))
    return found, torch.get_rng_state()


def assert_same_batches(make, seed=0):
    """The loader gives the same batches, in the same order and of the same types, as Avalanche's own."""
    with one_by_one():
        expected, state = batches_of(make, seed)
    found, left = batches_of(make, seed)
    assert expected
    assert len(found) == len(expected)
    for mine, stock in zip(found, expected, strict=True):
        assert type(mine) is type(stock)
        assert len(mine) == len(stock)
        for one, other in zip(mine, stock, strict=True):
            assert one.dtype == other.dtype
            assert torch.equal(one, other)
    assert torch.equal(left, state)


@contextmanager
def never_alone():
    """Asking for a single sample is an error: every batch has to come whole."""

    def refuse(self, index):
        raise AssertionError(f"sample {index} was fetched alone")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AvalancheDataset, "__getitem__", refuse)
        yield


def task(number, rows, label=None):
    """A data set as the streams make them: references, targets, and the label of its task."""
    references = torch.stack([torch.full((rows,), number), torch.arange(rows)], dim=1)
    targets = torch.arange(rows) % 3 + 3 * number
    return _make_taskaware_classification_dataset(
        ReferenceDataset(references, targets),
        targets=targets.tolist(),
        task_labels=number if label is None else label,
    )


def with_logits(dataset, seed=0):
    """The data set with an attribute of the kind that DER adds to its memory."""
    logits = list(torch.randn(len(dataset), 5, generator=torch.Generator().manual_seed(seed)))
    attribute = TensorDataAttribute(
        FlatData([logits], discard_elements_not_in_indices=True), name="logits", use_in_getitem=True
    )
    return make_avalanche_dataset(dataset, data_attributes=[attribute])


LEAVES = [task(0, 7), task(1, 12), task(2, 5, label=1)]
LEAVES_WITH_LOGITS = [with_logits(leaf, number) for number, leaf in enumerate(LEAVES)]


@st.composite
def trees(draw, leaves=tuple(LEAVES)):
    """A data set made of leaves by concatenations and subsets, nested at random; never empty."""
    dataset = leaves[draw(st.integers(0, len(leaves) - 1))]
    for _ in range(draw(st.integers(0, 5))):
        if draw(st.booleans()):
            rows = st.integers(0, len(dataset) - 1)
            dataset = dataset.subset(draw(st.lists(rows, min_size=1, max_size=20)))
        else:
            other = leaves[draw(st.integers(0, len(leaves) - 1))]
            if draw(st.booleans()):
                other = other.subset(draw(st.lists(st.integers(0, len(other) - 1), min_size=1, max_size=9)))
            pair = [dataset, other] if draw(st.booleans()) else [other, dataset]
            dataset = concat_datasets(pair) if draw(st.booleans()) else pair[0].concat(pair[1])
    return dataset


loader_options = st.fixed_dictionaries(
    {"batch_size": st.integers(1, 9), "shuffle": st.booleans(), "drop_last": st.just(False)}
)
seeds = st.integers(0, 10**6)


@given(dataset=trees(), options=loader_options, seed=seeds)
def test_a_plain_loader_over_any_tree_of_subsets_and_concatenations(dataset, options, seed):
    assert_same_batches(lambda: DataLoader(dataset, **options), seed)


@given(dataset=trees(tuple(LEAVES_WITH_LOGITS)), options=loader_options, seed=seeds)
def test_a_plain_loader_over_a_tree_with_an_attribute_in_every_sample(dataset, options, seed):
    assert len(dataset[0]) == 4
    assert_same_batches(lambda: DataLoader(dataset, **options), seed)


@given(dataset=trees(), batch=st.integers(2, 9), oversample=st.booleans(), seed=seeds)
def test_the_task_balanced_loader(dataset, batch, oversample, seed):
    assert_same_batches(
        lambda: TaskBalancedDataLoader(dataset, batch_size=batch, oversample_small_groups=oversample, shuffle=True),
        seed,
    )


@given(
    data=trees(),
    memory=trees(),
    batch=st.integers(1, 9),
    memory_batch=st.integers(2, 9),
    balanced=st.booleans(),
    oversample=st.booleans(),
    seed=seeds,
)
def test_the_replay_loader(data, memory, batch, memory_batch, balanced, oversample, seed):
    assert_same_batches(
        lambda: ReplayDataLoader(
            data,
            memory,
            batch_size=batch,
            batch_size_mem=memory_batch,
            task_balanced_dataloader=balanced,
            oversample_small_tasks=oversample,
            shuffle=True,
        ),
        seed,
    )


@given(parts=st.lists(trees(), min_size=1, max_size=4), batch=st.integers(1, 5), seed=seeds)
def test_the_infinite_balanced_loader(parts, batch, seed):
    assert_same_batches(lambda: GroupBalancedInfiniteDataLoader(parts, batch_size=batch), seed)


@given(parts=st.lists(trees(tuple(LEAVES_WITH_LOGITS)), min_size=1, max_size=4), seed=seeds)
def test_a_balanced_loader_over_data_sets_with_an_attribute(parts, seed):
    assert_same_batches(lambda: GroupBalancedDataLoader(parts, batch_size=8, shuffle=True), seed)


@given(dataset=trees(tuple(LEAVES_WITH_LOGITS)))
def test_columns_are_the_fields_of_all_samples(dataset):
    fields = columns(dataset)
    for row in range(len(dataset)):
        for column, field in zip(fields, dataset[row], strict=True):
            assert torch.equal(column[row], torch.as_tensor(field))
    assert all(len(column) == len(dataset) for column in fields)


@pytest.mark.parametrize("scenario", ["task", "domain", "class"])
def test_the_loaders_of_a_real_stream(scenario, bank_of):
    bank = bank_of(ag_news=(60, 8), mnist=(90, 20))
    benchmark = to_avalanche(materialise(find_stream("ag_news,mnist"), scenario, bank, 0))
    first, second = (experience.dataset.train() for experience in benchmark.train_stream)
    both = concat_datasets([first, second])
    memory = concat_datasets([first.subset(torch.randperm(54)[:10]), second.subset(list(range(5)))])
    for make in (
        lambda: DataLoader(first, batch_size=16, shuffle=True),
        lambda: TaskBalancedDataLoader(both, batch_size=16, oversample_small_groups=True, shuffle=True),
        lambda: ReplayDataLoader(
            second, memory, batch_size=8, batch_size_mem=8, oversample_small_tasks=True, shuffle=True
        ),
    ):
        assert_same_batches(make, seed=4)
        with never_alone():
            assert list(make())


def test_no_sample_is_fetched_alone_where_the_columns_are_known():
    both = concat_datasets(LEAVES)
    memory = concat_datasets([leaf.subset([0, 2, 1, 2]) for leaf in LEAVES])
    with never_alone():
        assert len(list(DataLoader(both, batch_size=5))) == 5
        assert len(list(TaskBalancedDataLoader(both, batch_size=6))) == 6
        assert len(list(ReplayDataLoader(both, memory, batch_size=8, batch_size_mem=4))) == 3
        assert len(next(iter(GroupBalancedInfiniteDataLoader(LEAVES, batch_size=3)))[0]) == 9
        assert len(next(iter(DataLoader(concat_datasets(LEAVES_WITH_LOGITS), batch_size=24)))) == 4


def double(references):
    return references * 2


@pytest.mark.parametrize(
    "transform",
    [
        lambda dataset: make_avalanche_dataset(dataset, transform_groups={"train": (double, None), "eval": None}),
        lambda dataset: make_avalanche_dataset(
            dataset, frozen_transform_groups={"train": (double, None), "eval": (double, None)}
        ),
        lambda dataset: dataset.replace_current_transform_group((double, None)),
        lambda dataset: dataset.replace_current_transform_group((double, None)).freeze_transforms(),
        lambda dataset: make_avalanche_dataset(dataset, transform_groups={"train": double}).subset([3, 1]),
        lambda dataset: make_avalanche_dataset(dataset, transform_groups={"train": double}).concat(LEAVES[0]),
    ],
    ids=["group", "frozen group", "replaced", "replaced and frozen", "subset", "concatenated"],
)
def test_transforms_are_applied(transform):
    dataset = transform(LEAVES[1])
    assert columns(dataset) is None
    assert torch.equal(next(iter(DataLoader(dataset, batch_size=2)))[0][0], dataset[0][0])
    assert next(iter(DataLoader(dataset, batch_size=1)))[0][0, 0] == 2
    assert_same_batches(lambda: DataLoader(dataset, batch_size=4, shuffle=True))
    assert_same_batches(lambda: TaskBalancedDataLoader(dataset, batch_size=4, shuffle=True))


def test_one_data_set_with_transforms_makes_the_whole_loader_fall_back():
    changed = LEAVES[1].replace_current_transform_group((double, None))
    assert_same_batches(lambda: ReplayDataLoader(LEAVES[0], changed, batch_size=3, batch_size_mem=3, shuffle=True))


def test_transforms_given_after_the_columns_were_kept_count():
    dataset = task(1, 6)
    assert next(iter(DataLoader(dataset, batch_size=6)))[0][:, 0].tolist() == [1] * 6
    doubled = dataset.replace_current_transform_group((double, None))
    assert next(iter(DataLoader(doubled, batch_size=6)))[0][:, 0].tolist() == [2] * 6
    assert next(iter(DataLoader(dataset, batch_size=6)))[0][:, 0].tolist() == [1] * 6


def test_a_clone_with_another_attribute_makes_columns_of_its_own():
    dataset = task(1, 6)
    assert next(iter(DataLoader(dataset, batch_size=6)))[2].tolist() == [1] * 6
    relabelled = dataset.update_data_attribute("targets_task_labels", TaskLabels([4, 5, 6, 7, 8, 9]))
    assert next(iter(DataLoader(relabelled, batch_size=6)))[2].tolist() == [4, 5, 6, 7, 8, 9]
    assert next(iter(DataLoader(dataset, batch_size=6)))[2].tolist() == [1] * 6
    longer = dataset.update_data_attribute("weight", DataAttribute([3] * 6, "weight", use_in_getitem=True))
    assert len(next(iter(DataLoader(longer, batch_size=6)))) == 4
    for clone in (relabelled, longer, relabelled.eval(), longer.subset([5, 0])):
        assert_same_batches(lambda clone=clone: DataLoader(clone, batch_size=4, shuffle=True))


def test_an_attribute_that_is_not_in_the_samples_stays_out():
    dataset = LEAVES[0].update_data_attribute("note", DataAttribute(list("abcdefg"), "note"))
    assert len(columns(dataset)) == 3
    assert_same_batches(lambda: DataLoader(dataset, batch_size=4, shuffle=True))


@pytest.mark.parametrize(
    "values",
    [[0.5] * 7, list("abcdefg"), [torch.tensor(3.0)] * 7, [True, False] * 3 + [True]],
    ids=lambda values: str(values[0]),
)
def test_attributes_of_other_kinds_come_as_avalanche_collates_them(values):
    dataset = LEAVES[0].update_data_attribute("more", DataAttribute(values, "more", use_in_getitem=True))
    with one_by_one():
        expected = list(DataLoader(dataset, batch_size=3))
    found = list(DataLoader(dataset, batch_size=3))
    for mine, stock in zip(found, expected, strict=True):
        assert str(mine[3]) == str(stock[3])
        assert torch.equal(mine[0], stock[0])


@pytest.mark.parametrize("value", [2, True, 0.5, "word", torch.tensor([1.0, 2.0])], ids=str)
def test_constant_attributes_come_as_avalanche_collates_them(value):
    attribute = DataAttribute(ConstantSequence(value, 7), "more", use_in_getitem=True)
    dataset = LEAVES[0].update_data_attribute("more", attribute)
    with one_by_one():
        expected = next(iter(DataLoader(dataset, batch_size=3)))[3]
    found = next(iter(DataLoader(dataset, batch_size=3)))[3]
    assert str(found) == str(expected)
    assert getattr(found, "dtype", None) == getattr(expected, "dtype", None)


class Doubling(TensorDataset):
    """A tensor data set whose samples are not its rows."""

    def __getitem__(self, index):
        reference, target = super().__getitem__(index)
        return reference * 2, target


def test_a_data_set_that_makes_its_samples_is_asked_for_them():
    leaf = Doubling(torch.ones(6, 2, dtype=torch.int64), torch.arange(6))
    dataset = _make_taskaware_classification_dataset(leaf, targets=list(range(6)), task_labels=0)
    assert_same_batches(lambda: DataLoader(dataset, batch_size=4))


def test_a_collate_function_of_the_user_s_still_sees_samples():
    seen = []

    def collate(batch):
        seen.append([len(sample) for sample in batch])
        references = torch.stack([sample[0] for sample in batch])
        return references.flip(0), [int(sample[1]) for sample in batch], [int(sample[-1]) for sample in batch]

    def found():
        plain = DataLoader(LEAVES[1], batch_size=5, collate_fn=collate)
        replay = ReplayDataLoader(LEAVES[0], LEAVES[1], batch_size=3, batch_size_mem=2, collate_fn=collate)
        return [(one.tolist(), targets, labels) for loader in (plain, replay) for one, targets, labels in loader]

    with one_by_one():
        expected = found()
    alone, seen[:] = list(seen), []
    assert found() == expected
    assert seen == alone
    assert {length for lengths in seen for length in lengths} == {3}


def test_a_collate_function_of_the_data_set_is_used():
    dataset = make_avalanche_dataset(LEAVES[1], collate_fn=lambda batch: [default_collate(list(batch)), "mine"])
    found = list(TaskBalancedDataLoader(dataset, batch_size=5))
    assert [words for _, words in found] == ["mine"] * 3
    with one_by_one():
        expected = list(TaskBalancedDataLoader(dataset, batch_size=5))
    for (mine, _), (stock, _) in zip(found, expected, strict=True):
        assert all(torch.equal(one, other) for one, other in zip(mine, stock, strict=True))


def test_a_batch_is_a_sequence_of_samples():
    batch = Batch([torch.tensor([[1, 2], [3, 4]]), torch.tensor([5, 6])])
    assert len(batch) == 2
    assert [[field.tolist() for field in sample] for sample in batch] == [[[1, 2], 5], [[3, 4], 6]]
    assert isinstance(batch[1], Sample)
    assert [field.tolist() for field in batch[-1]] == [[3, 4], 6]
    for collated in (default_collate(batch), default_collate(list(batch))):
        assert [field.tolist() for field in collated] == [[[1, 2], [3, 4]], [5, 6]]


def test_an_empty_data_set_beside_others_changes_nothing():
    empty = LEAVES[0].subset([])
    assert_same_batches(lambda: DataLoader(concat_datasets([empty, LEAVES[1]]), batch_size=4, shuffle=True))
    assert list(DataLoader(empty, batch_size=4)) == []


def test_installing_again_changes_nothing():
    before = installed()
    install()
    assert installed() == before
    assert None not in before


def test_taking_it_out_leaves_avalanche_as_it_is_installed():
    before = installed()
    with one_by_one():
        stock = installed()
    uninstall()
    try:
        uninstall()
        assert installed() == stock
    finally:
        install()
    assert installed() == before


def test_no_sample_is_asked_for_another_library_s_format():
    loader = ReplayDataLoader(LEAVES[0], concat_datasets(LEAVES), batch_size=3, batch_size_mem=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ffcv_components, "single_flat_dataset", lambda dataset: pytest.fail("every sample was asked"))
        assert len(list(loader)) == 3
    # If this fails, Avalanche does not walk all samples any more, and _no_ffcv can go.
    with one_by_one(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(ffcv_components, "single_flat_dataset", lambda dataset: pytest.fail("every sample was asked"))
        with pytest.raises(pytest.fail.Exception, match="every sample"):
            next(iter(loader))


def test_without_it_avalanche_fetches_samples_alone():
    # If this fails, Avalanche has learned to deliver whole batches, and chaoscl/streams/feeding.py can go.
    with one_by_one(), never_alone(), pytest.raises(AssertionError, match="was fetched alone"):
        next(iter(DataLoader(LEAVES[0], batch_size=2)))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda dataset: pickle.loads(pickle.dumps(dataset))])
def test_copies_of_a_data_set_give_the_same_batches(copied):
    dataset = concat_datasets(LEAVES)
    before = list(DataLoader(dataset, batch_size=10))
    after = list(DataLoader(copied(dataset), batch_size=10))
    for mine, yours in zip(before, after, strict=True):
        assert all(torch.equal(one, other) for one, other in zip(mine, yours, strict=True))


def test_a_data_set_of_somebody_else_s_delivers_what_it_holds_now():
    x, y = torch.arange(8.0).view(8, 1), torch.zeros(8, dtype=torch.int64)
    mine = _make_taskaware_classification_dataset(TensorDataset(x, y), targets=y.tolist(), task_labels=0).subset([1, 3])
    list(DataLoader(mine, batch_size=2))
    x.mul_(10)
    (batch,) = DataLoader(mine, batch_size=2)
    assert batch[0].flatten().tolist() == [10.0, 30.0]
