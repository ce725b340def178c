"""Tables of a search for hyper-parameters."""

from chaoscl.evaluation.table import Column, Table

_BASELINE = Column("baseline", "str", "", "name of the continual-learning strategy")

TRIALS = Table(
    "trials.csv",
    "A search for hyper-parameters, one line a trial; trial 0 has the values of the baseline's file.",
    (
        _BASELINE,
        Column("trial", "int", "", "number of the trial, from 0"),
        Column("values", "str", "", "hyper-parameters tried, as baseline.name=value"),
        Column("score", "float", "fraction", "average incremental accuracy on validation rows, mean over tuning seeds"),
        Column("samples", "int", "samples", "training samples that the trial saw"),
        Column("macs", "int", "operations", "multiply-accumulates of the trial's training"),
    ),
)

CHOSEN = Table(
    "chosen.csv",
    "What a search chose for each baseline, and what it cost.",
    (
        _BASELINE,
        Column("label", "str", "", "tuned: on the stream's first tasks only; oracle-tuned: on all of them"),
        Column("values", "str", "", "hyper-parameters of the best trial, as baseline.name=value; or empty"),
        Column("score", "float", "fraction", "of the best trial"),
        Column("default_score", "float", "fraction", "of the values in the baseline's file"),
        Column("trials", "int", "trials", "trials made"),
        Column("tasks", "int", "tasks", "tasks that the search saw, from the first"),
        Column("seeds", "str", "", "tuning seeds, never among those of a reported run"),
        Column("samples", "int", "samples", "training samples that all trials saw"),
        Column("macs", "int", "operations", "multiply-accumulates of all trials' training"),
    ),
)
