"""Progress of a sweep: a table of bars on a terminal, one line for each finished run elsewhere."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column


class RunEvent(Protocol):
    """What happened to a run; see chaoscl.runs.sweep.Event."""

    @property
    def run(self) -> int:
        """Position of the run in the sweep."""

    @property
    def state(self) -> str:
        """``started``, ``working``, ``finished`` or ``failed``."""

    @property
    def batches(self) -> int:
        """Trained since the run's last event."""

    @property
    def text(self) -> str:
        """What the run is doing, or why it failed."""

    @property
    def accuracy(self) -> float | None:
        """Average accuracy on the tasks learned so far, in [0, 1], if a task has just ended."""


class SweepProgress:
    """Shows the whole sweep and each run at work: task, epoch, progress, time left, average accuracy so far.

    A run that ends leaves a line above them.

    Args:
        console: where to show it.
        title: of the whole sweep, such as the stream's name.
        runs: a name for each run.
        batches: about how many batches each run takes.
    """

    def __init__(self, console: Console, title: str, runs: Sequence[str], batches: Sequence[int]) -> None:
        self._console = console
        self._runs = runs
        self._batches = batches
        self._bars: dict[int, TaskID] = {}
        self._done = [0] * len(runs)
        self._accuracy = [""] * len(runs)
        self._ended = {"finished": 0, "failed": 0}
        self._progress = Progress(
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[state]}", table_column=Column(no_wrap=True)),
            BarColumn(bar_width=20),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[accuracy]}", table_column=Column(no_wrap=True)),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._whole = self._progress.add_task(f"[bold]{title}[/bold]", total=sum(batches), state="", accuracy="")
        self._count()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the bars inside the block."""
        with self._progress:
            yield

    def on_event(self, event: RunEvent) -> None:
        """Take in an event."""
        name, total = self._runs[event.run], self._batches[event.run]
        if event.accuracy is not None:
            self._accuracy[event.run] = f"average accuracy {100 * event.accuracy:.1f} %"
        if event.state == "started":
            self._bars[event.run] = self._progress.add_task(name, total=total, state="started", accuracy="")
        elif event.state == "working":
            # A replay baseline takes more batches than planned for; its bar stays full then.
            self._advance(event.run, min(event.batches, total - self._done[event.run]), event.text)
        else:
            self._advance(event.run, total - self._done[event.run], event.state)
            self._progress.remove_task(self._bars[event.run])
            self._ended[event.state] += 1
            reached = f", {self._accuracy[event.run]}" if self._accuracy[event.run] else ""
            outcome = f"finished{reached}" if event.state == "finished" else f"FAILED: {event.text}"
            self._console.print(f"{name}: {outcome}", highlight=False, soft_wrap=True, markup=False)
        self._count()

    def _advance(self, run: int, step: int, state: str) -> None:
        self._done[run] += step
        self._progress.update(self._bars[run], advance=step, state=state, accuracy=self._accuracy[run])
        self._progress.advance(self._whole, step)

    def _count(self) -> None:
        """Say how many runs stand where."""
        working = len(self._bars) - sum(self._ended.values())
        counts = {"waiting": len(self._runs) - len(self._bars), "at work": working, **self._ended}
        state = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        self._progress.update(self._whole, state=state)
