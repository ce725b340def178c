import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.data import DATASETS
from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.evaluation.tuning import CONVERGED as CHOSEN
from chaoscl.evaluation.tuning import CONVERGENCE
from chaoscl.runs.convergence import GAIN, MOST_EPOCHS, RATES, Choice, Trials, choose
from chaoscl.runs.provenance import ROOT
from chaoscl.runs.tuning import tuning_seeds

MODELS = ("chaos2k", "mlp2k")
FOLDER = ROOT / "results" / "convergence"


def test_the_best_rate_counts_over_both_models_and_the_slower_model_decides_the_epochs():
    at_four = {("chaos2k", 1e-3): 0.5, ("mlp2k", 1e-3): 0.9, ("chaos2k", 2e-3): 0.8, ("mlp2k", 2e-3): 0.8}
    by_epochs = {"chaos2k": {1: 0.5, 2: 0.7, 4: 0.8, 8: 0.802, 16: 0.9}, "mlp2k": {1: 0.8, 2: 0.8, 4: 0.8, 8: 0.7}}

    def score(model, rate, epochs, seed):
        return by_epochs[model][epochs] if rate == 2e-3 else at_four.get((model, rate), 0.1)

    choice = choose(MODELS, [1], score)
    assert (choice.max_lr, choice.epochs) == (2e-3, 4)
    assert choice.gain == pytest.approx(0.002)


def test_of_equal_rates_the_lower_one_is_taken():
    assert choose(MODELS, [1, 2], lambda *what: 0.5) == Choice(RATES[0], 1, 0.0)


def test_seeds_are_averaged():
    def score(model, rate, epochs, seed):
        return 0.5 + (0.1 if seed == 1 else -0.1) * (epochs == 2)

    assert choose(MODELS, [1, 2], score).epochs == 1


@given(final=st.integers(0, 5), gain=st.floats(GAIN * 1.01, 0.05))
def test_the_epochs_are_the_fewest_whose_double_gains_too_little(final, gain):
    def score(model, rate, epochs, seed):
        return gain * min(epochs.bit_length() - 1, final)

    assert choose(MODELS, [1], score).epochs == 2**final


def test_what_still_gains_gets_the_most_epochs_and_has_not_converged():
    choice = choose(MODELS, [1], lambda model, rate, epochs, seed: 0.01 * epochs.bit_length())
    assert (choice.epochs, choice.converged) == (MOST_EPOCHS, False)
    assert choice.gain == pytest.approx(0.01)


def test_a_trial_is_trained_once_and_kept(tmp_path, tiny_bank, monkeypatch):
    bank, told = tiny_bank("ag_news"), []
    first = Trials(tmp_path, bank, told.append).score("ag_news", "mlp256", 1e-3, 1, 1_000_000)
    monkeypatch.setattr(Trials, "_train", None)
    assert Trials(tmp_path, bank, told.append).score("ag_news", "mlp256", 1e-3, 1, 1_000_000) == first
    assert len(told) == 1


def test_trials_on_other_data_are_refused(tmp_path, tiny_bank):
    trials = Trials(tmp_path, tiny_bank("ag_news"), lambda line: None)
    trials.score("ag_news", "mlp256", 1e-3, 1, 1_000_000)
    text = (tmp_path / "trials.csv").read_text()
    (tmp_path / "trials.csv").write_text(text.replace(",ag_news\n", ",other\n"))
    with pytest.raises(UserError, match="holds runs on other data of ag_news"):
        Trials(tmp_path, tiny_bank("ag_news"), lambda line: None).score("ag_news", "mlp256", 1e-3, 1, 1_000_000)


def test_a_file_of_somebody_else_s_is_refused(tmp_path, tiny_bank):
    (tmp_path / "trials.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="is not ours"):
        Trials(tmp_path, tiny_bank("ag_news"), lambda line: None)


def test_standard_is_what_the_committed_runs_choose():
    trials = schema.read_csv(CONVERGENCE, FOLDER / "trials.csv")
    scores = {
        (row.dataset, row.model, row.max_lr, row.epochs, row.seed): row.validation_accuracy
        for row in trials.itertuples()
    }
    chosen = schema.read_csv(CHOSEN, FOLDER / "chosen.csv")
    assert set(chosen["dataset"]) == {name for name, one in DATASETS.items() if one.schedule.searched}
    for row in chosen.itertuples():
        seeds = tuning_seeds(row.seeds)
        schedule = DATASETS[row.dataset].schedule
        choice = choose(row.models.split(), seeds, lambda *what, name=row.dataset: scores[name, *what])
        assert (choice.max_lr, choice.epochs) == (row.max_lr, row.epochs) == (schedule.max_lr, schedule.epochs)
        assert choice.gain == pytest.approx(row.gain, abs=1e-6)
