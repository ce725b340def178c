import pytest
import torch

from chaoscl.streams import Stream, Task, materialise
from chaoscl.streams.experiences import to_avalanche

STREAM = Stream("three", (Task("news", "ag_news"), Task("low", "mnist", (0, 1, 2)), Task("high", "mnist", (9, 7))))
CLASSES = [[0, 1, 2, 3], [4, 5, 6], [7, 8]]


@pytest.fixture(scope="module", params=["task", "domain", "class"])
def made(request, embedded_bank):
    bank = embedded_bank("ag_news", "mnist")
    tasks = materialise(STREAM, request.param, bank, 0)
    return request.param, bank, tasks, to_avalanche(tasks)


def test_one_experience_a_task_in_order(made):
    _, _, tasks, benchmark = made
    assert sorted(benchmark.streams) == ["test", "train"]
    for stream, split in ((benchmark.train_stream, "train"), (benchmark.test_stream, "test")):
        assert [experience.current_experience for experience in stream] == [0, 1, 2]
        assert [len(experience.dataset) for experience in stream] == [len(getattr(part, split)) for part in tasks]


def test_task_labels(made):
    scenario, _, _, benchmark = made
    expected = [0, 0, 0] if scenario == "class" else [0, 1, 2]
    for stream in (benchmark.train_stream, benchmark.test_stream):
        assert [experience.task_label for experience in stream] == expected
        assert [experience.task_labels for experience in stream] == [[label] for label in expected]
        for experience, label in zip(stream, expected, strict=True):
            assert set(experience.dataset.targets_task_labels) == {label}


def test_classes_and_their_timeline(made):
    _, _, _, benchmark = made
    for stream in (benchmark.train_stream, benchmark.test_stream):
        assert [sorted(experience.classes_in_this_experience) for experience in stream] == CLASSES
    seen = [sorted(experience.classes_seen_so_far) for experience in benchmark.train_stream]
    assert seen == [CLASSES[0], CLASSES[0] + CLASSES[1], [*range(9)]]
    assert [sorted(experience.future_classes or []) for experience in benchmark.train_stream][-1] == []


def test_a_sample_is_a_reference_a_global_label_and_a_task_label(made):
    _, _, tasks, benchmark = made
    for split in ("train", "test"):
        for part, experience in zip(tasks, getattr(benchmark, f"{split}_stream"), strict=True):
            mine = getattr(part, split)
            assert list(experience.dataset.targets) == mine.targets.tolist()
            for row in (0, len(mine) // 2, len(mine) - 1):
                reference, target, task_label = experience.dataset[row]
                assert torch.equal(reference, mine.references[row])
                assert (int(target), int(task_label)) == (int(mine.targets[row]), part.task_label)


def test_a_loader_gives_batches_that_the_bank_can_gather(made):
    _, bank, tasks, benchmark = made
    references, targets, task_labels = next(
        iter(torch.utils.data.DataLoader(benchmark.train_stream[2].dataset, batch_size=8))
    )
    assert (references.shape, references.dtype) == ((8, 2), torch.int64)
    assert torch.equal(targets, tasks[2].train.targets[:8])
    assert set(task_labels.tolist()) == {tasks[2].task_label}
    (group,) = bank.gather(references)
    assert torch.equal(group.inputs, bank["mnist"].inputs[references[:, 1]])


def test_validation_rows_are_in_no_experience(made):
    _, _, tasks, benchmark = made
    held_out = {tuple(pair) for part in tasks for pair in part.validation.references.tolist()}
    used = {
        tuple(experience.dataset[row][0].tolist())
        for experience in benchmark.train_stream
        for row in range(len(experience.dataset))
    }
    assert held_out
    assert not held_out & used


def test_domains_share_classes_and_a_task_label(bank_of):
    stream = Stream("pairs", (Task("low", "mnist", (0, 1)), Task("news", "ag_news"), Task("high", "mnist", (8, 9))))
    benchmark = to_avalanche(materialise(stream, "domain", bank_of(mnist=(100, 20), ag_news=(40, 8)), 0))
    experiences = list(benchmark.train_stream)
    assert [experience.task_label for experience in experiences] == [0, 1, 0]
    assert [sorted(one.classes_in_this_experience) for one in experiences] == [[0, 1], [2, 3, 4, 5], [0, 1]]
