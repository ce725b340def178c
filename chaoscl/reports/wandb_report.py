"""The comparison report on Weights & Biases: the tables of results folders, and live panels over the logged runs.

The tables and the text come from the committed CSVs. The panels show what ``--wandb`` has logged: the runs behind the
tables are found by their ids, which runs.csv holds, so no other run of the project gets in.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.reports.results import read_frame
from chaoscl.reports.tables import SHOWN, comparison_table, cost_table, data_table, main_markdown, markdown
from chaoscl.reports.wandb_log import HEAT_MAP, MATRIX_TABLE, SO_FAR, check_login

_WIDTH, _HEIGHT = 8, 6
"""Of a panel, in W&B's grid of 24 columns: three panels a row."""
_POSITION = "position "
"""With it start the tasks of aggregates over several task orders, which no single run knows by that name."""


def project_of(text: str) -> tuple[str, str]:
    """Return entity and project of ``ENTITY/PROJECT``.

    Raises:
        UserError: it does not read so.
    """
    match = re.fullmatch(r"([\w.-]+)/([\w.-]+)", text)
    if match is None:
        raise UserError(f"--wandb '{text}': write ENTITY/PROJECT, such as my-team/chaoscl")
    return match[1], match[2]


def build_report(folders: Sequence[Path], entity: str, project: str) -> Any:
    """Return the report, a ``wandb_workspaces.reports.v2.Report``, without asking W&B anything.

    Args:
        folders: results folders, a section each.
        entity: who owns the project.
        project: in which the report will be, and in which the runs are.

    Raises:
        UserError: no folder, a folder twice, one without results, or wandb-workspaces is not installed.
    """
    reports = _library()
    names = [folder.resolve().name for folder in folders]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not folders or twice:
        raise UserError(f"folder {twice[0]} is given twice" if twice else "name at least one results folder")
    blocks: list[Any] = [reports.TableOfContents()]
    for name, folder in zip(names, folders, strict=True):
        blocks += _section(reports, name, folder)
    return reports.Report(
        entity=entity,
        project=project,
        title=f"ChaosCL: {', '.join(names)}"[:128],
        description="What is forgotten over a stream of text and image tasks, under which baseline, and how surely.",
        width="fluid",
        blocks=blocks,
    )


def specification(report: Any) -> str:
    """Return a report as JSON, what :func:`publish` sends: the same bytes for the same results."""
    # The library has no public name for this; its save() sends the same model.
    content = report._to_model().model_dump_json(by_alias=True, exclude_none=True)
    return json.dumps(json.loads(content), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def publish(report: Any) -> str:
    """Publish a report and return its address.

    Raises:
        UserError: no login, or W&B refuses.
    """
    check_login("write the report to a file with --dry-run")
    try:
        return str(report.save().url)
    except Exception as error:  # the library raises bare Exceptions too
        raise UserError(
            f"W&B did not take the report for {report.entity}/{report.project}: {' '.join(str(error).split())};"
            " check the names and your access, or write it to a file with --dry-run"
        ) from error


def _library() -> Any:
    try:
        import wandb_workspaces.reports.v2 as reports
    except ImportError as error:
        raise UserError("the package wandb-workspaces is missing: pip install 'chaoscl[wandb-report]'") from error
    return reports


def _section(reports: Any, name: str, folder: Path) -> list[Any]:
    """Return the blocks about one results folder."""
    forgetting, summary = read_frame(folder, schema.FORGETTING), read_frame(folder, schema.SUMMARY)
    runsets = list(_runsets(reports, name, read_frame(folder, schema.RUNS)))
    tasks = [task for task in dict.fromkeys(forgetting["task"]) if not str(task).startswith(_POSITION)]
    defined = set(summary[summary["n"] > 0]["metric"])
    grids = {
        "Accuracy, transfer and forgetting": _bars(reports, defined),
        "Retention over the stream": _retention(reports, tasks),
        "Learning curves": _curves(reports, tasks),
        "The runs": [
            reports.MediaBrowser(title="Retention matrices", media_keys=[HEAT_MAP], num_columns=3),
            reports.WeavePanelSummaryTable(table_name=MATRIX_TABLE),
            reports.RunComparer(diff_only="split"),
        ],
    }
    blocks = [reports.H1(name), reports.MarkdownBlock(_text(folder, forgetting, summary))]
    for title, panels in grids.items():
        if panels:
            _place(reports, panels, name, title)
            blocks += [reports.H2(title), reports.PanelGrid(runsets=runsets, panels=panels)]
    return blocks


def _text(folder: Path, forgetting: pd.DataFrame, summary: pd.DataFrame) -> str:
    """Return the words and tables of a section, as Markdown."""
    data = read_frame(folder, schema.DATA)
    first = summary.iloc[0]
    parts = [f"Stream {first['stream']}, {first['scenario']}-incremental; percent, mean ± 95 % interval over seeds."]
    if "embedded" in set(data["source"]):
        parts.append("**EMBEDDED data: generated stand-ins, not for comparison with any result on real data.**")
    parts.append(main_markdown(forgetting, summary))
    if (folder / schema.COMPARISONS.name).exists():
        comparisons = read_frame(folder, schema.COMPARISONS)
        if len(comparisons):
            parts += ["Average accuracy, paired over seeds and task orders:", markdown(comparison_table(comparisons))]
    if (folder / schema.COSTS.name).exists():
        costs, timings = read_frame(folder, schema.COSTS), read_frame(folder, schema.TIMINGS)
        parts += ["What each baseline cost:", markdown(cost_table(costs, timings))]
    parts += ["The data:", markdown(data_table(data))]
    notes = [f"- {row['dataset']}: {row['note']}" for row in data.to_dict("records") if row["note"]]
    if notes:
        parts.append("\n".join(notes))
    command = folder / "command.txt"
    if command.exists():
        parts.append(f"Made by\n\n    {command.read_text(encoding='utf-8').strip()}")
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _runsets(reports: Any, name: str, runs: pd.DataFrame) -> Iterator[Any]:
    """Yield a set of runs for each baseline and model that has finished runs; they are found by the runs' ids."""
    from wandb_workspaces import expr

    finished = runs[runs["status"] == "finished"]
    for key, group in finished.groupby(["baseline", "model"], sort=False):
        baseline, model = (str(word) for word in key)
        ids = [str(run).rpartition("-")[2] for run in group["run"]]
        runset = reports.Runset(
            name=f"{baseline} ({model})",
            filters=[expr.Metric("ID").isin(ids)],
            groupby=["jobType"],
        )
        # The library draws ids at random and has no argument for them; these make the report the same every time.
        runset._id = _id(name, baseline, model)
        yield runset


def _bars(reports: Any, defined: set[str]) -> list[Any]:
    return [
        reports.BarPlot(title=title, metrics=[metric], groupby_aggfunc="mean", groupby_rangefunc="stddev")
        for metric, title in SHOWN.items()
        if metric in defined
    ]


def _retention(reports: Any, tasks: Sequence[str]) -> list[Any]:
    lines = {"Mean of the tasks so far": SO_FAR, **{f"Retention of {task}": f"retention/{task}" for task in tasks}}
    return [_line(reports, title, "tasks_learned", key, "tasks learned") for title, key in lines.items()]


def _curves(reports: Any, tasks: Sequence[str]) -> list[Any]:
    kinds = {"validation_accuracy": "Validation accuracy", "loss": "Training loss"}
    return [
        _line(reports, f"{title}, {task}", "Step", f"{task}/{kind}", "epochs of the stream")
        for task in tasks
        for kind, title in kinds.items()
    ]


def _line(reports: Any, title: str, x: str, y: str, title_x: str) -> Any:
    spread = {"groupby_aggfunc": "mean", "groupby_rangefunc": "stddev"}
    return reports.LinePlot(title=title, x=x, y=[y], title_x=title_x, smoothing_factor=0, **spread)


def _place(reports: Any, panels: Sequence[Any], *grid: str) -> None:
    """Give the panels of a grid their places, three a row, and ids that do not change."""
    for number, panel in enumerate(panels):
        row, column = divmod(number, 3)
        panel.layout = reports.Layout(x=column * _WIDTH, y=row * _HEIGHT, w=_WIDTH, h=_HEIGHT)
        panel._id = _id(*grid, str(number))


def _id(*words: str) -> str:
    """Return an id as the library's own look, the same for the same words."""
    return hashlib.sha256("/".join(words).encode()).hexdigest()[:12]
