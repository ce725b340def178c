"""The search for the recipe standard, as a user types it."""

import pytest

from chaoscl.evaluation import schema
from chaoscl.evaluation.tuning import CONVERGED, CONVERGENCE
from chaoscl.runs.convergence import RATES, Trials


@pytest.fixture
def command(program):
    """Return a function that runs the program in this process: exit status, stdout, stderr."""
    return program("converge")


@pytest.fixture
def trained(monkeypatch):
    """Put a stand-in in the place of training, and note what it is given."""
    found = []

    def train(self, dataset, model, recipe, seed):
        found.append((dataset, model, recipe, seed))
        epochs = int(recipe.rpartition("=")[2])
        return 0.9 - 0.1 / epochs**4

    monkeypatch.setattr(Trials, "_train", train)
    return found


WORDS = ("--data", "embedded", "--models", "chaos256,mlp256", "--out", "o")


def test_it_writes_every_run_and_what_was_chosen_and_trains_nothing_twice(command, trained, tmp_path):
    assert command(*WORDS, "--datasets", "addition", "--seeds", "2")[0] == 0
    trials = schema.read_csv(CONVERGENCE, tmp_path / "o" / "trials.csv")
    assert len(trials) == len(trained) == len(set(trained)) == 2 * 2 * (len(RATES) + 3)
    chosen = schema.read_csv(CONVERGED, tmp_path / "o" / "chosen.csv")
    (row,) = chosen.to_dict("records")
    assert (row["dataset"], row["max_lr"], row["epochs"], row["seeds"]) == ("addition", RATES[0], 4, 2)
    assert row["models"] == "chaos256 mlp256"
    assert command(*WORDS, "--datasets", "addition", "--seeds", "2")[0] == 0
    assert len(trained) == len(trials)


@pytest.mark.usefixtures("trained")
def test_a_second_data_set_joins_the_first(command, tmp_path):
    for name in ("mnist", "addition"):
        assert command(*WORDS, "--datasets", name)[0] == 0
    chosen = schema.read_csv(CONVERGED, tmp_path / "o" / "chosen.csv")
    assert chosen["dataset"].tolist() == ["addition", "mnist"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--seeds", "0"), "--seeds 0"),
        (("--models", "chaos2"), "unknown model 'chaos2'"),
        (("--datasets", "mnits"), "unknown data set 'mnits'"),
    ],
)
def test_wrong_options_are_one_line_and_write_nothing(command, refused, tmp_path, words, said):
    refused(command(*WORDS, *words), said)
    assert not (tmp_path / "o").exists()
