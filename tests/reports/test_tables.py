import math
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.evaluation import schema
from chaoscl.evaluation.aggregate import RunRecord, forgetting_frame, summary_frame
from chaoscl.evaluation.comparison import comparison_frame
from chaoscl.evaluation.ranks import pair_frame, rank_frame
from chaoscl.evaluation.retention import RetentionMatrix
from chaoscl.reports.tables import (
    byte_size,
    comparison_table,
    cost_table,
    csv_text,
    latex,
    latex_text,
    main_markdown,
    main_table,
    markdown,
    p_value,
    rank_table,
    short_count,
    table_notes,
    terminal_tables,
    verdict,
)


def record(baseline, seed, mean):
    matrix = RetentionMatrix(
        ("a", "b"), mean, [[0.0] * 2 if not math.isnan(row[0]) else [math.nan] * 2 for row in mean], 1
    )
    return RunRecord("s", "task", "m", baseline, seed, "mirror", "abc", matrix)


RECORDS = [
    record("naive", 0, [[0.2, 0.1], [0.8, 0.1], [0.6, 0.9]]),
    record("naive", 1, [[0.2, 0.1], [0.8, 0.1], [0.7, 0.9]]),
    record("joint", 0, [[0.2, 0.1], [math.nan, math.nan], [0.9, 0.9]]),
]


def test_the_main_table_has_what_the_aggregates_say():
    table = main_table(forgetting_frame(RECORDS), summary_frame(RECORDS)).set_index("baseline")
    # Two values 0.05 off their mean: sd = 0.0707, half-width = 12.706 * 0.0707 / sqrt(2).
    # That leaves [0, 100], which no accuracy does, so the two seeds stand in its place; forgetting may be negative.
    assert table.loc["naive", "a"] == "65.0 (60.0 to 70.0)"
    assert table.loc["naive", "b"] == "90.0 ± 0.0"
    assert table.loc["naive", "forgetting (first - last)"] == "15.0 ± 63.5"
    assert table.loc["joint", "a"] == "90.0"
    assert table.loc["joint", "backward transfer"] == "-"
    assert table["seeds"].tolist() == ["2", "1"]
    assert table["learning accuracy"].tolist() == ["85.0 ± 0.0", "-"]


def test_what_is_defined_nowhere_is_left_out_and_the_notes_say_why():
    forgetting, summary = forgetting_frame(RECORDS), summary_frame(RECORDS)
    table = main_table(forgetting, summary)
    assert not {"forward transfer", "intransigence"} & set(table.columns)
    transfer, intransigence, ranges = table_notes(summary, table)
    assert transfer.startswith("Forward transfer is not defined: each task has a head of its own")
    assert "against the baseline independent" in intransigence
    assert "in parentheses in its place" in ranges
    text = main_markdown(forgetting, summary)
    assert text == f"{markdown(table)}\n{transfer} {intransigence} {ranges}\n"
    assert "| a |" not in main_markdown(forgetting, summary, tasks=False)


def test_what_is_defined_somewhere_has_a_column_and_no_note():
    mean = [[0.2, 0.1], [0.8, 0.3], [0.6, 0.9]]
    records = [replace(record(name, 0, mean), heads=(0, 0), scenario="domain") for name in ("naive", "independent")]
    summary = summary_frame(records)
    table = main_table(forgetting_frame(records), summary)
    assert table["forward transfer"].tolist() == ["20.0", "20.0"]
    assert table["intransigence"].tolist() == ["0.0", "0.0"]
    assert table_notes(summary, table) == []


def test_the_terminal_says_why_a_metric_is_not_there():
    frames = {"forgetting.csv": forgetting_frame(RECORDS), "summary.csv": summary_frame(RECORDS)}
    shown = terminal_tables(frames | {"comparisons.csv": comparison_frame(RECORDS, ["naive", "joint"])})
    assert "learning accuracy" in [str(column.header) for column in shown[1].columns]
    assert "Forward transfer is not defined" in str(shown[1].caption)
    assert "smallest and the largest value over seeds" in str(shown[1].caption)


@pytest.mark.parametrize(
    ("p_holm", "p_tost", "difference", "words"),
    [
        (0.2, 0.2, 0.002, "not decided"),
        (0.01, 0.9, 0.05, "higher"),
        (0.01, 0.9, -0.05, "lower"),
        (0.2, 0.01, 0.001, "equal within 1 point"),
        (0.01, 0.01, -0.004, "lower, equal within 1 point"),
        (math.nan, math.nan, 0.1, "not tested"),
    ],
)
def test_no_difference_found_and_equal_within_a_point_are_two_verdicts(p_holm, p_tost, difference, words):
    line = {"p_holm": p_holm, "p_tost_holm": p_tost, "difference": difference, "margin": 0.01}
    assert verdict(line) == words


def test_markdown_has_a_line_for_each_row():
    assert markdown(pd.DataFrame({"baseline": ["x"], "a": ["1"]})) == "| baseline | a |\n| --- | ---: |\n| x | 1 |\n"


def test_numbers_with_a_sign_or_a_bound_stand_on_the_right():
    frame = pd.DataFrame({"difference": ["+1.2 ± 0.3", "-0.4"], "p": ["<0.001", "-"], "name": ["x", "1"]})
    assert markdown(frame).splitlines()[1] == "| ---: | ---: | --- |"


def test_comparisons_are_shown_in_points():
    finals = {"naive": (0.1, 0.2, 0.3), "ewc": (0.3, 0.6, 0.9), "replay": (0.1,), "mlp": (0.0, 0.1, 0.2)}
    records = [
        record(name, seed, [[0.2, 0.1], [0.8, 0.1], [final, 0.9]])
        for name, runs in finals.items()
        for seed, final in enumerate(runs)
    ]
    table = comparison_table(comparison_frame(records, list(finals))).set_index("baseline")
    assert table.index.tolist() == ["ewc", "replay", "mlp"]
    # Average accuracy differs by 0.1, 0.2 and 0.3; t(0.975, 2) = 4.303; p = 2/8, and twice that after Holm over two.
    # Equality within a point: t(2) = -19 / (10 / sqrt(3)), far on the wrong side; twice that is at most 1.
    assert table.loc["ewc"].tolist() == [
        "m", "naive", "+20.0 ± 24.8", "0.500", "1.000", "not decided", "+1.13", "32.6", "3"
    ]  # fmt: skip
    assert table.loc["replay"].tolist() == ["m", "naive", "0.0", "-", "-", "not tested", "-", "-", "1"]
    assert table.loc["mlp"].tolist() == ["m", "naive", "-5.0 ± 0.0", "0.500", "1.000", "not decided", "-", "-", "3"]
    forgetting = comparison_table(comparison_frame(records, list(finals)), "forgetting_max_last").set_index("baseline")
    assert forgetting.loc["ewc", "difference"] == "-40.0 ± 49.7"


def test_nothing_to_compare_is_a_header():
    table = comparison_table(schema.empty(schema.COMPARISONS))
    assert len(table) == 0
    assert list(table.columns)[:4] == ["baseline", "model", "against", "difference"]


def costs_of(baseline, seed, samples, stored_bytes):
    numbers = [column.name for column in schema.COSTS.columns[4:]]
    line = dict.fromkeys(numbers, 0) | {
        "samples": samples,
        "optimiser_steps": 1200,
        "parameters": 10_000,
        "parameters_trainable": 9_000,
        "parameters_touched": 8_000,
        "stored_samples": 500,
        "stored_bytes": stored_bytes,
        "stored_raw_bytes": 392_000,
        "macs": 4_560_000_000_000,
        "spike_operations": 12_345,
    }
    return {"baseline": baseline, "model": "m", "seed": seed, "order": "given"} | line


def test_costs_are_means_over_runs():
    costs = pd.DataFrame([costs_of("replay", 0, 60_000, 8000), costs_of("replay", 1, 61_000, 8384)])
    costs = pd.concat([costs, pd.DataFrame([costs_of("naive", 0, 50_000, 0)])], ignore_index=True)
    schema.validate(costs, schema.COSTS)
    key = {"baseline": "replay", "model": "m", "order": "given"}
    timings = pd.DataFrame(
        [
            key | {"seed": 0, "seconds": 1000.0, "peak_memory_bytes": 3 * 2**30},
            key | {"seed": 1, "seconds": 1001.0, "peak_memory_bytes": 2 * 2**30},
        ]
    )[schema.TIMINGS.header]
    schema.validate(timings, schema.TIMINGS)
    table = cost_table(costs, timings).set_index("baseline")
    assert table.index.tolist() == ["replay", "naive"]
    assert table.loc["replay"].to_dict() == {
        "model": "m",
        "samples": "60,500",
        "steps": "1,200",
        "parameters (all / trainable / touched)": "10,000 / 9,000 / 8,000",
        "stored samples": "500",
        "stored": "8.00 KiB",
        "stored, raw": "383 KiB",
        "MACs": "4.56 T",
        "spike operations": "12.3 k",
        "seconds": "1,000.5",
        "peak memory": "2.50 GiB",
    }
    assert table.loc["naive", ["stored", "seconds", "peak memory"]].tolist() == ["0 B", "-", "-"]


def test_ranks_say_who_differs_from_the_best():
    index = pd.MultiIndex.from_tuples([(name, "m") for name in "cab"], names=["baseline", "model"])
    close = [0.9 + (0.01 if number % 2 else -0.01) * (number + 1) / 10 for number in range(10)]
    far = [0.5 - number / 100 for number in range(10)]
    scores = pd.DataFrame([far, [0.9001] * 10, close], index=index, columns=[f"s{number}" for number in range(10)])
    table = rank_table(
        rank_frame(scores, "average_accuracy", "mirror"), pair_frame(scores, "average_accuracy", "mirror")
    )
    assert table["baseline"].tolist() == ["a", "b", "c"]
    assert table["mean rank"].tolist() == ["1.50", "1.50", "3.00"]
    assert table["worse than the best on"].tolist() == ["-", "5 of 10", "10 of 10"]
    # the smallest p-value of ten streams, 2 / 2^10, times three pairs; the other pair is a draw
    assert table["p (Holm)"].tolist()[::2] == ["-", "0.006"]
    assert table["differs from the best"].tolist() == ["-", "no", "yes"]


@pytest.mark.parametrize(
    ("value", "text"), [(0.25, "0.250"), (0.001, "0.001"), (0.00099, "<0.001"), (math.nan, "-"), (1.0, "1.000")]
)
def test_p_values(value, text):
    assert p_value(value) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1,023 B"), (1024, "1.00 KiB"), (10 * 1024, "10.0 KiB"), (2**20 * 150, "150 MiB")],
)
def test_byte_sizes(count, text):
    assert byte_size(count) == text


@given(st.integers(0, 10**18))
def test_short_counts_stay_within_half_a_percent(count):
    number, _, unit = short_count(count).partition(" ")
    shown = float(number.replace(",", "")) * 1000 ** ["", "k", "M", "G", "T", "P"].index(unit)
    assert shown == pytest.approx(count, rel=5.1e-3)


def test_a_latex_table_has_the_rules_of_booktabs():
    frame = pd.DataFrame({"baseline": ["er_ace", "joint"], "acc, %": ["-0.3 ± 0.4", "-"], "p": ["<0.001", "1.000"]})
    assert latex(frame, "50 % & more", "tab:x").splitlines() == [
        r"\begin{table}",
        r"\centering",
        r"\caption{50 \% \& more}",
        r"\label{tab:x}",
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r"baseline & acc, \% & p \\",
        r"\midrule",
        r"er\_ace & $-$0.3 $\pm$ 0.4 & $<$0.001 \\",
        r"joint & -- & 1.000 \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\\b~c^d", r"a\textbackslash{}b\textasciitilde{}c\textasciicircum{}d"),
        ("{$#}", r"\{\$\#\}"),
        ("mnist-1", "mnist-1"),
        ("max - last", "max - last"),
        ("80.0 (-1.5)", "80.0 ($-$1.5)"),
        ("*** higher", r"$*$$*$$*$ higher"),
        ("[x]", "{[}x]"),
    ],
)
def test_latex_texts(text, expected):
    assert latex_text(text) == expected


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_no_special_character_reaches_latex_bare(text):
    bare = latex_text(text)
    for known in (r"\textbackslash{}", r"\textasciitilde{}", r"\textasciicircum{}", "$-$", "$<$", "$>$", "$*$", "{[}"):
        bare = bare.replace(known, "")
    for character in "&%$#_{}":
        bare = bare.replace(f"\\{character}", "")
    assert not set(bare) & set("\\~^&%$#_{}")


def test_csv_keeps_the_cells_as_they_are():
    assert csv_text(pd.DataFrame({"a, b": ["1,000"], "c": ['"x"']})) == '"a, b",c\n"1,000","""x"""\n'
