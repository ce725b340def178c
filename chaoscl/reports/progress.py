"""Progress of a sweep: bars with time left on a terminal, one line for each finished run elsewhere."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn


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


class SweepProgress:
    """Shows the whole sweep and each run at work: stream, task, epoch, time left.

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
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._whole = self._progress.add_task(f"[bold]{title}[/bold], {len(runs)} runs", total=sum(batches))

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the bars inside the block."""
        with self._progress:
            yield

    def on_event(self, event: RunEvent) -> None:
        """Take in an event."""
        name, total = self._runs[event.run], self._batches[event.run]
        if event.state == "started":
            self._bars[event.run] = self._progress.add_task(name, total=total)
        elif event.state == "working":
            # A replay baseline takes more batches than planned for; its bar stays full then.
            step = min(event.batches, total - self._done[event.run])
            self._advance(event.run, step, f"{name} · {event.text}")
        else:
            self._advance(event.run, total - self._done[event.run], name)
            self._progress.remove_task(self._bars[event.run])
            outcome = "finished" if event.state == "finished" else f"FAILED: {event.text}"
            self._console.print(f"{name}: {outcome}", highlight=False, soft_wrap=True, markup=False)

    def _advance(self, run: int, step: int, description: str) -> None:
        self._done[run] += step
        self._progress.update(self._bars[run], advance=step, description=description)
        self._progress.advance(self._whole, step)
