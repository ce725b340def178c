"""matrices.csv: every run comes back from it as it was, and every aggregate follows from it alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.evaluation import schema
from chaoscl.evaluation.aggregate import RunRecord
from chaoscl.evaluation.matrices import (
    RUN,
    aggregate_frames,
    data_digest,
    in_order,
    matrix_lines,
    read_records,
    records_of,
)
from chaoscl.evaluation.retention import RetentionMatrix

KINDS = {"news": "text", "digits": "image", "letters": "image"}


def record(
    baseline="naive", seed=0, tasks=("news", "digits", "letters"), order="given", repetitions=3, draw=0, **other
):
    """Return a made-up run; joint has no rows between."""
    size = len(tasks)
    cells = np.random.default_rng([draw, seed, len(baseline)]).integers(0, 1_000_001, (size + 1, size)) / 1e6
    if baseline == "joint":
        cells[1:size] = np.nan
    spread = np.where(np.isnan(cells), np.nan, 0.015625)
    matrix = RetentionMatrix(tuple(tasks), cells, spread, repetitions)
    kinds = tuple(KINDS[task] for task in tasks)
    place = {"stream": "s", "scenario": "task", "model": "m", "data": "mirror", "data_sha256": "abc"} | other
    heads = tuple(range(size))
    return RunRecord(baseline=baseline, seed=seed, matrix=matrix, modalities=kinds, order=order, heads=heads, **place)


def frame_of(records):
    return pd.concat([matrix_lines(one, f"{n:012x}") for n, one in enumerate(records)], ignore_index=True)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["naive", "ewc", "joint"]),
            st.integers(0, 3),
            st.sampled_from([("given", ("news", "digits", "letters")), ("reversed", ("letters", "digits", "news"))]),
        ),
        unique=True,
        max_size=6,
    ),
    st.integers(1, 5),
    st.integers(0, 2**31),
)
def test_runs_and_aggregates_come_back_from_the_file_as_they_were(tmp_path_factory, runs, repetitions, draw):
    records = [record(name, seed, tasks, order, repetitions, draw) for name, seed, (order, tasks) in runs]
    folder = tmp_path_factory.mktemp("results")
    frame = frame_of(records) if records else schema.empty(schema.MATRICES)
    schema.write_csv(frame, schema.MATRICES, folder / "matrices.csv")
    again = read_records(folder)
    assert again == records
    for (table, one), other in zip(aggregate_frames(again).items(), aggregate_frames(records).values(), strict=True):
        assert schema.to_csv(one, table) == schema.to_csv(other, table)


def test_a_line_is_a_cell():
    one = record("joint", 7, ("news", "digits"), "2-1", data="official")
    lines = matrix_lines(one, "0123456789ab")
    assert len(lines) == 3 * 2
    last = lines.iloc[-1]
    assert last.drop(["mean", "sd"]).to_dict() == {
        "stream": "s",
        "scenario": "task",
        "model": "m",
        "baseline": "joint",
        "data": "official",
        "data_sha256": "abc",
        "seed": 7,
        "order": "2-1",
        "row": 2,
        "after": "digits",
        "task": "digits",
        "modality": "image",
        "head": 1,
        "repetitions": 3,
        "run": "0123456789ab",
    }
    assert last["mean"] == one.matrix.mean[2, 1]
    assert lines["mean"].isna().tolist() == [False, False, True, True, False, False]


@pytest.mark.parametrize("missing", ["modalities", "heads"])
def test_what_the_file_must_say_must_be_known(missing):
    one = record()
    values = {name: getattr(one, name) for name in one.__dataclass_fields__} | {missing: None}
    with pytest.raises(ValueError, match="the modality or the head of its tasks is not known"):
        matrix_lines(RunRecord(**values), "x")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(index=4), "not the cells of one matrix"),
        (lambda f: pd.concat([f, f.iloc[[4]]], ignore_index=True), "not the cells of one matrix"),
        (lambda f: f.iloc[::-1].reset_index(drop=True), "not the cells of one matrix"),
        (lambda f: f.assign(after="news"), "not the cells of one matrix"),
        (lambda f: f.assign(modality=["sound", *f["modality"][1:]]), "column 'modality' of a task is not the same"),
        (lambda f: f.assign(head=[9, *f["head"][1:]]), "column 'head' of a task is not the same"),
        (lambda f: f.assign(run=["x", *f["run"][1:]]), "column 'run' must be the same"),
        (lambda f: f.assign(repetitions=[1, *f["repetitions"][1:]]), "column 'repetitions' must be the same"),
        (lambda f: f.assign(mean=1.5), "accuracy 1.5 is not in"),
    ],
)
def test_lines_that_are_no_matrix_are_refused_with_the_run(change, message):
    with pytest.raises(ValueError, match=rf"^matrices\.csv: naive \(m\), seed 0, order 'given': .*{message}"):
        records_of(change(frame_of([record()])))


def test_a_folder_without_the_file_or_on_two_streams_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"holds no matrices\.csv, so no results"):
        read_records(tmp_path)
    schema.write_csv(frame_of([record(), record(stream="t")]), schema.MATRICES, tmp_path / "matrices.csv")
    with pytest.raises(ValueError, match="must hold results on one stream"):
        read_records(tmp_path)


def test_lines_are_sorted_by_run_and_keep_their_order_within_it():
    records = [record("joint", 1), record("naive", 10), record("naive", 2, order="b"), record("naive", 2, order="a")]
    found = in_order(frame_of(records), ["naive", "joint"])
    runs = found.drop_duplicates("run")[RUN].to_numpy().tolist()
    assert runs == [
        ["naive", "m", 2, "a"],
        ["naive", "m", 2, "b"],
        ["naive", "m", 10, "given"],
        ["joint", "m", 1, "given"],
    ]
    assert len(records_of(found)) == 4


def test_the_digest_of_the_data_covers_names_hashes_and_their_order():
    digests = {
        data_digest(names, hashes)
        for names in (("a", "b"), ("b", "a"), ("a", "c"))
        for hashes in (("1", "2"), ("2", "1"))
    }
    assert len(digests) == 6
    assert all(len(digest) == 12 for digest in digests)
