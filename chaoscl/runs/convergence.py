"""When is training long enough? The highest learning rate and the epochs of the recipe ``standard``, a data set.

The rule, fixed before any number was seen. A data set is learned alone, by the cortex and by the MLP of its widths, on
tuning seeds; a score is the accuracy on the validation rows after the last epoch of one complete cycle.

1. Rate: of RATES, the one whose score after RATE_EPOCHS epochs is highest, mean over both models and the seeds; the
   lower one of equals.
2. Epochs: at that rate, of 1, 2, 4, ..., the fewest whose double gains less than GAIN in the mean over the seeds, for
   each of the models; MOST_EPOCHS where even the last doubling up to them gains more, which is then said.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaoscl.data import Bank
from chaoscl.errors import UserError
from chaoscl.evaluation.tuning import CONVERGED, CONVERGENCE
from chaoscl.models import find_model
from chaoscl.runs.baseline import BASELINES
from chaoscl.runs.recipes import find_recipe
from chaoscl.runs.spec import RunSpec
from chaoscl.runs.tuning import read_rows, write_rows
from chaoscl.streams import Stream, whole

RATES = (1e-3, 2e-3, 5e-3, 1e-2)
RATE_EPOCHS = 4
MOST_EPOCHS = 64
GAIN = 0.003
"""Three tenths of a point."""
Score = Callable[[str, float, int, int], float]


@dataclass(frozen=True)
class Choice:
    """What the rule chooses.

    Attributes:
        max_lr: the highest rate.
        epochs: passes over the training rows.
        gain: most that one of the models gains from twice the epochs, a fraction; where MOST_EPOCHS are not enough,
            from the last doubling.
    """

    max_lr: float
    epochs: int
    gain: float

    @property
    def converged(self) -> bool:
        """Whether twice the epochs gain less than GAIN."""
        return self.gain < GAIN


def choose(models: Sequence[str], seeds: Sequence[int], score: Score) -> Choice:
    """Apply the rule.

    Args:
        models: that must both have converged.
        seeds: tuning seeds.
        score: from model, rate, epochs and seed to a validation accuracy in [0, 1].
    """

    def mean(model: str, rate: float, epochs: int) -> float:
        return sum(score(model, rate, epochs, seed) for seed in seeds) / len(seeds)

    rate = max(RATES, key=lambda one: sum(mean(model, one, RATE_EPOCHS) for model in models))
    epochs = 1
    while True:
        gain = max(mean(model, rate, 2 * epochs) - mean(model, rate, epochs) for model in models)
        if gain < GAIN:
            return Choice(rate, epochs, gain)
        epochs *= 2
        if epochs == MOST_EPOCHS:
            return Choice(rate, epochs, gain)


class Trials:
    """The scores of one folder, each trained once: ``trials.csv`` is read first and written after every run.

    Args:
        folder: results folder.
        bank: holds the data sets.
        report: told each score.
    """

    def __init__(self, folder: Path, bank: Bank, report: Callable[[str], None]) -> None:
        self._folder = folder
        self._bank = bank
        self._report = report
        self.rows = read_rows(CONVERGENCE, folder)

    def score(self, dataset: str, model: str, max_lr: float, epochs: int, seed: int) -> float:
        """Return the validation accuracy after training, in [0, 1]; trained now if the folder does not hold it."""
        key = {"dataset": dataset, "model": model, "max_lr": max_lr, "epochs": epochs, "seed": seed}
        data = self._bank[dataset].sha256
        for row in self.rows:
            if all(row[name] == value for name, value in key.items()):
                if row["data_sha256"] != data:
                    path = self._folder / CONVERGENCE.name
                    raise UserError(f"{path} holds runs on other data of {dataset}; give another --out")
                return float(row["validation_accuracy"])
        accuracy = round(self._train(dataset, model, f"standard:max_lr={max_lr:g},epochs={epochs}", seed), 6)
        self.rows.append({**key, "validation_accuracy": accuracy, "data_sha256": data})
        write_rows(self.rows, CONVERGENCE, self._folder)
        self._report(f"{dataset} {model} max_lr {max_lr:g}, {epochs} epochs, seed {seed}: {100 * accuracy:.2f} %")
        return accuracy

    def _train(self, dataset: str, model: str, recipe: str, seed: int) -> float:
        from chaoscl.models.kernel import resolve_kernel
        from chaoscl.runs.execute import execute

        network = find_model(model)
        spec = RunSpec(
            stream=Stream(dataset, whole(dataset)),
            scenario="task",
            model=network,
            baseline=BASELINES["naive"],
            seed=seed,
            recipe=find_recipe(recipe),
            kernel=resolve_kernel("auto", network, "cpu"),
            repetitions=1,
            part="validation",
        )
        return float(execute(spec, self._bank).matrix.mean[-1, 0])


def choice_row(dataset: str, models: Sequence[str], seeds: int, choice: Choice) -> Mapping[str, Any]:
    """Return a line of ``chosen.csv``."""
    return {
        "dataset": dataset,
        "max_lr": choice.max_lr,
        "epochs": choice.epochs,
        "gain": choice.gain,
        "converged": "yes" if choice.converged else "no",
        "models": " ".join(models),
        "seeds": seeds,
    }


def write_choices(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write ``chosen.csv``: the new lines in the place of those of the same data sets, by name of data set."""
    new = {row["dataset"]: row for row in [*read_rows(CONVERGED, folder), *rows]}
    write_rows([new[name] for name in sorted(new)], CONVERGED, folder)
