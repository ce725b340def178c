"""The grid of baselines and scenarios: a row for each baseline, what failed in its place."""

import pytest

from chaoscl.evaluation import schema

TINY = ("--stream", "addition", "--model", "mlp256", "--jobs", "1", "--out", "o")


@pytest.fixture
def command(program):
    """Return a function that runs the program in this process: exit status, stdout, stderr."""
    return program("grid")


def rows(out, names):
    """Return the cells of the table's rows that belong to baselines, by baseline."""
    cells = [[cell.strip() for cell in line.split("│")] for line in out.replace("|", "│").splitlines()]
    found = [[cell for cell in line if cell] for line in cells]
    split = [line if len(line) > 1 else " ".join(line).split(None, 2) for line in found]
    return {line[0]: line[1:] for line in split if line and line[0] in names}


def test_a_grid_has_a_row_for_each_baseline_and_a_column_for_each_scenario(command, tmp_path):
    names = ["naive", "replay", "joint"]
    status, out, _ = command(*TINY, "--baselines", ",".join(names), "--scenarios", "task,class")
    assert status == 0
    assert "EMBEDDED" in out
    shown = rows(out, names)
    assert list(shown) == names
    for column, scenario in enumerate(("task", "class")):
        summary = schema.read_csv(schema.SUMMARY, tmp_path / "o" / scenario / "summary.csv")
        assert set(summary["scenario"]) == {scenario}
        means = summary[summary["metric"] == "average_accuracy"].set_index("baseline")["mean"]
        assert {name: cells[column] for name, cells in shown.items()} == {
            name: f"{100 * means[name]:.1f}" for name in names
        }


def test_a_baseline_that_fails_stands_there_with_its_message(command, monkeypatch, tmp_path):
    import avalanche.training.supervised

    def refuse(**options):
        raise ArithmeticError("no memory of that")

    monkeypatch.setattr(avalanche.training.supervised, "Replay", refuse)
    names = ["naive", "replay", "joint"]
    status, out, _ = command(*TINY, "--baselines", ",".join(names), "--scenarios", "task,domain")
    assert status == 1
    shown = rows(out, names)
    assert list(shown) == names
    assert " ".join(shown["replay"]).count("ArithmeticError: no memory of that") == 2
    assert "Error" not in " ".join(shown["naive"] + shown["joint"])
    for scenario in ("task", "domain"):
        runs = schema.read_csv(schema.RUNS, tmp_path / "o" / scenario / "runs.csv")
        assert runs["status"].tolist() == ["finished", "failed", "finished"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--scenarios", "nope"), "unknown scenario 'nope'"),
        (("--baselines", "nope"), "unknown baseline 'nope'"),
        (("--stream", "nope"), "unknown stream 'nope'"),
        (("--recipe", "nope"), "unknown recipe 'nope'"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(command, refused, tmp_path, words, expected):
    refused(command(*TINY, *words), expected)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_scenario_is_refused_before_any_training(command, refused, tmp_path):
    refused(command("--scenarios", "task,nope"), "unknown scenario 'nope'")
    assert list(tmp_path.iterdir()) == []
