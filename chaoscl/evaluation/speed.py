"""Table of timings, from chaoscl.speed."""

from chaoscl.evaluation.table import Column, Table

SPEED = Table(
    "speed.csv",
    "How fast the suite is on one machine, one line a measured value; ratios are of paired rounds",
    (
        Column("part", "str", "", "what was looked at"),
        Column("case", "str", "", "what was measured"),
        Column("value", "float", "", "median over the rounds", "%.4g"),
        Column("low", "float", "", "first quartile over the rounds", "%.4g"),
        Column("high", "float", "", "third quartile over the rounds", "%.4g"),
        Column("unit", "str", "", "of the value"),
        Column("against", "str", "", "what a ratio is relative to; empty for an absolute value"),
        Column("rounds", "int", "", "measurements behind the value"),
        Column("goal", "str", "", "what it should reach; empty if nothing was set"),
        Column("met", "str", "", "yes or no; empty without a goal"),
    ),
)

AGAINST = Table(
    "against.csv",
    "The main job of an earlier version and of this one, run side by side, one line a baseline",
    (
        Column("baseline", "str", "", "name of the continual-learning strategy"),
        Column("precision", "str", "", "of the encoders in this version; the earlier one computed in float32"),
        Column("seeds", "int", "seeds", "seeds that were run"),
        Column("commit", "str", "", "of the earlier version"),
        Column("seconds_earlier", "float", "s", "of the whole command, start-up included"),
        Column("seconds_now", "float", "s", "of the same command in this version"),
        Column("times_as_fast", "float", "", "earlier over now"),
        Column("accuracy_earlier", "float", "fraction", "average accuracy at the end, mean over the seeds"),
        Column("accuracy_now", "float", "fraction", "average accuracy at the end, mean over the seeds"),
    ),
)
