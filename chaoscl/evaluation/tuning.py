"""Tables of a search for hyper-parameters."""

from chaoscl.evaluation.table import Column, Table

_BASELINE = Column("baseline", "str", "", "name of the continual-learning strategy")

TRIALS = Table(
    "trials.csv",
    "A search for hyper-parameters, one line a trial; trial 0 has the values of the baseline's file",
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
    "What a search chose for each baseline, and what it cost",
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

_DATASET = Column("dataset", "str", "", "name of the data set, learned alone")
_RATE = Column("max_lr", "float", "", "highest learning rate of the cycle", "%g")

CONVERGENCE = Table(
    "trials.csv",
    "The search for the recipe `standard`, one line a run",
    (
        _DATASET,
        Column("model", "str", "", "name of the model in the zoo"),
        _RATE,
        Column("epochs", "int", "epochs", "of one complete cycle"),
        Column("seed", "int", "", "tuning seed, never that of a reported run"),
        Column("validation_accuracy", "float", "fraction", "accuracy on the validation rows after the last epoch"),
        Column("data_sha256", "str", "", "SHA-256 of the prepared tensors"),
    ),
)

CONVERGED = Table(
    "chosen.csv",
    "The recipe `standard`: what the rule of `benchmarks/converge.py` chose, one line a data set",
    (
        _DATASET,
        _RATE,
        Column("epochs", "int", "epochs", "passes over the training rows"),
        Column("gain", "float", "fraction", "most that one of the models gains from twice the epochs"),
        Column("converged", "str", "", "yes; or no, where the gain is that of the last doubling and more than allowed"),
        Column("models", "str", "", "models that the rule looks at"),
        Column("seeds", "int", "seeds", "tuning seeds behind each score"),
    ),
)
