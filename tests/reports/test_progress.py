import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from chaoscl.reports.progress import SweepProgress


def event(run, state, batches=0, text="", accuracy=None):
    return SimpleNamespace(run=run, state=state, batches=batches, text=text, accuracy=accuracy)


EVENTS = [
    event(0, "started"),
    event(0, "working", 10, "mnist · epoch 1/4"),
    event(1, "started"),
    event(0, "working", 0, "1 of 2 tasks learned", 0.8316),
    event(0, "working", 10, "mnist · epoch 2/4"),
    event(0, "working", 30, "mnist · epoch 3/4"),
    event(0, "finished"),
    event(1, "failed", text="no luck"),
]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_line_is_left_for_each_run(terminal):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=100, color_system=None)
    progress = SweepProgress(console, "text-image", ["naive seed 0", "ewc seed 0"], [40, 40])
    with progress.shown():
        for one in EVENTS:
            progress.on_event(one)
    shown = stream.getvalue()
    assert "naive seed 0: finished, average accuracy 83.2 %" in shown
    assert "ewc seed 0: FAILED: no luck" in shown
    assert ("\x1b" in shown) == terminal
    if not terminal:
        assert shown.splitlines() == ["naive seed 0: finished, average accuracy 83.2 %", "ewc seed 0: FAILED: no luck"]


def test_the_table_says_what_each_run_does_and_has_reached():
    console = Console(file=io.StringIO(), force_terminal=True, width=140, color_system=None)
    progress = SweepProgress(console, "text-image", ["naive seed 0", "ewc seed 0", "joint seed 0"], [40, 40, 40])
    seen = []
    for one in EVENTS:
        progress.on_event(one)
        with console.capture() as capture:
            console.print(progress._progress.get_renderable())
        seen.append(capture.get().splitlines())
    whole, naive, _ = seen[4]
    assert "text-image" in whole
    assert "1 waiting, 2 at work" in whole
    assert "naive seed 0" in naive
    assert "mnist · epoch 2/4" in naive
    assert "50 %" in naive
    assert "average accuracy 83.2 %" in naive
    assert "average accuracy" not in seen[4][2]
    (whole,) = seen[-1]
    assert "1 waiting, 1 finished, 1 failed" in whole


def test_the_whole_adds_up_to_the_plan_however_many_batches_a_run_takes():
    progress = SweepProgress(Console(file=io.StringIO()), "s", ["a", "b"], [40, 40])
    for one in EVENTS:
        progress.on_event(one)
    whole = progress._progress.tasks[0]
    assert whole.completed == whole.total == 80
