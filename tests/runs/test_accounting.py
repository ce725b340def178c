"""What runs are said to take, against counts by hand."""

import mmap
from types import SimpleNamespace

import pytest
import torch
from avalanche.benchmarks.utils import _make_taskaware_classification_dataset
from torch import nn

from chaoscl.models import MODELS
from chaoscl.models.build import parts
from chaoscl.runs.accounting import Stored, peak_memory, reset_peak_memory, stored
from chaoscl.runs.networks import build_network
from chaoscl.seeds import derive
from chaoscl.streams import find_stream, layout
from chaoscl.streams.feeding import ReferenceDataset

STREAM = "ag_news,mnist,imdb"
ROWS, EPOCHS = 54, 2
PIXELS, TOKENS = 784, 12 * 4

pytestmark = pytest.mark.usefixtures("few_batches")


@pytest.fixture
def start(tiny_bank):
    """The network as every run with seed 0 starts it."""
    stream = find_stream(STREAM)
    return build_network(MODELS["chaos256"], tiny_bank(*stream.datasets), layout(stream, "task"), derive(0, "init"))


def size(tensors):
    return sum(tensor.nbytes for tensor in tensors)


def weights_drawn(rows):
    """Bytes of the random numbers, one a row, by which a reservoir ranks the rows it has seen."""
    return 4 * rows


@pytest.mark.parametrize("baseline", ["naive", "mlp", "frozen", "random_labels", "joint", "independent"])
def test_those_that_keep_nothing_are_found_to_keep_nothing(contract, baseline):
    cost = contract(baseline).outcome.cost
    assert (cost.stored_samples, cost.stored_bytes, cost.stored_raw_bytes) == (0, 0, 0)


@pytest.mark.parametrize(("baseline", "copies"), [("ewc", 2 * 3), ("ewc_batch", 2 * 3), ("online_ewc", 2), ("mas", 2)])
def test_penalties_keep_weights_and_importances(contract, start, baseline, copies):
    cost = contract(baseline).outcome.cost
    assert cost.stored_bytes == copies * size(start.parameters())
    assert cost.stored_samples == 0


@pytest.mark.parametrize("baseline", ["lwf", "lwf_zero"])
def test_lwf_keeps_one_copy_of_parameters_and_buffers(contract, start, baseline):
    assert contract(baseline).outcome.cost.stored_bytes == size(start.parameters()) + size(start.buffers())


def test_from_scratch_keeps_the_weights_of_the_start(contract, start):
    assert contract("from_scratch").outcome.cost.stored_bytes == size(start.state_dict().values())


@pytest.mark.parametrize(
    ("baseline", "drawn"), [("replay", 3 * ROWS), ("replay_reservoir", 40 + ROWS), ("replay_class", 3 * ROWS)]
)
def test_replay_keeps_32_bytes_a_sample_and_the_reservoir_s_draws(contract, baseline, drawn):
    cost = contract(baseline).outcome.cost
    assert cost.stored_samples == 40
    # Reference 16, label 8, task label 8. Avalanche cuts the draws by a view, which keeps those of all rows in memory.
    assert cost.stored_bytes == 40 * (16 + 8 + 8) + weights_drawn(drawn)


@pytest.mark.parametrize("baseline", ["der", "derpp"])
def test_der_keeps_the_logits_of_all_classes_with_each_sample(contract, baseline):
    cost = contract(baseline).outcome.cost
    assert cost.stored_bytes == 40 * (16 + 8 + 8 + 4 * (4 + 10 + 2)) + weights_drawn(3 * ROWS)


def test_gem_keeps_a_memory_and_a_gradient_for_each_earlier_task(contract, start):
    cost = contract("gem").outcome.cost
    assert cost.stored_samples == 3 * 15
    assert cost.stored_bytes == 3 * 15 * (16 + 8 + 8) + 2 * size(start.parameters())


def test_agem_keeps_a_memory_for_each_task_and_one_gradient(contract, start):
    cost = contract("agem").outcome.cost
    assert cost.stored_samples == 3 * 15
    assert cost.stored_bytes == 3 * 15 * (16 + 8 + 8) + size(start.parameters())


def test_gdumb_keeps_its_memory_and_the_untrained_model(contract, start):
    cost = contract("gdumb").outcome.cost
    model = size(start.parameters()) + size(start.buffers())
    assert cost.stored_bytes == 40 * (16 + 8 + 8) + weights_drawn(3 * ROWS) + model


def test_cumulative_keeps_every_row_that_it_has_seen(contract):
    cost = contract("cumulative").outcome.cost
    assert (cost.stored_samples, cost.stored_bytes) == (3 * ROWS, 3 * ROWS * 32)
    assert cost.stored_raw_bytes == ROWS * (TOKENS + PIXELS + TOKENS)


@pytest.mark.parametrize(
    ("baseline", "most"),
    [
        # After the second task a half are images, later a third.
        ("replay", 20 * TOKENS + 20 * PIXELS),
        ("gem", 30 * TOKENS + 15 * PIXELS),
        ("agem", 30 * TOKENS + 15 * PIXELS),
    ],
)
def test_the_bytes_of_the_raw_samples_are_those_at_the_fullest(contract, baseline, most):
    assert contract(baseline).outcome.cost.stored_raw_bytes == most


def test_naive_trains_every_row_once_an_epoch_and_nothing_else(contract):
    outcome = contract("naive").outcome
    per_sample = outcome.networks[0].meter.per_sample
    seen = EPOCHS * ROWS
    assert (outcome.cost.samples, outcome.cost.forward_samples) == (3 * seen, 3 * seen)
    assert outcome.cost.macs == 3 * seen * (per_sample["ag_news"] + per_sample["mnist"] + per_sample["imdb"])
    assert outcome.cost.optimiser_steps == 3 * EPOCHS * 2


@pytest.mark.parametrize(
    ("baseline", "trained", "passed"),
    [
        # A pass over the data for the importances.
        ("ewc_batch", 3 * ROWS, 0),
        ("online_ewc", 3 * ROWS, 0),
        ("mas", 3 * ROWS, 0),
        ("ewc", 3 * 10, 0),
        # A batch of the task again for the running importance.
        ("rwalk", 3 * EPOCHS * ROWS, 0),
        # From the second task on, the batch under the old heads, by the model and by its teacher.
        ("lwf", 2 * EPOCHS * ROWS, 2 * EPOCHS * ROWS),
        ("lwf_zero", 2 * EPOCHS * ROWS, 2 * EPOCHS * ROWS),
        # From the second task on, a batch of 32 of the memory with each of the 4 batches, or what is left of 40 in 2.
        ("replay", 2 * EPOCHS * (32 + 8), 0),
        ("er_ace", 2 * EPOCHS * 2 * 32, 0),
        # And the logits of all rows, once a task.
        ("der", 2 * EPOCHS * 2 * 32, 3 * ROWS),
        # Every step, the memory of every earlier task.
        ("gem", (1 + 2) * EPOCHS * 2 * 15, 0),
        ("si", 0, 0),
        ("from_scratch", 0, 0),
        ("mlp", 0, 0),
        ("frozen", 0, 0),
    ],
)
def test_passes_beyond_those_of_naive_are_counted(contract, baseline, trained, passed):
    naive, cost = contract("naive").outcome.cost, contract(baseline).outcome.cost
    assert cost.samples - naive.samples == trained
    assert cost.forward_samples - naive.forward_samples == trained + passed


@pytest.mark.parametrize(
    ("baseline", "replayed"),
    [
        ("naive", 0),
        ("ewc", 0),
        ("joint", 0),
        ("independent", 0),
        # A batch of 32 of the memory with each of the 4 batches, or what is left of 40 in 2.
        ("replay", 2 * EPOCHS * (32 + 8)),
        ("gem", (1 + 2) * EPOCHS * 2 * 15),
    ],
)
def test_samples_of_earlier_tasks_are_counted_apart(contract, baseline, replayed):
    assert contract(baseline).outcome.cost.samples_replayed == replayed


def test_independent_counts_all_of_its_models(contract):
    naive, independent = contract("naive").outcome, contract("independent").outcome
    assert len(independent.networks) == 3
    assert independent.cost.parameters == 3 * naive.cost.parameters
    assert independent.cost.parameters_trainable == 3 * naive.cost.parameters_trainable
    assert independent.cost.samples == naive.cost.samples
    assert independent.cost.macs == naive.cost.macs
    assert independent.cost.optimiser_steps == naive.cost.optimiser_steps
    core = 32 * 8
    # Each model trains its own copy of the shared core, and the encoder and head of one task alone.
    assert independent.cost.parameters_touched > naive.cost.parameters_touched
    assert independent.cost.parameters_touched <= naive.cost.parameters_trainable + 2 * core


def test_touched_parameters_are_those_with_another_value_than_at_the_start(contract, start):
    outcome = contract("naive").outcome
    before = dict(start.named_parameters())
    changed = {
        name: int((parameter != before[name]).sum()) for name, parameter in outcome.networks[0].named_parameters()
    }
    assert outcome.cost.parameters_touched == sum(changed.values())
    assert changed["trunk.cortex.layers.0.w_rec"] == 0
    for trained in ("trunk.cortex.layers.0.w_in", "heads.0.weight", "heads.1.bias", "heads.2.weight"):
        assert changed[trained] > 0.9 * before[trained].numel()
    # Padding never moves.
    assert outcome.networks[0].encoders.encoders["ag_news"].table.weight[0].eq(0).all()


def test_a_frozen_trunk_is_neither_trainable_nor_touched(contract, start):
    outcome = contract("frozen").outcome
    trunk = sum(part.parameters for part in parts(start) if part.name.startswith("trunk"))
    assert outcome.cost.parameters == contract("naive").outcome.cost.parameters
    assert outcome.cost.parameters_trainable == outcome.cost.parameters - trunk
    assert 0 < outcome.cost.parameters_touched <= outcome.cost.parameters_trainable


def test_seconds_and_memory_are_those_of_the_run(contract):
    cost = contract("naive").outcome.cost
    assert cost.seconds > 0
    assert cost.peak_memory_bytes > 10**8


def test_the_peak_is_that_since_the_mark():
    reset_peak_memory()
    low = peak_memory()
    # Pages of its own: an allocator might hand out memory that is there already.
    block = mmap.mmap(-1, 50_000_000)
    torch.frombuffer(block, dtype=torch.uint8).fill_(1)
    high = peak_memory()
    assert high >= low + 40_000_000
    del block
    # The system's own counters are exact to some pages only.
    assert peak_memory() >= high - 2_000_000


class FakeBank:
    def bytes_of(self, references):
        return 100 * len(references)


def strategy(plugins=(), **kept):
    return SimpleNamespace(model=nn.Linear(2, 2), plugins=list(plugins), **kept)


def memory(*rows):
    references = torch.tensor([[0, row] for row in rows])
    targets = torch.zeros(len(rows), dtype=torch.int64)
    return _make_taskaware_classification_dataset(
        ReferenceDataset(references, targets), targets=targets.tolist(), task_labels=0
    )


def test_what_is_reached_twice_counts_once():
    tensor, data = torch.zeros(5), memory(1, 2, 3)
    assert stored(strategy(a=tensor, b=[tensor, {"again": tensor[:2]}]), FakeBank()) == Stored(0, 20, 0)
    assert stored(strategy(a=data, b=(data,)), FakeBank()) == Stored(3, 96, 300)


def test_a_sample_that_two_memories_hold_is_one_sample_in_two_places():
    assert stored(strategy(a=memory(1, 2), b=memory(2, 3)), FakeBank()) == Stored(3, 128, 300)


def test_a_tensor_of_references_is_samples():
    assert stored(strategy(a=torch.tensor([[0, 4], [1, 4], [0, 4]])), FakeBank()) == Stored(2, 48, 200)
    assert stored(strategy(a=torch.zeros(3, 2)), FakeBank()) == Stored(0, 24, 0)


def test_a_second_model_counts_and_the_model_itself_does_not():
    both = strategy(teacher=nn.Linear(3, 1))
    both.same = both.model.weight
    assert stored(both, FakeBank()) == Stored(0, 16, 0)


def test_an_empty_memory_is_nothing():
    assert stored(strategy(a=memory(1).subset([])), FakeBank()) == Stored(0, 0, 0)
