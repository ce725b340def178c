"""The search for hyper-parameters as a user types it: fair, repeatable, and blind to what it may not see."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from chaoscl.config import build_spec
from chaoscl.evaluation import schema
from chaoscl.evaluation.metrics import average_incremental_accuracy
from chaoscl.evaluation.tuning import CHOSEN, TRIALS
from chaoscl.hyper import HyperParameter
from chaoscl.hyper import SearchRange as Space
from chaoscl.runs import execute as execute_module
from chaoscl.runs.baseline import BASELINES, Baseline
from chaoscl.runs.training import RunFailedError
from chaoscl.runs.tuning import FIRST_SEED, Search, search

PAIR = "ag_news,addition"
QUICK = ("--stream", PAIR, "--model", "mlp256", "--data", "embedded", "--recipe", "quick", "--out", "o")


@pytest.fixture
def command(program):
    """Return a function that runs the program in this process: exit status, stdout, stderr."""
    return program("tune")


@pytest.fixture
def tables(tmp_path):
    """Return a reader of trials.csv and chosen.csv of a folder."""

    def read(folder="o"):
        return tuple(schema.read_csv(table, tmp_path / folder / table.name) for table in (TRIALS, CHOSEN))

    return read


@pytest.fixture
def tried(monkeypatch):
    """Put a stand-in in the place of training, whose score follows from values and seed, and note what it is given."""
    specs = []

    def execute(spec, bank):
        values = list(spec.values.values())
        specs.append(spec)
        if values and values[0] > 1e6:
            raise RunFailedError("the loss is nan")
        score = 1 / (3 + abs(np.log(sum(map(float, values)) + 0.1) - 2) + spec.seed % 7)
        matrix = np.full((spec.tasks + 1, spec.tasks), score)
        return SimpleNamespace(
            matrix=SimpleNamespace(mean=matrix), cost=SimpleNamespace(samples=10 * spec.tasks, macs=7)
        )

    monkeypatch.setattr(execute_module, "execute", execute)
    return specs


def parsed(values):
    """Return ``a.b=1,a.c=2`` as values by name."""
    return {name: float(value) for name, value in (entry.split("=") for entry in values.split(",") if entry)}


def test_the_tables_hold_every_trial_and_what_was_chosen(command, tables, tmp_path):
    words = ("--baselines", "naive,ewc,derpp", "--trials", "3", "--tasks", "1")
    status, out, err = command(*QUICK, *words)
    assert status == 0
    trials, chosen = tables()
    assert trials["baseline"].tolist() == ["naive"] + ["ewc"] * 3 + ["derpp"] * 3
    assert trials["trial"].tolist() == [0, 0, 1, 2, 0, 1, 2]
    assert trials["score"].between(0, 1).all()
    assert (trials["samples"] > 0).all()
    assert (trials["macs"] > 0).all()
    assert chosen["baseline"].tolist() == ["naive", "ewc", "derpp"]
    for line in chosen.to_dict("records"):
        own = trials[trials["baseline"] == line["baseline"]].reset_index(drop=True)
        best = own.loc[own["score"].idxmax()]
        assert (line["values"], line["score"]) == (best["values"], best["score"])
        assert line["default_score"] == own["score"][0]
        assert (line["trials"], line["samples"], line["macs"]) == (len(own), own["samples"].sum(), own["macs"].sum())
        assert (line["label"], line["tasks"], line["seeds"]) == ("tuned", 1, str(FIRST_SEED))
        assert line["baseline"] in out
    assert (tmp_path / "o" / "command.txt").read_text() == (
        "chaoscl tune --stream ag_news,addition --model mlp256 --baselines naive,ewc,derpp"
        " --scenario task --recipe quick --trials 3 --seeds 1 --tasks 1 --data embedded\n"
    )
    assert sum(" trial " in line for line in err.splitlines()) == len(trials)


@pytest.mark.usefixtures("tried")
def test_the_first_trial_has_the_values_of_the_file_and_the_others_lie_where_they_are_sought(command, tables):
    assert command(*QUICK, "--baselines", "all", "--trials", "6")[0] == 0
    trials, _ = tables()
    for name, own in trials.groupby("baseline"):
        hyper = {f"{name}.{key}": one for key, one in BASELINES[name].hyper.items() if one.search is not None}
        assert len(own) == (6 if hyper else 1)
        first, *others = map(parsed, own["values"])
        assert first == pytest.approx({key: one.value for key, one in hyper.items()}, rel=1e-5)
        for values in others:
            assert values.keys() == hyper.keys()
            assert all(one.search.low <= values[key] <= one.search.high for key, one in hyper.items())
        assert own["values"].nunique() == len(own)


def test_tuning_seeds_and_rows_are_never_those_of_a_reported_run(command, tables, tried):
    assert command(*QUICK, "--baselines", "naive,lwf", "--trials", "3", "--seeds", "2", "--tasks", "1")[0] == 0
    assert [spec.seed for spec in tried] == [1_000_000, 1_000_001] * 4
    assert {spec.part for spec in tried} == {"validation"}
    assert {spec.tasks for spec in tried} == {1}
    trials, chosen = tables()
    assert chosen["seeds"].tolist() == ["1000000 1000001"] * 2
    assert trials["samples"].tolist() == [20] * 4


@pytest.mark.parametrize(
    ("value", "space"),
    [
        (1_234_567, Space(1_000_001, 9_999_999)),
        (0.123456789, Space(0.1, 1.0)),
        # To six digits, most of this range lies outside of it.
        (0.12345675, Space(0.1234567, 0.1234568)),
    ],
)
def test_values_are_recorded_as_they_were_tried(tmp_path, tried, embedded_bank, value, space):
    odd = Baseline("odd", print, "me", {"size": HyperParameter(value, "guess", space)}, name="odd")
    spec = build_spec(PAIR, "task", "mlp256", odd, FIRST_SEED, repetitions=1, part="validation", tasks=2)
    search(Search(spec, 4, 1), [odd], embedded_bank("ag_news", "addition"), tmp_path, print)
    trials = schema.read_csv(TRIALS, tmp_path / "trials.csv")
    used = [dict(spec.hyper)["size"] for spec in tried]
    assert [type(value)(row.rpartition("=")[2]) for row in trials["values"]] == used
    assert used[0] == value
    assert all(space.low <= one <= space.high for one in used)


def test_a_score_is_the_mean_over_tuning_seeds_and_a_failed_run_scores_nothing(tmp_path, tried, embedded_bank):
    odd = Baseline("odd", print, "me", {"rate": HyperParameter(1.0, "guess", Space(1.0, 1e12))}, name="odd")
    spec = build_spec(PAIR, "task", "mlp256", odd, FIRST_SEED, repetitions=1, part="validation", tasks=2)
    search(Search(spec, 6, 2), [odd], embedded_bank("ag_news", "addition"), tmp_path, print)
    trials = schema.read_csv(TRIALS, tmp_path / "trials.csv")
    distance = abs(np.log(1.1) - 2)
    by_hand = np.mean([1 / (3 + distance + seed % 7) for seed in (1_000_000, 1_000_001)])
    assert trials["score"][0] == pytest.approx(by_hand, abs=1e-6)
    failed = [parsed(values)["odd.rate"] > 1e6 for values in trials["values"]]
    assert 0 < sum(failed) < 6
    assert (trials["score"] == 0).tolist() == failed
    assert trials["samples"].tolist() == [0 if one else 40 for one in failed]
    assert len(tried) == 12


def test_scores_are_accuracies_on_validation_rows(command, tables, embedded_bank):
    assert command(*QUICK, "--baselines", "ewc,joint", "--trials", "1", "--scenario", "class")[0] == 0
    trials, _ = tables()
    scores = dict(zip(trials["baseline"], trials["score"], strict=True))

    def matrix(baseline, part):
        spec = build_spec(PAIR, "class", "mlp256", baseline, 1_000_000, "quick", repetitions=1, part=part)
        return execute_module.execute(spec, embedded_bank("ag_news", "addition")).matrix.mean

    seen = matrix("ewc", "validation")
    by_hand = (seen[1, 0] + (seen[2, 0] + seen[2, 1]) / 2) / 2
    assert by_hand == pytest.approx(average_incremental_accuracy(seen))
    assert scores["ewc"] == pytest.approx(by_hand, abs=1e-6)
    assert scores["ewc"] != pytest.approx(average_incremental_accuracy(matrix("ewc", "test")), abs=1e-6)
    # Joint training has a first and a last row only.
    assert scores["joint"] == pytest.approx(matrix("joint", "validation")[2].mean(), abs=1e-6)


@pytest.mark.parametrize(("tasks", "label"), [("1", "tuned"), ("2", "oracle-tuned")])
def test_the_label_says_whether_the_search_saw_the_whole_stream(command, tables, tmp_path, tasks, label):
    words = QUICK[:-2]
    assert command(*words, "--baselines", "naive", "--tasks", tasks)[0] == 0
    folder = f"results/embedded/tuning/ag_news+addition-mlp256-task-quick-{label}"
    _, chosen = tables(folder)
    assert chosen["label"].tolist() == [label]
    (one,) = (tmp_path / "results" / "embedded" / "tuning").iterdir()
    assert str(one.relative_to(tmp_path)) == folder


NAMES = ("ewc", "derpp", "naive", "lwf")


def files(folder):
    return {name: (folder / name).read_bytes() for name in ("trials.csv", "chosen.csv", "search.json")}


def found(tmp_path, bank, folder, trials, names=NAMES, stop=None):
    """Search in this process, stopped by Ctrl-C after so many trials."""
    reported = []

    def report(line):
        reported.append(line)
        if len(reported) == stop:
            raise KeyboardInterrupt

    spec = build_spec(PAIR, "task", "mlp256", "ewc", FIRST_SEED, repetitions=1, part="validation", tasks=2)
    baselines = [BASELINES[name] for name in names]
    search(Search(spec, trials, 1), baselines, bank, tmp_path / folder, report)
    return len(reported)


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize("stop", [1, 4, 7, 8, 9, 15, 16, 22])
def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path, embedded_bank, stop):
    bank = embedded_bank("ag_news", "addition")
    total = found(tmp_path, bank, "whole", 7)
    assert total == 3 * 7 + 1
    with pytest.raises(KeyboardInterrupt):
        found(tmp_path, bank, "parts", 7, stop=stop)
    assert found(tmp_path, bank, "parts", 7) == total - stop
    assert files(tmp_path / "parts") == files(tmp_path / "whole")
    assert found(tmp_path, bank, "parts", 7) == 0
    assert files(tmp_path / "parts") == files(tmp_path / "whole")


@pytest.mark.parametrize("name", ["ewc", "derpp"])
def test_more_trials_of_a_search_are_those_of_one_go(command, tmp_path, name):
    words = (*QUICK[:-2], "--baselines", name, "--tasks", "1", "--trials")
    for trials in ("2", "4"):
        assert command(*words, trials, "--out", "parts")[0] == 0
    assert command(*words, "4", "--out", "whole")[0] == 0
    assert files(tmp_path / "parts") == files(tmp_path / "whole")


@pytest.mark.usefixtures("tried")
def test_more_trials_for_several_baselines_choose_what_one_go_chooses(tmp_path, embedded_bank):
    bank = embedded_bank("ag_news", "addition")
    for folder, steps in (("parts", (3, 8)), ("whole", (8,))):
        for trials in steps:
            found(tmp_path, bank, folder, trials)
    parts, whole = files(tmp_path / "parts"), files(tmp_path / "whole")
    assert parts["chosen.csv"] == whole["chosen.csv"]
    assert sorted(parts["trials.csv"].splitlines()) == sorted(whole["trials.csv"].splitlines())


@pytest.mark.usefixtures("tried")
def test_more_trials_for_several_baselines_stand_where_they_stand_in_one_go(tmp_path, embedded_bank):
    bank = embedded_bank("ag_news", "addition")
    for folder, steps in (("parts", (3, 5)), ("whole", (5,))):
        for trials in steps:
            found(tmp_path, bank, folder, trials)
    assert files(tmp_path / "parts") == files(tmp_path / "whole")


@pytest.mark.usefixtures("tried")
def test_a_baseline_that_was_tried_more_often_before_is_not_chosen_from_more(tmp_path, embedded_bank):
    bank = embedded_bank("ag_news", "addition")
    found(tmp_path, bank, "o", 6, names=("ewc",))
    found(tmp_path, bank, "o", 3, names=("ewc", "lwf"))
    assert schema.read_csv(CHOSEN, tmp_path / "o" / "chosen.csv")["trials"].tolist() == [3, 3]


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--recipe", "online"),
        ("--scenario", "class"),
        ("--model", "mlp2k"),
        ("--tasks", "1"),
        ("--seeds", "2"),
        ("--stream", "addition,ag_news"),
    ],
)
def test_another_search_in_the_same_folder_is_one_line(command, refused, tmp_path, option, value):
    words = (*QUICK, "--baselines", "ewc", "--trials", "2")
    assert command(*words)[0] == 0
    before = {path: path.read_bytes() for path in (tmp_path / "o").iterdir()}
    refused(command(*words, option, value), "o holds another search (search.json)", "--out")
    assert {path: path.read_bytes() for path in (tmp_path / "o").iterdir()} == before


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize("names", ["ewc,lwf", "lwf,ewc"])
def test_another_baseline_joins_a_search(command, tables, names):
    assert command(*QUICK, "--baselines", "ewc", "--trials", "2")[0] == 0
    assert command(*QUICK, "--baselines", names, "--trials", "2")[0] == 0
    assert tables()[1]["baseline"].tolist() == names.split(",")


@pytest.mark.usefixtures("tried")
def test_a_file_of_trials_that_is_not_ours_is_one_line(command, refused, tmp_path):
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "trials.csv").write_text("baseline,score\nnaive,1\n")
    refused(command(*QUICK, "--baselines", "naive"), "trials.csv is not ours", "--out")
    assert (tmp_path / "o" / "trials.csv").read_text() == "baseline,score\nnaive,1\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--trials", "0"), ("--trials", "at least 1")),
        (("--trials", "-3"), ("--trials", "at least 1")),
        (("--trials", "many"), ("--trials", "integer")),
        (("--seeds", "0"), ("--seeds", "at least 1")),
        (("--tasks", "0"), ("--tasks 0", "1 to 2 tasks")),
        (("--tasks", "3"), ("--tasks 3", "1 to 2 tasks")),
        (("--tasks", "-1"), ("--tasks -1",)),
        (("--stream", "addition"), ("--tasks 2", "1 to 1 tasks")),
        (("--stream", "nope"), ("unknown stream 'nope'",)),
        (("--model", "nope"), ("unknown model 'nope'",)),
        (("--recipe", "nope"), ("unknown recipe 'nope'",)),
        (("--scenario", "nope"), ("unknown scenario 'nope'",)),
        (("--baselines", "nope"), ("unknown baseline 'nope'",)),
        (("--data", "nope"), ("unknown --data 'nope'",)),
        (("--baselines", ""), ("--baselines is empty",)),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(command, refused, tmp_path, words, expected):
    refused(command(*QUICK, "--baselines", "naive", *words), *expected)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("tried")
def test_a_folder_that_cannot_be_written_is_one_line(command, refused, tmp_path):
    (tmp_path / "o").write_text("a file")
    refused(command(*QUICK, "--baselines", "naive"), "cannot write", "--out")


def test_run_uses_what_was_chosen(command, program, tables, tmp_path):
    words = ("--baselines", "naive,ewc,derpp", "--trials", "3", "--tasks", "1")
    assert command(*QUICK, *words)[0] == 0
    _, chosen = tables()
    words = ("--baselines", "derpp,naive,mas,ewc", "--seeds", "1", "--jobs", "1", "--tuned", "o/chosen.csv")
    assert program("run")(*QUICK[:-1], "runs", *words)[0] == 0
    runs = schema.read_csv(schema.RUNS, tmp_path / "runs" / "runs.csv")
    used = {}
    for line in runs.to_dict("records"):
        spec = json.loads((tmp_path / "runs" / "runs" / line["run"] / "spec.json").read_text())
        used |= {f"{line['baseline']}.{name}": value for name, value in spec["hyper_parameters"].items()}
        assert spec["spec"]["seed"] == 0
        assert spec["spec"]["part"] == "test"
    values = chosen.set_index("baseline")["values"]
    assert used == {
        **{
            f"{name}.{key}": hyper.value
            for name in ("derpp", "mas", "ewc")
            for key, hyper in BASELINES[name].hyper.items()
        },
        **parsed(values["ewc"]),
        **parsed(values["derpp"]),
    }


def test_a_task_without_validation_rows_is_one_line_before_the_first_trial(
    command, refused, tried, write_mirror, tmp_path
):
    mirror = write_mirror(tmp_path / "mirror", "mnist", 400, train_without=(2, 3))
    words = ("--stream", "split-mnist", "--baselines", "ewc", "--trials", "1", "--data-dir", str(mirror), "--out", "o")
    refused(command(*words, "--tasks", "2"), "task 'mnist-2' has no row in the train split of mnist")
    assert not (tmp_path / "o").exists()
    assert tried == []
    status, _, err = command(*words, "--tasks", "1")
    assert status == 0
    assert "mnist: train: no row of 2 of 10 classes (2, 3).\n" in err
