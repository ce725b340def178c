"""Every CSV file that the suite writes: its columns, their types, units and meanings, in one place."""

from dataclasses import replace

from chaoscl.evaluation.table import (
    SPREAD_PREFIX,
    TASK,
    Column,
    Table,
    as_markdown,
    empty,
    read_csv,
    to_csv,
    validate,
    write_csv,
)

__all__ = [
    "SPREAD_PREFIX",
    "Column",
    "Table",
    "as_markdown",
    "empty",
    "read_csv",
    "to_csv",
    "validate",
    "write_csv",
]

_KEY = (
    Column("stream", "str", "", "name of the task stream"),
    Column("scenario", "str", "", "task, domain or class (incremental)"),
    Column("model", "str", "", "name of the model in the zoo"),
    Column("baseline", "str", "", "name of the continual-learning strategy"),
    Column("data", "str", "", "where the data came from; real and embedded data never share a table"),
    Column("data_sha256", "str", "", "SHA-256 of the prepared tensors that the runs saw"),
)
_ROW = Column("row", "int", "", "row of R: 0 before any training, i after training on the i-th task")
_AFTER = Column("after", "str", "", '"untrained" for row 0, else the task that was trained last')
_RUN = (
    Column("baseline", "str", "", "name of the continual-learning strategy"),
    Column("model", "str", "", "name of the model in the zoo"),
    Column("seed", "int", "", "seed of the run"),
)
_ORDER = Column("order", "str", "", "label of the order in which the run learned the tasks")
_SEEDS = Column("n", "int", "seeds", "seeds with a value; runs, where there are several task orders")
_BY_POSITION = '"position k" where the runs on this stream learned the tasks in different orders'

RETENTION_MATRIX = Table(
    "retention_matrix.csv",
    "one run: the retention matrix R, one line a row of R",
    (
        _ROW,
        _AFTER,
        Column(TASK, "float", "fraction", "test accuracy on this task, mean over the evaluation repetitions"),
        Column(SPREAD_PREFIX + TASK, "float", "fraction", "standard deviation over the evaluation repetitions"),
        Column("repetitions", "int", "", "evaluation repetitions behind each mean, the same on every line"),
    ),
)

CURVES = Table(
    "curves.csv",
    "one run: the learning curve, one line an epoch",
    (
        Column("experience", "int", "", "number of the experience, counted as the rows of R: the first is 1"),
        Column("task", "str", "", "name of the task that was trained"),
        Column("epoch", "int", "", "epoch within the experience, the first is 1"),
        Column("loss", "float", "nats", "mean training loss of the epoch, over mini-batches as they were trained"),
        Column(
            "running_train_accuracy",
            "float",
            "fraction",
            "accuracy over the epoch's batches, replayed samples included, while the weights change: not comparable"
            " with the next two",
        ),
        Column(
            "train_accuracy",
            "float",
            "fraction",
            "accuracy at the epoch's end, in evaluation mode, on a fixed sample of training rows as large as the"
            " validation part",
        ),
        Column("validation_accuracy", "float", "fraction", "accuracy on the validation part at the epoch's end"),
        Column("learning_rate", "float", "", "learning rate at the epoch's end, of its last batch", "%.6e"),
    ),
)

FOLDER_CURVES = Table(
    "curves.csv",
    "all runs: the learning curves, one line an epoch of a run",
    (*_RUN, _ORDER, *CURVES.columns),
)
"""The file of a results folder; it has the name of the file that each run has."""

MATRICES = Table(
    "matrices.csv",
    "all runs: the retention matrices, one line a cell of R of a run; every aggregate follows from this file",
    (
        *_KEY,
        _RUN[-1],
        _ORDER,
        _ROW,
        _AFTER,
        Column("task", "str", "", "task that was tested, in the order in which the run learned them"),
        Column("modality", "str", "", "modality of the task: text or image"),
        Column("head", "int", "", "head that answers for the task; tasks of one number share a head"),
        Column("mean", "float", "fraction", "test accuracy, mean over the repetitions; empty where not evaluated"),
        Column("sd", "float", "fraction", "standard deviation over the evaluation repetitions"),
        Column("repetitions", "int", "", "evaluation repetitions behind the mean"),
        Column("run", "str", "", "hash of the run: the last part of its folder's name"),
    ),
)

RETENTION = Table(
    "retention.csv",
    "all runs: R over seeds, one line a cell of R",
    (
        *_KEY,
        _ROW,
        replace(_AFTER, meaning=f"{_AFTER.meaning}; {_BY_POSITION}"),
        Column("task", "str", "", f"task that was tested; {_BY_POSITION}"),
        Column("mean", "float", "fraction", "test accuracy, mean over seeds"),
        Column("sd", "float", "fraction", "sample standard deviation over seeds; empty for one seed"),
        _SEEDS,
    ),
)

_FORGETTING_VALUES = (
    ("learned", "accuracy on the task just after it was learned, R[j,j]"),
    ("final", "accuracy on the task at the end of the stream, R[T,j]"),
    ("forgetting_first_last", "R[j,j] - R[T,j]; positive is forgotten"),
    ("forgetting_max_last", "max of R[j..T-1,j] - R[T,j]; positive is forgotten"),
)

FORGETTING = Table(
    "forgetting.csv",
    "all runs: what became of each task, one line a task; forgetting of the last task is not defined",
    (
        *_KEY,
        Column("task", "str", "", f"the task, in stream order; {_BY_POSITION}"),
        *(
            Column(f"{name}_{suffix}", "float", "fraction", f"{meaning}: {what}")
            for name, meaning in _FORGETTING_VALUES
            for suffix, what in (
                ("mean", "mean over seeds"),
                ("sd", "sample standard deviation over seeds"),
                ("ci95", "half-width of the 95 % Student interval"),
                ("min", "smallest value of a seed"),
                ("max", "largest value of a seed"),
            )
        ),
        Column(
            "n",
            "int",
            "seeds",
            "seeds (runs, where there are several task orders); a value that is empty is not defined",
        ),
    ),
)

SUMMARY = Table(
    "summary.csv",
    "all runs: every metric over seeds, long format, one line a metric",
    (
        *_KEY,
        Column("metric", "str", "", "name of the metric in the registry, or best_validation_accuracy"),
        Column("mean", "float", "see the metric", "mean over seeds"),
        Column("sd", "float", "see the metric", "sample standard deviation over seeds; empty for one seed"),
        Column("ci95", "float", "see the metric", "half-width of the 95 % Student interval; empty for one seed"),
        Column("min", "float", "see the metric", "smallest value of a seed"),
        Column("max", "float", "see the metric", "largest value of a seed"),
        _SEEDS,
    ),
)

COMPARISONS = Table(
    "comparisons.csv",
    "all runs: each baseline against the command's first one, paired over seeds and task orders, one line a metric",
    (
        *_KEY[:4],
        Column("reference", "str", "", "the baseline compared with: the first of the command"),
        *_KEY[4:],
        Column("metric", "str", "", "name of the metric in the registry"),
        Column("n", "int", "pairs", "pairs of runs of one seed and one task order with a value on both sides"),
        Column("difference", "float", "see the metric", "mean of baseline minus reference"),
        Column("sd", "float", "see the metric", "sample standard deviation of the differences; empty for one pair"),
        Column("ci95", "float", "see the metric", "half-width of the 95 % Student interval; empty for one pair"),
        Column("min", "float", "see the metric", "smallest difference of a pair"),
        Column("max", "float", "see the metric", "largest difference of a pair"),
        Column("p_permutation", "float", "", "two-sided p-value of the sign-flip test; at least 2 / 2^n", "%.6g"),
        Column("p_wilcoxon", "float", "", "two-sided p-value of Wilcoxon's signed-rank test", "%.6g"),
        Column("p_holm", "float", "", "p_permutation after Holm, over the baselines with the same metric", "%.6g"),
        Column("margin", "float", "see the metric", "differences smaller than this count as equal"),
        Column(
            "p_tost", "float", "", "p-value of the equivalence test (TOST): true difference within +-margin", "%.6g"
        ),
        Column("p_tost_holm", "float", "", "p_tost after Holm, over the baselines with the same metric", "%.6g"),
        Column("effect_size", "float", "sd", "Hedges' g_z of the differences; empty below three pairs or sd 0"),
        Column(
            "smallest_detectable",
            "float",
            "see the metric",
            "true difference that a t test of n pairs finds with 80 % power at 5 %; empty for sd 0",
        ),
        Column(
            "pairs_needed",
            "float",
            "pairs",
            "more pairs that the same power takes if the difference seen is true; empty for difference or sd 0",
            "%.0f",
        ),
    ),
)

RUNS = Table(
    "runs.csv",
    "all runs: what became of each",
    (
        *_RUN,
        _ORDER,
        Column("status", "str", "", "finished or failed"),
        Column("message", "str", "", "why the run failed; empty when it finished"),
        Column("settings", "str", "", "the command's settings, the same for all finished runs of a folder"),
        Column("hyper", "str", "", "hyper-parameters that the command changed; the same for all runs of a baseline"),
        Column("run", "str", "", "name of the run's folder"),
    ),
)

COSTS = Table(
    "costs.csv",
    "all runs: what each cost, one line a run; the same on every machine",
    (
        *_RUN,
        _ORDER,
        Column("samples", "int", "samples", "passed through the network with a gradient, replayed ones included"),
        Column("samples_replayed", "int", "samples", "of these, samples of tasks learned earlier"),
        Column("optimiser_steps", "int", "steps", "steps of the optimiser, the strategy's own if it has one"),
        Column("parameters", "int", "numbers", "parameters of the model"),
        Column("parameters_trainable", "int", "numbers", "parameters that a gradient reached"),
        Column("parameters_touched", "int", "numbers", "parameters whose value training changed"),
        Column("stored_samples", "int", "samples", "most samples that the strategy kept at any time"),
        Column("stored_bytes", "int", "bytes", "what the strategy keeps: references, tensors and copies of models"),
        Column("stored_raw_bytes", "int", "bytes", "the kept samples as raw pixels and tokens, not as references"),
        Column("forward_samples", "int", "samples", "passed through the network in training, teachers included"),
        Column(
            "macs", "int", "operations", "multiply-accumulates in training: forward, twice that again for gradients"
        ),
        Column("spike_operations", "int", "operations", "accumulates that spikes caused in training; 0 for an MLP"),
    ),
)

TIMINGS = Table(
    "timings.csv",
    "all runs: time and memory of each, one line a run; they differ from machine to machine",
    (
        *_RUN,
        _ORDER,
        Column("seconds", "float", "s", "wall-clock time of the run", "%.3f"),
        Column("peak_memory_bytes", "int", "bytes", "most memory held at any time"),
    ),
)

RANKS = Table(
    "ranks.csv",
    "several results folders: mean rank of each baseline over their streams, for one metric, the best first",
    (
        Column("baseline", "str", "", "name of the continual-learning strategy"),
        Column("model", "str", "", "name of the model in the zoo"),
        Column("data", "str", "", "where the data came from; real and embedded data are never ranked together"),
        Column("metric", "str", "", "name of the metric in the registry"),
        Column("mean_rank", "float", "", "mean rank over the streams; 1 is best, ties share their mean rank"),
        Column("streams", "int", "streams", "streams ranked, the same on every line"),
        Column("friedman_p", "float", "", "p-value of Friedman's test, the same on every line; empty for two", "%.6g"),
    ),
)

RANK_PAIRS = Table(
    "rank_pairs.csv",
    "several results folders: each two baselines over their streams, for one metric; the better mean rank first",
    (
        Column("baseline", "str", "", "the one with the better mean rank"),
        Column("model", "str", "", "its model in the zoo"),
        Column("other", "str", "", "the one that it is compared with"),
        Column("other_model", "str", "", "its model in the zoo"),
        Column("data", "str", "", "where the data came from"),
        Column("metric", "str", "", "name of the metric in the registry"),
        Column("better", "int", "streams", "streams on which the first has the better value"),
        Column("worse", "int", "streams", "streams on which it has the worse value"),
        Column("streams", "int", "streams", "streams ranked, the same on every line"),
        Column("p_wilcoxon", "float", "", "two-sided p-value of Wilcoxon's signed-rank test over the streams", "%.6g"),
        Column("p_holm", "float", "", "p_wilcoxon after Holm, over all pairs of the file", "%.6g"),
    ),
)

DATA = Table(
    "data.csv",
    "all runs: the data they saw, one line a data set",
    (
        Column("dataset", "str", "", "name of the data set"),
        Column("source", "str", "", "official, a mirror folder, or embedded"),
        Column("train_rows", "int", "rows", "training rows used"),
        Column("official_train_rows", "int", "rows", "training rows of the official release"),
        Column("test_rows", "int", "rows", "test rows used"),
        Column("official_test_rows", "int", "rows", "test rows of the official release"),
        Column("sha256", "str", "", "SHA-256 of the prepared tensors"),
        Column("note", "str", "", "what a reader must know, such as a reduced split"),
    ),
)

TABLES = {
    table.name: table
    for table in (
        RETENTION_MATRIX,
        CURVES,
        MATRICES,
        RETENTION,
        FORGETTING,
        SUMMARY,
        COMPARISONS,
        RUNS,
        COSTS,
        TIMINGS,
        RANKS,
        RANK_PAIRS,
        DATA,
    )
}
