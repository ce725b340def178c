"""``chaoscl ranks``: rank baselines over the streams of several results folders."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaoscl.commands.options import Include, include_parts
from chaoscl.errors import UserError, unknown

if TYPE_CHECKING:
    import pandas as pd

FIGURE = "critical_difference.png"
COMMAND = "command.txt"


def ranks(
    folders: Annotated[list[Path], typer.Argument(help="Results folders, each of another stream or scenario.")],
    metric: Annotated[str, typer.Option(help="Metric of summary.csv that ranks.")] = "average_accuracy",
    out: Annotated[Path | None, typer.Option(help="Folder to write to; by default results/ranks.")] = None,
    include: Include = None,
) -> None:
    """Rank the baselines that all folders share: ranks.csv, rank_pairs.csv and a critical-difference diagram."""
    from rich.console import Console

    from chaoscl.evaluation import schema
    from chaoscl.evaluation.metrics import METRICS
    from chaoscl.evaluation.ranks import pair_frame, rank_frame, smallest_p
    from chaoscl.files import storage_errors, write_atomic
    from chaoscl.reports.figures import critical_difference_figure, save
    from chaoscl.reports.tables import p_value, rank_table, rich_table

    include_parts(include)
    if metric not in METRICS:
        raise unknown("metric", metric, METRICS)
    summaries = read_summaries(folders)
    data = common_data(summaries)
    scores, left_out = comparable(summaries, metric)
    frame, pairs = rank_frame(scores, metric, data), pair_frame(scores, metric, data)
    target = out or Path("results", *(["embedded"] if data == "embedded" else []), "ranks")
    title = f"{METRICS[metric].title}, {data} data"
    with storage_errors("the ranks", target, "free some space or give another folder with --out"):
        write_atomic(target / schema.RANKS.name, schema.to_csv(frame, schema.RANKS))
        write_atomic(target / schema.RANK_PAIRS.name, schema.to_csv(pairs, schema.RANK_PAIRS))
        save(critical_difference_figure(frame, pairs, title), target / FIGURE)
        command = ["chaoscl", "ranks", *map(str, folders), "--metric", metric]
        write_atomic(target / COMMAND, shlex.join(command) + "\n")
    console = Console()
    console.print(rich_table(rank_table(frame, pairs), f"{title}: mean ranks over {', '.join(scores.columns)}"))
    least = smallest_p(len(scores.columns), len(pairs))
    console.print(
        f"Friedman p {p_value(frame['friedman_p'][0])}; each of {len(pairs)} pairs: Wilcoxon's signed-rank test over"
        f" the streams, after Holm; with so many streams and pairs p cannot fall below {p_value(least)}",
        highlight=False,
        soft_wrap=True,
    )
    for name in left_out:
        console.print(f"left out: {name}", soft_wrap=True, highlight=False)
    console.print(f"written to {target}", soft_wrap=True, highlight=False)


def read_summaries(folders: Sequence[Path]) -> dict[str, "pd.DataFrame"]:
    """Return summary.csv of each folder by its stream and scenario.

    Raises:
        UserError: fewer than two folders, a folder without a valid summary of one stream, or a stream given twice.
    """
    from chaoscl.evaluation import schema

    if len(folders) < 2:
        raise UserError("one folder makes no ranking; give at least two results folders, each of another stream")
    found: dict[str, pd.DataFrame] = {}
    origin: dict[str, Path] = {}
    for folder in folders:
        path = folder / schema.SUMMARY.name
        try:
            summary = schema.read_csv(schema.SUMMARY, path)
        except OSError as error:
            raise UserError(f"{path} cannot be read; give folders that chaoscl run has written") from error
        except ValueError as error:
            raise UserError(f"{error}; run the folder's command.txt again") from error
        if len(summary.drop_duplicates(["stream", "scenario", "data", "data_sha256"])) != 1:
            raise UserError(f"{path} must hold results on one stream and one kind of data; run its command.txt again")
        if summary.duplicated(["baseline", "model", "metric"]).any():
            raise UserError(f"{path} holds a metric of one baseline and model twice; run its command.txt again")
        name = f"{summary['stream'][0]} ({summary['scenario'][0]})"
        if name in found:
            raise UserError(
                f"{origin[name]} and {folder} both hold stream {name}; a stream counts once, give one of them"
            )
        found[name], origin[name] = summary, folder
    return found


def common_data(summaries: dict[str, "pd.DataFrame"]) -> str:
    """Return the word for the data of all summaries; generated tasks go with any.

    Raises:
        UserError: some results are on real data and some on embedded data.
    """
    kinds = {name: str(summary["data"][0]) for name, summary in summaries.items()}
    embedded = [name for name, kind in kinds.items() if kind == "embedded"]
    real = [name for name, kind in kinds.items() if kind not in ("embedded", "generated")]
    if embedded and real:
        raise UserError(
            f"results on embedded data ({', '.join(embedded)}) and on real data ({', '.join(real)}) cannot be ranked"
            " together; give folders of one kind"
        )
    return ", ".join(sorted(set(kinds.values()) - {"generated"})) or "generated"


def comparable(summaries: dict[str, "pd.DataFrame"], metric: str) -> tuple["pd.DataFrame", list[str]]:
    """Return the scores of the baselines that every stream has, and a line for each baseline that is left out.

    Raises:
        UserError: fewer than two baselines are left.
    """
    from chaoscl.evaluation.ranks import score_table

    scores = score_table(summaries, metric)
    kept = scores.dropna()
    left_out = []
    for key, values in scores.drop(kept.index).iterrows():
        missing = ", ".join(values.index[values.isna()])
        left_out.append(f"{_name(key)}, which has no {metric} on {missing}")
    if len(kept) < 2:
        names = ", ".join(_name(key) for key in kept.index) or "none"
        raise UserError(
            f"two baselines with {metric} in every folder are needed, there is {names}; run the missing ones with"
            " chaoscl run --baselines"
        )
    return kept, left_out


def _name(key: Any) -> str:
    baseline, model = key
    return f"{baseline} ({model})"
