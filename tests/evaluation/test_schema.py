"""Every CSV the suite writes: columns, types, stable bytes, and clear complaints."""

import math
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaoscl.evaluation import csvtext, schema

CONCRETE = [table.with_tasks(["news", "digits"]) if table.dynamic else table for table in schema.TABLES.values()]
EXAMPLES = {"int": [3, 0], "float": [0.25, math.nan], "str": ['a "quoted", text', ""]}
HEADERS = {
    "retention_matrix.csv": "row,after,<task>,sd:<task>,repetitions",
    "curves.csv": "experience,task,epoch,loss,running_train_accuracy,train_accuracy,validation_accuracy,learning_rate",
    "matrices.csv": "stream,scenario,model,baseline,data,data_sha256,seed,order,row,after,task,modality,head,mean,sd,"
    "repetitions,run",
    "retention.csv": "stream,scenario,model,baseline,data,data_sha256,row,after,task,mean,sd,n",
    "forgetting.csv": "stream,scenario,model,baseline,data,data_sha256,task,"
    "learned_mean,learned_sd,learned_ci95,learned_min,learned_max,"
    "final_mean,final_sd,final_ci95,final_min,final_max,"
    "forgetting_first_last_mean,forgetting_first_last_sd,forgetting_first_last_ci95,"
    "forgetting_first_last_min,forgetting_first_last_max,"
    "forgetting_max_last_mean,forgetting_max_last_sd,forgetting_max_last_ci95,"
    "forgetting_max_last_min,forgetting_max_last_max,n",
    "summary.csv": "stream,scenario,model,baseline,data,data_sha256,metric,mean,sd,ci95,min,max,n",
    "comparisons.csv": "stream,scenario,model,baseline,reference,data,data_sha256,metric,n,difference,sd,ci95,"
    "min,max,p_permutation,p_wilcoxon,p_holm,margin,p_tost,p_tost_holm,"
    "effect_size,smallest_detectable,pairs_needed",
    "runs.csv": "baseline,model,seed,order,status,message,settings,hyper,run",
    "costs.csv": "baseline,model,seed,order,samples,samples_replayed,optimiser_steps,parameters,parameters_trainable,"
    "parameters_touched,stored_samples,stored_bytes,stored_raw_bytes,forward_samples,macs,spike_operations",
    "timings.csv": "baseline,model,seed,order,seconds,peak_memory_bytes",
    "ranks.csv": "baseline,model,data,metric,mean_rank,streams,friedman_p",
    "rank_pairs.csv": "baseline,model,other,other_model,data,metric,better,worse,streams,p_wilcoxon,p_holm",
    "data.csv": "dataset,source,train_rows,official_train_rows,test_rows,official_test_rows,sha256,note",
}
RUNS = HEADERS["runs.csv"]


def example(table):
    def cells(column):
        return [7.0, math.nan] if column.pattern == "%.0f" else EXAMPLES[column.dtype]

    return pd.DataFrame({column.name: pd.Series(cells(column)) for column in table.columns})


@pytest.fixture
def runs():
    return pd.DataFrame(
        {
            "baseline": ["naive", "joint"],
            "model": ["small", "small"],
            "seed": [0, 1],
            "order": ["given", "given"],
            "status": ["finished", "failed"],
            "message": ["", 'out of memory, or "so"\nsecond line'],
            "settings": ["recipe=short", "recipe=short"],
            "hyper": ["", "memory=7"],
            "run": ["a", "b"],
        }
    )


def test_headers_are_the_agreed_ones():
    assert {name: ",".join(table.header) for name, table in schema.TABLES.items()} == HEADERS


@pytest.mark.parametrize("table", CONCRETE, ids=lambda table: table.name)
def test_every_table_goes_to_its_file_and_back(table, tmp_path):
    frame = example(table)
    schema.write_csv(frame, table, tmp_path / table.name)
    again = schema.read_csv(schema.TABLES[table.name], tmp_path / table.name)
    pd.testing.assert_frame_equal(again, frame, check_dtype=False)
    schema.validate(again, table)
    assert schema.to_csv(again, table).encode() == (tmp_path / table.name).read_bytes()


@pytest.mark.parametrize("table", CONCRETE, ids=lambda table: table.name)
def test_an_empty_table_is_a_header(table, tmp_path):
    frame = schema.empty(table)
    schema.write_csv(frame, table, tmp_path / table.name)
    assert (tmp_path / table.name).read_text() == ",".join(table.header) + "\n"
    again = schema.read_csv(table, tmp_path / table.name)
    assert list(again.dtypes) == list(frame.dtypes)
    assert len(again) == 0


@pytest.mark.parametrize("table", CONCRETE, ids=lambda table: table.name)
def test_each_column_is_checked(table):
    for column in table.columns:
        frame = example(table)
        frame[column.name] = pd.Series([1.5, math.nan]) if column.dtype != "float" else pd.Series(["x", "y"])
        with pytest.raises(ValueError, match=f"^{table.name}: column {column.name!r} must"):
            schema.validate(frame, table)


def test_bytes_of_a_file(runs):
    text = schema.to_csv(runs, schema.RUNS)
    assert text == (
        "baseline,model,seed,order,status,message,settings,hyper,run\n"
        "naive,small,0,given,finished,,recipe=short,,a\n"
        'joint,small,1,given,failed,"out of memory, or ""so""\nsecond line",recipe=short,memory=7,b\n'
    )


def test_numbers_have_a_fixed_format():
    curves = pd.DataFrame(
        {
            "experience": [1],
            "task": ["news"],
            "epoch": [2],
            "loss": [1 / 3],
            "running_train_accuracy": [0.25],
            "train_accuracy": [-1e-9],
            "validation_accuracy": [math.nan],
            "learning_rate": [3e-7],
        }
    )
    assert schema.to_csv(curves, schema.CURVES).splitlines()[1] == "1,news,2,0.333333,0.250000,0.000000,,3.000000e-07"


def test_counts_that_may_be_missing_and_small_p_values_keep_their_digits():
    frame = example(schema.COMPARISONS).assign(pairs_needed=[12.0, math.nan], p_permutation=[2 / 2**20, 1.0])
    cells = [line.split(",") for line in schema.to_csv(frame, schema.COMPARISONS).splitlines()[1:]]
    assert [line[-1] for line in cells] == ["12", ""]
    place = schema.COMPARISONS.header.index("p_permutation") - len(schema.COMPARISONS.header)
    assert [line[place] for line in cells] == ["1.90735e-06", "1"]


def test_texts_that_look_like_missing_values_stay_texts(runs, tmp_path):
    runs["message"] = ["NA", "null"]
    runs["run"] = ["1", "1e5"]
    schema.write_csv(runs, schema.RUNS, tmp_path / "runs.csv")
    again = schema.read_csv(schema.RUNS, tmp_path / "runs.csv")
    assert again["message"].tolist() == ["NA", "null"]
    assert again["run"].tolist() == ["1", "1e5"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="status"), "runs.csv: column 'status' is missing"),
        (lambda f: f.assign(extra=1), "runs.csv: column 'extra' is unknown"),
        (
            lambda f: f[["model", "baseline", *f.columns[2:]]],
            "column 'model' stands where 'baseline'",
        ),
        (lambda f: pd.concat([f, f[["run"]]], axis=1), "column 'run' appears more than once"),
        (lambda f: f.assign(seed=[0.0, 1.0]), "column 'seed' must be int64, it is float64"),
        (lambda f: f.assign(seed=[True, False]), "column 'seed' must be int64, it is bool"),
        (lambda f: f.assign(model=["a", None]), "column 'model' must hold text in every row"),
    ],
)
def test_wrong_frames_are_named_with_their_first_wrong_column(runs, change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        schema.validate(change(runs), schema.RUNS)
    with pytest.raises(ValueError, match=re.escape(message)):
        schema.to_csv(change(runs), schema.RUNS)


def test_infinite_numbers_are_refused():
    frame = example(schema.SUMMARY)
    frame["sd"] = [0.1, math.inf]
    with pytest.raises(ValueError, match="column 'sd' holds an infinite number"):
        schema.validate(frame, schema.SUMMARY)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("baseline,model,seed\n", "column 'order' is missing"),
        (f"{RUNS},more\n", "column 'more' is unknown"),
        (f"{RUNS}\na,b,one,o,c,,,,d\n", "column 'seed', row 1: 'one' is not a number"),
        (f"{RUNS}\na,b,,o,c,,,,d\n", "column 'seed', row 1: '' is not a number"),
        (f"{RUNS}\na,b,1,o,c,,,,d\na,b,1\n", "row 2 has 3 cells, not 9"),
        (f"{RUNS}\na,b,1,o,c,,,,d,e\n", "row 1 has 10 cells, not 9"),
        ("\n", "empty"),
    ],
)
def test_wrong_files_are_named_with_their_column(tmp_path, text, message):
    path = tmp_path / "runs.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        schema.read_csv(schema.RUNS, path)
    assert str(caught.value).startswith(str(path))


def test_task_columns_must_come_in_pairs_and_in_order():
    table = schema.RETENTION_MATRIX.with_tasks(["a", "b"])
    assert table.header == ["row", "after", "a", "b", "sd:a", "sd:b", "repetitions"]
    frame = example(table)
    with pytest.raises(ValueError, match="column 'sd:b' is missing"):
        schema.validate(frame.drop(columns="sd:b"), schema.RETENTION_MATRIX)
    with pytest.raises(ValueError, match="column 'sd:b' is unknown"):
        schema.validate(frame.drop(columns="b"), schema.RETENTION_MATRIX)
    with pytest.raises(ValueError, match="column 'sd:b' stands where 'sd:a' belongs"):
        schema.validate(frame[["row", "after", "a", "b", "sd:b", "sd:a", "repetitions"]], schema.RETENTION_MATRIX)
    with pytest.raises(ValueError, match="name the tasks first"):
        schema.empty(schema.RETENTION_MATRIX)


@pytest.mark.parametrize("table", schema.TABLES.values(), ids=lambda table: table.name)
def test_markdown_documents_every_column(table):
    text = schema.as_markdown(table)
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == table.header
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)
    assert text.startswith(f"### `{table.name}`\n")
    assert text.endswith("|\n")
    assert all(column.meaning in text.replace("\\|", "|") for column in table.columns)


def test_markdown_keeps_a_bar_inside_its_cell():
    table = schema.Table("t.csv", "one bar", (schema.Column("x", "float", "", "P(a|b)"),))
    assert schema.as_markdown(table).splitlines()[-1] == r"| `x` | float | - | P(a\|b) |"


@given(st.floats(-1e6, 1e6))
@settings(max_examples=50, deadline=None)
def test_formatting_a_number_twice_changes_nothing(value):
    text = csvtext.format_float(value)
    assert re.fullmatch(r"-?\d+\.\d{6}", text)
    assert text != "-0.000000"
    assert csvtext.parse_float(text) == pytest.approx(value, abs=5.1e-7)
    assert csvtext.format_float(csvtext.parse_float(text)) == text
