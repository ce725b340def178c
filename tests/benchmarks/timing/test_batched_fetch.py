from typing import NamedTuple

import pytest
import torch
from avalanche.benchmarks.utils import AvalancheDataset, data_loader
from torch.utils.data import ConcatDataset

from chaoscl.compat import quiet_avalanche
from chaoscl.data import DATASETS
from chaoscl.runs.recipes import Settings
from timing import batched_fetch
from timing.batched_fetch import CASES, bare_loop, loops, measure, repeated, replay_memory, second_task, stock_loaders
from timing.setup import generated_bank, strategy_under_test, workload

TEXTS = CASES[1]


class Epoch(NamedTuple):
    """What a loop did in an epoch: the samples of each batch in training, as tuples, and the optimiser's steps."""

    batches: list[list[tuple[int, ...]]]
    steps: int


def watched(loop):
    """Return the loop's next epoch."""
    batches = []

    def note(encoders, arguments):
        if torch.is_grad_enabled():
            batches.append([tuple(sample) for sample in arguments[1].flatten(1).tolist()])

    handle = loop.network.encoders.register_forward_pre_hook(note)
    before = loop.optimizer.steps
    with quiet_avalanche():
        loop.train_epoch()
    handle.remove()
    return Epoch(batches, loop.optimizer.steps - before)


def samples_of(work, number):
    """The samples of a task, as tuples."""
    (group,) = work.bank.gather(work.tasks[number].train.references)
    return sorted(tuple(sample) for sample in group.inputs.flatten(1).tolist())


@pytest.fixture(scope="module")
def found():
    """For each baseline the epochs of its loops over texts, by name."""
    with quiet_avalanche():
        return {
            baseline: {name: watched(loop) for name, loop in loops(TEXTS, baseline, 2).items()}
            for baseline in batched_fetch.BASELINES
        }


@pytest.mark.parametrize("baseline", batched_fetch.BASELINES)
def test_every_loop_takes_the_same_steps_over_batches_of_the_same_sizes(found, baseline):
    sizes = {name: [len(batch) for batch in epoch.batches] for name, epoch in found[baseline].items()}
    assert sizes["bare"] == sizes["lean"] == sizes["full"] == sizes["stock"]
    assert sizes["bare"][0] == TEXTS.batch * (2 if baseline == "replay" else 1)
    assert {epoch.steps for epoch in found[baseline].values()} == {len(sizes["bare"])}


def test_every_loop_sees_every_sample_of_the_task_once():
    work = workload(TEXTS.stream, "class", TEXTS.model)
    with quiet_avalanche():
        made = loops(TEXTS, "naive", 1)
    assert list(made) == ["bare", "lean", "full", "stock"]
    for loop in made.values():
        assert sorted(sample for batch in watched(loop).batches for sample in batch) == samples_of(work, 1)


def test_every_loop_replays_earlier_samples_beside_those_of_the_task(found):
    work = workload(TEXTS.stream, "class", TEXTS.model)
    old, new = (set(samples_of(work, number)) for number in (0, 1))
    for epoch in found["replay"].values():
        for batch in epoch.batches[:-1]:  # the last one has fewer new samples
            assert set(batch[: TEXTS.batch]) <= new
            assert set(batch[TEXTS.batch :]) <= old


def test_the_bare_loop_learns_what_the_strategy_learns():
    work = workload(TEXTS.stream, "class", TEXTS.model)
    settings = Settings(1, TEXTS.batch, 2e-3, 0.2)
    loop = bare_loop(work, settings, None)
    before = [parameter.detach().clone() for parameter in loop.network.parameters()]
    loop.train_epoch()
    assert any(not torch.equal(old, new) for old, new in zip(before, loop.network.parameters(), strict=True))
    fresh = strategy_under_test(work, "naive", settings).network
    assert all(torch.equal(old, new) for old, new in zip(before, fresh.parameters(), strict=True))


def test_a_memory_is_found_where_there_is_one():
    work = workload(TEXTS.stream, "class", TEXTS.model)
    settings = Settings(1, TEXTS.batch, 2e-3, 0.2)
    with quiet_avalanche():
        assert replay_memory(strategy_under_test(work, "naive", settings).strategy) is None
        kept = replay_memory(second_task(work, "replay", settings).strategy)
    assert kept is not None
    assert len(kept) == 1000
    rows = {tuple(reference) for reference in work.tasks[0].train.references.tolist()}
    assert {tuple(reference) for reference in kept.references.tolist()} <= rows


def test_stock_avalanche_is_left_as_it_was_found():
    ours = AvalancheDataset.__getitems__, data_loader.ConcatDataset, data_loader.has_ffcv_support

    def interrupted():
        with stock_loaders():
            assert not hasattr(AvalancheDataset, "__getitems__")
            assert data_loader.ConcatDataset is ConcatDataset
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert (AvalancheDataset.__getitems__, data_loader.ConcatDataset, data_loader.has_ffcv_support) == ours


def test_only_the_stock_loop_does_without_batched_fetch():
    fetched = {}
    with quiet_avalanche():
        for name, loop in loops(TEXTS, "naive", 1).items():

            def note(*_, name=name):
                fetched[name] = hasattr(AvalancheDataset, "__getitems__")

            loop.network.encoders.register_forward_pre_hook(note)
            loop.train_epoch()
    assert fetched == {"bare": True, "lean": True, "full": True, "stock": False}


def test_a_repeated_data_set_is_memory_mapped_and_has_the_same_samples_over_and_over(tmp_path):
    (small,) = generated_bank(DATASETS["mnist"]).datasets
    large = repeated(small, 2 * len(small.labels) + 5, tmp_path / "inputs.npy")
    assert len(large.inputs) == len(large.labels) == 2 * len(small.labels) + 5
    assert large.test_rows == small.test_rows
    assert torch.equal(large.inputs[len(small.labels) :][:7], small.inputs[:7])
    assert torch.equal(large.labels[-5:], small.labels[:5])
    assert (tmp_path / "inputs.npy").stat().st_size > large.inputs.nbytes


def test_one_round_gives_every_promised_row(well_formed, monkeypatch):
    monkeypatch.setattr(batched_fetch, "CASES", (TEXTS,))
    monkeypatch.setattr(batched_fetch, "WARM_UP", 0)
    threads = torch.get_num_threads()
    rows = measure(1)
    well_formed(rows)
    assert torch.get_num_threads() == threads
    assert rows[0].unit == "images/s"
    assert [(row.goal and row.goal.value) for row in rows[1:]] == [1.3, 1.6, None, None, None] * 2
    assert all(TEXTS.words in row.case for row in rows[1:])
    assert all(baseline in row.case for row, baseline in zip(rows[1:], ["naive"] * 5 + ["replay"] * 5, strict=True))
    assert [row.unit for row in rows[4:6]] == ["ms", "ms"]
