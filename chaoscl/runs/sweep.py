"""A sweep: many runs side by side, over processes; what is finished is not run again, what fails stays as a row."""

import multiprocessing
import queue
import signal
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cloudpickle

from chaoscl.compat import check_together
from chaoscl.data import Bank, open_bank
from chaoscl.data.bank import Place
from chaoscl.errors import UserError
from chaoscl.evaluation.stored import is_finished
from chaoscl.files import storage_errors, write_atomic
from chaoscl.registry import include, included
from chaoscl.runs.baseline import BASELINES
from chaoscl.runs.provenance import computing_versions
from chaoscl.runs.recipes import Settings
from chaoscl.runs.spec import RunSpec, run_hash, spec_record
from chaoscl.runs.store import run_folder, write_run
from chaoscl.streams import VALIDATION_SHARE

State = Literal["started", "working", "finished", "failed"]
FAILURE = "failure.txt"


@dataclass(frozen=True)
class Event:
    """Something that happened to a run.

    Attributes:
        run: position of the run in the sweep.
        state: what happened.
        batches: trained since the last event of this run.
        text: what it is doing, or why it failed.
        accuracy: its average accuracy on the tasks learned so far, if a task has just ended.
    """

    run: int
    state: State
    batches: int = 0
    text: str = ""
    accuracy: float | None = None


@dataclass(frozen=True)
class Job:
    """One run of a sweep.

    Attributes:
        spec: what it is.
        folder: where its result is or will be.
        record: all that determines it, in plain values.
        digest: hash of the full specification.
        batches: about how many it takes.
    """

    spec: RunSpec
    folder: Path
    record: Mapping[str, Any]
    digest: str
    batches: int

    @property
    def model(self) -> str:
        """The name of the model that the baseline trains."""
        return self.spec.trained.name


@dataclass(frozen=True)
class Failure:
    """Why a run failed: one line, and where its traceback is."""

    message: str
    details: Path


Notify = Callable[[Event], None]


def plan_jobs(specs: Sequence[RunSpec], bank: Bank, root: Path) -> list[Job]:
    """Return the jobs of a sweep.

    Args:
        specs: the runs.
        bank: the data they will see.
        root: folder of all run folders.

    Raises:
        UserError: a hyper-parameter is too small for the stream.
    """
    return [plan_job(spec, bank, root) for spec in specs]


def plan_job(spec: RunSpec, bank: Bank, root: Path) -> Job:
    """Return the job of one run; see plan_jobs."""
    classes = sum(len(task.labels) for task in spec.stream.tasks)
    spec.baseline.check_stream(spec.values, len(spec.stream.tasks), classes)
    data = {dataset.card.name: dataset.sha256 for dataset in bank.datasets}
    planned = _planned(spec, bank)
    record = spec_record(spec, {name: settings for name, settings, _ in planned})
    digest = run_hash(record, data, computing_versions(spec.kernel, spec.device))
    batches = sum(settings.epochs * -(-rows // settings.batch) for _, settings, rows in planned)
    return Job(spec, run_folder(root, spec, digest), record, digest, batches)


def _planned(spec: RunSpec, bank: Bank) -> list[tuple[str, Settings, int]]:
    """Return for each task that is learned its name, its settings, and about how many training rows it has."""
    found = []
    for task in spec.learned.tasks[: spec.tasks or None]:
        share = len(task.labels) / len(task.card.classes)
        rows = round(bank[task.dataset].train_rows * (1 - VALIDATION_SHARE) * share)
        rows = min(rows, spec.train_rows or rows)
        found.append((task.name, spec.recipe.settings(task.data, rows), rows))
    return found


def run_jobs(
    jobs: Sequence[Job], bank: Bank, processes: int, notify: Notify = lambda event: None
) -> dict[int, Failure]:
    """Run jobs and return the failures by position. Every result is on disk when this returns.

    Args:
        jobs: what to run; finished ones among them are run again.
        bank: the data.
        processes: how many runs at a time; 1 runs them in this process.
        notify: told what happens.

    Raises:
        UserError: a result cannot be written.
    """
    if processes <= 1 or len(jobs) <= 1:
        answers = {number: _run(number, job, bank, notify) for number, job in enumerate(jobs)}
    else:
        answers = _run_parallel(jobs, bank, min(processes, len(jobs)), notify)
    return {number: failure for number, failure in sorted(answers.items()) if failure is not None}


def _run(number: int, job: Job, bank: Bank, notify: Notify) -> Failure | None:
    check_together()
    from chaoscl.runs.execute import execute
    from chaoscl.runs.training import RunFailedError

    notify(Event(number, "started"))

    def progress(batches: int, text: str, accuracy: float | None = None) -> None:
        notify(Event(number, "working", batches, text, accuracy))

    try:
        outcome = execute(job.spec, bank, progress)
    except (UserError, KeyboardInterrupt):
        raise
    except RunFailedError as error:
        return _failed(number, job, str(error), notify)
    # A baseline is foreign code: whatever it raises is a row in runs.csv, with its traceback kept beside the runs.
    except Exception as error:
        return _failed(number, job, f"{type(error).__name__}: {' '.join(str(error).split())}", notify)
    with storage_errors("the result of a run", job.folder, "free some space or give another folder with --out"):
        write_run(job.folder, job.spec, job.record, bank, outcome, job.digest)
    notify(Event(number, "finished"))
    return None


def _failed(number: int, job: Job, message: str, notify: Notify) -> Failure:
    details = job.folder.with_name(job.folder.name + "-" + FAILURE)
    with storage_errors("the traceback of a run", details, "free some space or give another folder with --out"):
        write_atomic(details, traceback.format_exc())
    notify(Event(number, "failed", text=message))
    return Failure(message, details)


_events: "multiprocessing.Queue[Event] | None" = None


def _start_worker(events: "multiprocessing.Queue[Event]", places: Sequence[str]) -> None:
    global _events
    _events = events
    # Ctrl-C reaches every process of the terminal; only the one that the user started answers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Modules of parts, included or the package's own baselines, must be there before a job that uses them is unpacked.
    include(places)
    len(BASELINES)


def _work(number: int, packed: bytes, places: tuple[Place, ...]) -> Failure | None:
    assert _events is not None
    return _run(number, cloudpickle.loads(packed), open_bank(places), _events.put)


def _run_parallel(jobs: Sequence[Job], bank: Bank, processes: int, notify: Notify) -> dict[int, Failure | None]:
    context = multiprocessing.get_context("spawn")
    events: multiprocessing.Queue[Event] = context.Queue()
    answers: dict[int, Failure | None] = {}
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_start_worker, initargs=(events, included()))
    try:
        pending: dict[Future[Any], int] = {
            pool.submit(_work, number, cloudpickle.dumps(job), bank.places): number for number, job in enumerate(jobs)
        }
        while pending:
            done, _ = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
            _drain(events, notify)
            for future in done:
                answers[pending.pop(future)] = future.result()
    except KeyboardInterrupt:
        for worker in multiprocessing.active_children():
            worker.terminate()
        raise
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process was ended from outside, perhaps for want of memory; finished runs are kept: give the same"
            " command again, with --jobs 1 to use less memory"
        ) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    _drain(events, notify)
    return answers


def _drain(events: "multiprocessing.Queue[Event]", notify: Notify) -> None:
    while True:
        try:
            notify(events.get_nowait())
        except queue.Empty:
            return


def unfinished(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs that have no result yet."""
    return [job for job in jobs if not is_finished(job.folder)]
