"""Tasks, streams and scenarios, and their conversion to an Avalanche benchmark.

``to_avalanche`` lives in ``chaoscl.streams.experiences``, apart, because importing Avalanche takes seconds.
"""

from chaoscl.streams.catalogue import STREAMS, find_stream
from chaoscl.streams.scenario import (
    SCENARIOS,
    VALIDATION_SHARE,
    Layout,
    Scenario,
    Split,
    TaskData,
    check_rows,
    check_scenario,
    joined,
    layout,
    materialise,
    task_heads,
    task_labels,
    views,
)
from chaoscl.streams.stream import GIVEN, REVERSED, Stream, Task, label_ranges, permuted, split, whole

__all__ = [
    "GIVEN",
    "REVERSED",
    "SCENARIOS",
    "STREAMS",
    "VALIDATION_SHARE",
    "Layout",
    "Scenario",
    "Split",
    "Stream",
    "Task",
    "TaskData",
    "check_rows",
    "check_scenario",
    "find_stream",
    "joined",
    "label_ranges",
    "layout",
    "materialise",
    "permuted",
    "split",
    "task_heads",
    "task_labels",
    "views",
    "whole",
]
