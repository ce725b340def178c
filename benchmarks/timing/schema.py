"""The file that holds timings."""

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
