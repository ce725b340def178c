"""Any cell of an aggregate that does not follow from matrices.csv is named, with what belongs there."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from chaoscl.evaluation import csvtext, schema, verify
from chaoscl.evaluation.aggregate import RunRecord
from chaoscl.evaluation.matrices import AGGREGATES, RUN, aggregate_frames, data_digest, matrix_lines
from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.evaluation.verify import MEASURED, Difference, differences

RUNS = [(name, seed) for name in ("naive", "replay", "joint") for seed in (0, 1, 2)]
FILES = [table.name for table in AGGREGATES]
ABOUT_RUNS = [table.name for table in (*MEASURED, schema.FOLDER_CURVES, schema.RUNS)]


def record(name, seed):
    cells = np.random.default_rng([len(name), seed]).integers(0, 1_000_001, (3, 2)) / 1e6
    if name == "joint":
        cells[1] = np.nan
    matrix = RetentionMatrix(("news", "digits"), cells, np.where(np.isnan(cells), np.nan, 0.5), 2)
    kinds, digest = ("text", "image"), data_digest(["news", "digits"], ["a", "b"])
    return RunRecord("s", "task", "m", name, seed, "mirror", digest, matrix, kinds, heads=(0, 1))


def filled(table, **values):
    """Return a line for each run, with made-up values in the columns that are not given."""
    made = {"int": 1, "float": 0.5, "str": "x"}
    lines = pd.DataFrame([(name, "m", seed, "given") for name, seed in RUNS], columns=RUN)
    others = {column.name: made[column.dtype] for column in table.columns if column.name not in RUN}
    return lines.assign(**{**others, **values})[table.header]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A results folder, and what its aggregates are, made once."""
    folder = tmp_path_factory.mktemp("results")
    curves = filled(schema.FOLDER_CURVES)
    records = [replace(record(*run), best_validation=0.5) for run in RUNS]
    hashes = [f"{number:012x}" for number in range(len(RUNS))]
    frames = aggregate_frames(records) | {table: filled(table) for table in MEASURED} | {schema.FOLDER_CURVES: curves}
    frames[schema.MATRICES] = pd.concat(map(matrix_lines, records, hashes), ignore_index=True)
    frames[schema.RUNS] = filled(schema.RUNS, status="finished", run=[f"s/m/x/seed0-{one}" for one in hashes])
    line = dict.fromkeys(schema.DATA.header, "x") | {"dataset": ["news", "digits"], "sha256": ["a", "b"]}
    frames[schema.DATA] = pd.DataFrame(
        line | {column.name: 1 for column in schema.DATA.columns if column.dtype == "int"}
    )
    for table, frame in frames.items():
        schema.write_csv(frame, table, folder / table.name)
    return folder, aggregate_frames(records)


@pytest.fixture
def results(made, tmp_path, monkeypatch):
    """A copy of that folder; its aggregates are not computed again for each test."""
    for path in made[0].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(verify, "aggregate_frames", lambda records: made[1])
    return tmp_path


def test_a_folder_that_follows_from_its_matrices_has_no_difference(made):
    assert differences(made[0]) == []


@pytest.mark.parametrize("file", FILES)
def test_each_cell_that_is_changed_is_named_alone(results, file):
    path = results / file
    text = path.read_text()
    rows = csvtext.parse(text)
    assert len(rows) > 5
    for line, row in enumerate(rows):
        ends = line in (0, len(rows) - 1)
        for column in range(len(row)) if ends else (line % len(row),):
            cell = row[column]
            # The last digit, where there is one: the least change that the file can hold.
            other = cell[:-1] + str((int(cell[-1]) + 1) % 10) if cell[-1:].isdigit() else f"{cell}1"
            changed = [list(one) for one in rows]
            changed[line][column] = other
            path.write_text(csvtext.dump(changed[0], changed[1:]))
            assert differences(results) == [Difference(file, line + 1, rows[0][column], other, cell)]
    path.write_text(text)
    assert differences(results) == []


@pytest.mark.parametrize("file", FILES)
def test_a_line_too_many_or_too_few_is_named(results, file):
    lines = (results / file).read_text().splitlines(keepends=True)
    (results / file).write_text("".join([*lines, lines[-1]]))
    assert differences(results) == [
        Difference(file, len(lines) + 1, "the whole line", lines[-1].strip(), "no such line")
    ]
    (results / file).write_text("".join(lines[:-1]))
    assert differences(results) == [Difference(file, len(lines), "the whole line", "no such line", lines[-1].strip())]


@pytest.mark.parametrize("file", ABOUT_RUNS)
@pytest.mark.parametrize(
    ("old", "new", "column", "cells"),
    [
        ("\nreplay,m,1,given,", "\newc,m,1,given,", "baseline", ("ewc", "replay")),
        ("\nreplay,m,1,given,", "\nreplay,n,1,given,", "model", ("n", "m")),
        ("\nreplay,m,1,given,", "\nreplay,m,7,given,", "seed", ("7", "1")),
        ("\nreplay,m,1,given,", "\nreplay,m,1,reversed,", "order", ("reversed", "given")),
    ],
)
def test_lines_about_other_runs_are_named(results, file, old, new, column, cells):
    path = results / file
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))
    found = differences(results)
    # A curve of a run that is not there says no more than that one line, too.
    assert Difference(file, 6, column, *cells) in found or (file == "curves.csv" and found)


@pytest.mark.parametrize("file", [table.name for table in MEASURED] + ["runs.csv"])
def test_a_run_without_its_line_is_named(results, file):
    lines = (results / file).read_text().splitlines(keepends=True)
    (results / file).write_text("".join(lines[:-1]))
    assert Difference(file, len(lines), "the whole line", "no such line", "joint,m,2,given") in differences(results)


def test_another_hash_of_a_run_or_of_data_is_named(results):
    path = results / "runs.csv"
    path.write_text(path.read_text().replace("000000000004", "00000000000f"))
    assert differences(results) == [Difference("runs.csv", 6, "run", "00000000000f", "000000000004")]
    path.write_text(path.read_text().replace("00000000000f", "000000000004"))
    data = results / "data.csv"
    data.write_text(data.read_text().replace(",b,", ",c,"))
    (found,) = differences(results)
    assert (found.file, found.recomputed) == ("data.csv", data_digest(["news", "digits"], ["a", "b"]))


def test_a_changed_matrix_is_seen_in_the_aggregates(made, tmp_path):
    for path in made[0].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    frame = schema.read_csv(schema.MATRICES, tmp_path / "matrices.csv")
    frame.loc[len(frame) - 1, "mean"] = 0.123457
    schema.write_csv(frame, schema.MATRICES, tmp_path / "matrices.csv")
    assert {found.file for found in differences(tmp_path)} == set(FILES)


@pytest.mark.parametrize("file", ["matrices.csv", *FILES, *ABOUT_RUNS, "data.csv"])
def test_a_file_that_is_missing_is_named(results, file):
    (results / file).unlink()
    with pytest.raises(ValueError, match=file.replace(".", r"\.")):
        differences(results)
