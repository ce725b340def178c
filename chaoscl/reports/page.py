"""One self-contained HTML page from results folders: no network, no other file.

Committed files alone make a page; raw runs beside them add versions, commit and code of each run. The same folders
give the same bytes for the same versions of matplotlib and Jinja.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from matplotlib.figure import Figure

from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.evaluation.aggregate import RunRecord
from chaoscl.evaluation.stored import RUNS_FOLDER
from chaoscl.files import storage_errors, write_atomic
from chaoscl.reports.figures import FIGURES, RANKS, NotDrawnError, ranks_figure, render
from chaoscl.reports.figures.registry import folder_names
from chaoscl.reports.results import COMMAND, Results, read_results
from chaoscl.reports.sheets import Sheet, curve_sheet, data_sheet, matrix_sheet, run_sheet, sheets

_SCENARIOS = {
    "task": "task-incremental: told at test time which task it is, answers among that task's classes",
    "domain": "domain-incremental: told at test time which question it is, not which task",
    "class": "class-incremental: told nothing at test time, answers among all classes of the stream",
}
FILTERED = 6
"""Rows from which a table gets a filter."""


@dataclass(frozen=True)
class Picture:
    """A figure of the page, or why it is not there.

    Attributes:
        name: of the kind.
        title: what it shows.
        uri: the SVG as a data URI; empty where it cannot be drawn.
        reason: why not; empty where it can.
    """

    name: str
    title: str
    uri: str = ""
    reason: str = ""


@dataclass(frozen=True)
class RunDetail:
    """One run: what it was, its matrix and its curves."""

    anchor: str
    title: str
    facts: list[tuple[str, str]]
    tables: list[Sheet]


@dataclass(frozen=True)
class Section:
    """One results folder on the page."""

    anchor: str
    title: str
    embedded: bool
    question: str
    setup: list[tuple[str, str]]
    data: Sheet
    notes: list[tuple[str, str]]
    tables: list[Sheet]
    pictures: list[Picture]
    runs: Sheet
    details: list[RunDetail]
    commands: str
    hashes: list[tuple[str, str]]


def write_page(folders: Sequence[Path], out: Path) -> Path:
    """Write one page with all that the results folders hold, and return its path.

    Args:
        folders: results folders, at least one.
        out: the HTML file to write.

    Raises:
        UserError: no folder, one that is missing, without results or changed by hand, or ``out`` cannot be written.
    """
    text = page([read_results(folder) for folder in folders])
    with storage_errors("the page", out, "free some space or give another file with --out"):
        write_atomic(out, text)
    return out


def page(several: Sequence[Results]) -> str:
    """Return the HTML text of :func:`write_page`.

    Raises:
        UserError: there are no results.
    """
    if not several:
        raise UserError("a page needs at least one results folder; give one that benchmarks/run.py has written")
    names = folder_names(several)
    sections = [_section(one, name) for one, name in zip(several, names, strict=True)]
    ranks = _picture(RANKS, "Mean ranks over streams", lambda: ranks_figure(several)) if len(several) > 1 else None
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("chaoscl.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(sections=sections, ranks=ranks, filtered=FILTERED)


def _section(results: Results, name: str) -> Section:
    baselines = len(results.competitors)
    differ = f", and how do {baselines} baselines differ" if baselines > 1 else ""
    notes = zip(results[schema.DATA]["dataset"], results[schema.DATA]["note"], strict=True)
    return Section(
        anchor=f"results-{name}",
        title=results.title,
        embedded=results.embedded,
        question=f"{len(results.tasks)} tasks are learned one after another: how much of each is retained{differ}?",
        setup=_setup(results),
        data=data_sheet(results),
        notes=[(dataset, note) for dataset, note in notes if note],
        tables=sheets(results),
        pictures=[
            _picture(kind, figure.title, lambda figure=figure: figure.draw(results))  # type: ignore[misc]
            for kind, figure in FIGURES.items()
        ],
        runs=run_sheet(results),
        details=[_detail(results, run, f"{name}-run-{number}") for number, run in enumerate(results.records)],
        commands=results.command or f"{COMMAND} is not in the folder, so the command is not known.",
        hashes=[("data sets together", results.key["data_sha256"]), *sorted(results.sha256.items())],
    )


def _setup(results: Results) -> list[tuple[str, str]]:
    """Return what was run, as (name, value)."""
    key, runs = results.key, results[schema.RUNS]
    failed = int((runs["status"] == "failed").sum())
    settings = dict.fromkeys(runs.loc[runs["status"] == "finished", "settings"])
    return [
        ("stream", key["stream"]),
        ("tasks, in order", ", ".join(results.tasks)),
        ("scenario", _SCENARIOS.get(key["scenario"], key["scenario"])),
        ("models", ", ".join(dict.fromkeys(model for model, _ in results.competitors))),
        ("baselines", ", ".join(dict.fromkeys(baseline for _, baseline in results.competitors))),
        ("seeds", ", ".join(map(str, sorted(set(runs["seed"]))))),
        ("settings", ", ".join(settings)),
        ("data", "EMBEDDED: generated stand-ins" if results.embedded else key["data"]),
        ("runs", f"{len(runs) - failed} finished, {failed} failed"),
        ("folder", results.folder.resolve().name),
    ]


def _picture(name: str, title: str, draw: Callable[[], Figure]) -> Picture:
    try:
        svg = render(draw(), "svg")
    except NotDrawnError as reason:
        return Picture(name, title, reason=str(reason))
    return Picture(name, title, uri=f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}")


def _detail(results: Results, record: RunRecord, anchor: str) -> RunDetail:
    line = results.lines(schema.RUNS, record).iloc[0]
    facts = [("run", line["run"]), ("settings", line["settings"]), ("changed values", line["hyper"] or "none")]
    return RunDetail(
        anchor=anchor,
        title=f"{record.baseline}, {record.model}, seed {record.seed}, order {record.order}",
        facts=[*facts, *_raw_facts(results, line["run"])],
        tables=[
            matrix_sheet(record.matrix, f"{anchor}-matrix"),
            curve_sheet(results.curves(record), f"{anchor}-curve"),
        ],
    )


def _raw_facts(results: Results, name: str) -> list[tuple[str, str]]:
    """Return what only the raw folder of a run says; nothing where it is not there."""
    run = next((run for run in results.stored if run.folder == results.folder / RUNS_FOLDER / name), None)
    if run is None:
        return []
    hyper = ", ".join(f"{name} = {value}" for name, value in run.spec["hyper_parameters"].items()) or "none"
    versions = ", ".join(f"{name} {version}" for name, version in run.spec["versions"].items())
    return [
        ("hyper-parameters", hyper),
        ("commit", str(run.spec["git_commit"] or "not known")),
        ("code", str(run.spec["code"])),
        ("versions", versions),
    ]
