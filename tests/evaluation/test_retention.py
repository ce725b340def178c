"""The retention matrix: its rules, its file, and clear complaints about broken ones."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaoscl.evaluation.retention import RetentionMatrix

NAN = float("nan")
TASKS = ("news", "digits")
MEAN = [[0.25, 0.1], [0.9, 0.2], [0.7, 1.0]]
SD = [[0.0, 0.01], [0.02, 0.03], [0.04, 0.0]]
TEXT = """row,after,news,digits,sd:news,sd:digits,repetitions
0,untrained,0.250000,0.100000,0.000000,0.010000,3
1,news,0.900000,0.200000,0.020000,0.030000,3
2,digits,0.700000,1.000000,0.040000,0.000000,3
"""


def build(mean=MEAN, sd=SD, tasks=TASKS, repetitions=3):
    return RetentionMatrix(tasks, np.array(mean), np.array(sd), repetitions)


def test_file_has_exactly_this_text(tmp_path):
    matrix = build()
    assert matrix.to_csv() == TEXT
    matrix.write_csv(tmp_path / "retention_matrix.csv")
    assert (tmp_path / "retention_matrix.csv").read_bytes() == TEXT.encode()


def test_file_comes_back(tmp_path):
    build().write_csv(tmp_path / "r.csv")
    again = RetentionMatrix.read_csv(tmp_path / "r.csv")
    assert again == build()
    assert again.repetitions == 3
    assert RetentionMatrix.from_frame(build().to_frame()) == build()


def test_rows_that_were_not_evaluated_are_empty_cells(tmp_path):
    matrix = build([[0.5, 0.5], [NAN, NAN], [0.8, 0.9]], [[0.0, 0.0], [NAN, NAN], [0.1, 0.1]])
    assert matrix.to_csv().splitlines()[2] == "1,news,,,,,3"
    matrix.write_csv(tmp_path / "r.csv")
    assert RetentionMatrix.read_csv(tmp_path / "r.csv") == matrix


def test_one_repetition_has_no_spread(tmp_path):
    matrix = build(sd=np.full((3, 2), NAN), repetitions=1)
    matrix.write_csv(tmp_path / "r.csv")
    assert RetentionMatrix.read_csv(tmp_path / "r.csv") == matrix
    with pytest.raises(ValueError, match="only one of mean and sd"):
        build(sd=np.full((3, 2), NAN), repetitions=2)


names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8).filter(
    lambda name: name not in {"row", "after", "repetitions"} and not name.startswith("sd:") and "<task>" not in name
)


@given(st.lists(names, min_size=1, max_size=4, unique=True), st.integers(2, 9), st.data())
@settings(max_examples=25, deadline=None)
def test_any_matrix_survives_the_file_to_six_decimals_and_then_byte_for_byte(tasks, repetitions, data):
    shape = (len(tasks) + 1, len(tasks))
    cells = st.lists(st.floats(0, 1), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])
    mean = np.array(data.draw(cells)).reshape(shape)
    spread = np.array(data.draw(cells)).reshape(shape)
    if data.draw(st.booleans()):
        mean[1:-1] = spread[1:-1] = NAN
    matrix = RetentionMatrix(tuple(tasks), mean, spread, repetitions)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.csv"
        matrix.write_csv(path)
        again = RetentionMatrix.read_csv(path)
        assert again.to_csv().encode() == path.read_bytes()
    assert again.tasks == matrix.tasks
    np.testing.assert_allclose(again.mean, matrix.mean, atol=5.1e-7, rtol=0)
    np.testing.assert_allclose(again.sd, matrix.sd, atol=5.1e-7, rtol=0)


def test_equality_looks_at_everything():
    assert build() == build()
    assert build() != build(repetitions=4)
    assert build() != build(tasks=("news", "letters"))
    assert build() != build(mean=[[0.25, 0.1], [0.9, 0.2], [0.7, 0.9]])
    assert build() != build(sd=[[0.0, 0.01], [0.02, 0.03], [0.04, 0.1]])
    assert build() != "a matrix"


def test_arrays_are_copies_and_read_only():
    mean = np.array(MEAN)
    matrix = RetentionMatrix(TASKS, mean, np.array(SD), 3)
    mean[0, 0] = 0.0  # the caller's array stays the caller's
    assert matrix.mean[0, 0] == 0.25
    with pytest.raises(ValueError, match="read-only"):
        matrix.mean[0, 0] = 0.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tasks": ()}, "no tasks"),
        ({"tasks": ("a", "b", "c")}, r"mean has shape \(3, 2\), not \(4, 3\)"),
        ({"mean": [[0.5, 0.5], [0.5, 0.5]]}, "mean has shape"),
        ({"sd": [[0.0, 0.0]]}, "sd has shape"),
        ({"tasks": ("news", "news")}, "'news' appears more than once"),
        ({"tasks": ("news", "after")}, "'after' cannot be a task's name"),
        ({"tasks": ("news", "sd:news")}, "'sd:news' cannot be a task's name"),
        ({"tasks": ("news", "")}, "'' cannot be a task's name"),
        ({"mean": [[0.5, 0.5], [0.5, 1.01], [0.5, 0.5]]}, r"row 1, task 'digits': accuracy 1.01 is not in \[0, 1\]"),
        ({"mean": [[0.5, 0.5], [0.5, 0.5], [-0.1, 0.5]]}, "row 2, task 'news'"),
        ({"mean": [[0.5, 0.5], [0.5, np.inf], [0.5, 0.5]]}, "accuracy inf"),
        ({"mean": [[0.5, 0.5], [0.5, NAN], [0.5, 0.5]]}, "row 1 has no accuracy for task 'digits'"),
        ({"mean": [[NAN, NAN], [0.5, 0.5], [0.5, 0.5]]}, "row 0 has no accuracy for task 'news'"),
        ({"mean": [[0.5, 0.5], [0.5, 0.5], [NAN, NAN]]}, "row 2 has no accuracy"),
        ({"mean": [[0.5, 0.5], [NAN, NAN], [0.5, 0.5]]}, "row 1, task 'news': only one of mean and sd"),
        ({"sd": [[0.0, 0.0], [0.0, -0.1], [0.0, 0.0]]}, "negative or infinite"),
        ({"sd": [[0.0, 0.0], [0.0, np.inf], [0.0, 0.0]]}, "negative or infinite"),
        ({"repetitions": 0}, "repetitions"),
        ({"repetitions": True}, "repetitions"),
        ({"repetitions": 2.0}, "repetitions"),
    ],
)
def test_broken_matrices_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        build(**changes)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.250000", "a quarter", "column 'news', row 1: 'a quarter' is not a number"),
        ("0.250000", "nan", "column 'news', row 1: 'nan' is not a number"),
        ("0.250000", "2.5", r"row 0, task 'news': accuracy 2.5"),
        ("0.250000", "", "row 0 has no accuracy for task 'news'"),
        ("sd:digits", "sd:letters", "column 'sd:digits' is missing"),
        ("row,after,news", "after,row,news", "column 'after' stands where 'row' belongs"),
        ("repetitions", "repeats", "column 'sd:repeats' is missing"),
        (",repetitions", "", r"row 1 has 7 cells, not 6 \(see column 'sd:digits'\)"),
        ("news,digits,sd", "news,news,sd", "column 'news' appears more than once"),
        ("1,news", "1,digits", "column 'after' must name"),
        ("0,untrained", "0,before", "column 'after' must name"),
        ("1,news", "5,news", "column 'row' must count from 0 to 2"),
        ("0.010000,3", "0.010000,4", "column 'repetitions' must hold one number"),
        ("0.010000,3", "0.010000,3.0", "column 'repetitions', row 1: '3.0' is not a number"),
        ("2,digits,0.700000,1.000000,0.040000,0.000000,3\n", "", "column 'row' must count from 0 to 2"),
        ("0.040000,0.000000,3\n", "0.040000\n", r"row 3 has 5 cells, not 7 \(see column 'sd:digits'\)"),
        (TEXT, "", "empty"),
        (TEXT, 'row,"after\n', "not a CSV file"),
    ],
)
def test_malformed_files_are_named_with_their_column(tmp_path, old, new, message):
    path = tmp_path / "retention_matrix.csv"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        RetentionMatrix.read_csv(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_named(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(b"row,after\n\xff\xfe")
    with pytest.raises(ValueError, match=r"r\.csv: not UTF-8 text"):
        RetentionMatrix.read_csv(path)


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        RetentionMatrix.read_csv(tmp_path / "none.csv")
