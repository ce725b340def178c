"""From references to an Avalanche benchmark: one experience a task, task labels and class timelines included."""

from collections.abc import Sequence

from avalanche.benchmarks import CLScenario, benchmark_from_datasets, with_classes_timeline, with_task_labels
from avalanche.benchmarks.utils import AvalancheDataset, _make_taskaware_classification_dataset

from chaoscl.streams.feeding import ReferenceDataset, install
from chaoscl.streams.scenario import Split, TaskData

install()


def _dataset(split: Split, task_label: int) -> AvalancheDataset[object]:
    samples = ReferenceDataset(split.references, split.targets)
    return _make_taskaware_classification_dataset(samples, targets=split.targets.tolist(), task_labels=task_label)


def to_avalanche(tasks: Sequence[TaskData]) -> CLScenario:
    """Return the Avalanche benchmark with the streams ``train`` and ``test``, one experience a task.

    A sample is ``(reference, global label, task label)``; the model gathers the rest from the bank.
    """
    streams = {
        "train": [_dataset(task.train, task.task_label) for task in tasks],
        "test": [_dataset(task.test, task.task_label) for task in tasks],
    }
    return with_task_labels(with_classes_timeline(benchmark_from_datasets(**streams)))
