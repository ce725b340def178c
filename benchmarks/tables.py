"""Rewrite the generated tables and figures of README and docs, or check that they are up to date.

python benchmarks/tables.py
python benchmarks/tables.py --check
"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from chaoscl.cli import run_command

ROOT = Path(__file__).resolve().parents[1]
_DOCS = ("anchors", "baselines", "catalogue", "concepts", "output", "recipes", "speed")
PAGES = ("README.md", *(f"docs/{name}.md" for name in _DOCS))
RESULTS = {
    "text-image": (ROOT / "results" / "text-image-chaos2k", "AG News, then MNIST"),
    "seed-three": (ROOT / "results" / "seed-three-chaos2k", "AG News, then MNIST, then EMNIST letters"),
}
LONG = tuple(ROOT / "results" / f"long-20-{model}-recipe-short" for model in ("chaos2k", "mlp2k"))
ANCHORS = ROOT / "results" / "anchors"
CONVERGENCE = ROOT / "results" / "convergence"


def blocks() -> dict[str, str]:
    """Return the generated text of each marker, by its name."""
    from timing.report import document_blocks

    return {
        **result_blocks(),
        **long_blocks(),
        **anchor_blocks(),
        **accounting_blocks(),
        **convergence_blocks(),
        **document_blocks(),
        **schema_blocks(),
        **catalogue_blocks(),
    }


def committed(folder: Path) -> bool:
    """Say whether a result has been made; one that has not has no table."""
    from chaoscl.evaluation import schema

    return (folder / schema.MATRICES.name).is_file()


def long_blocks() -> dict[str, str]:
    """Return the tables of the long stream: accuracies, degradation, what differs how surely, cost, data."""
    if not all(map(committed, LONG)):
        return {}
    from pandas import concat

    from chaoscl.evaluation import schema
    from chaoscl.evaluation.matrices import read_records
    from chaoscl.reports.degradation import degradation_table
    from chaoscl.reports.estimates import RANGE_NOTE, has_range
    from chaoscl.reports.long_streams import long_stream_blocks
    from chaoscl.reports.tables import comparison_table, cost_table, data_table, main_markdown, main_table, markdown

    def both(table: schema.Table) -> Any:
        return concat([schema.read_csv(table, folder / table.name) for folder in LONG], ignore_index=True)

    forgetting, summary, data = both(schema.FORGETTING), both(schema.SUMMARY), both(schema.DATA)
    main = main_table(forgetting, summary)
    tasks = list(dict.fromkeys(forgetting["task"]))
    by_task = main.set_index(["baseline", "model"])[tasks].T.rename_axis("task").pipe(_flat)
    cortex, mlp = map(read_records, LONG)
    return {
        **long_stream_blocks("long-20", mlp, cortex),
        "long-20 metrics": main_markdown(forgetting, summary, tasks=False),
        "long-20 tasks": markdown(by_task) + (f"\n{RANGE_NOTE}\n" if has_range([by_task]) else ""),
        "long-20 degradation": markdown(degradation_table(both(schema.RETENTION))),
        "long-20 comparisons": markdown(comparison_table(both(schema.COMPARISONS))),
        "long-20 costs": markdown(cost_table(both(schema.COSTS), both(schema.TIMINGS))),
        "long-20 data": markdown(data_table(data.drop_duplicates("dataset"))),
    }


def _flat(frame: Any) -> Any:
    frame.columns = [" ".join(names) for names in frame.columns]
    return frame.reset_index()


def anchor_blocks() -> dict[str, str]:
    """Return the table of published numbers and ours."""
    from chaoscl.evaluation import schema
    from chaoscl.evaluation.anchors import ANCHORS as TABLE
    from chaoscl.evaluation.anchors import anchor_frame, read_anchors
    from chaoscl.reports.anchors import anchor_table, miss_table
    from chaoscl.reports.tables import markdown

    wanted = read_anchors(ROOT / "chaoscl" / "published" / "split-mnist.toml")
    summaries = {
        name: schema.read_csv(schema.SUMMARY, ANCHORS / f"{wanted.stream}-{name}" / schema.SUMMARY.name)
        for name in wanted.scenarios
        if (ANCHORS / f"{wanted.stream}-{name}").is_dir()
    }
    frame = anchor_frame(wanted, summaries)
    if schema.to_csv(frame, TABLE) != (ANCHORS / TABLE.name).read_text(encoding="utf-8"):
        raise ValueError(f"{ANCHORS / TABLE.name} is not what split-mnist.toml and the summaries say")
    values = frame[frame["hyper"] != ""][["scenario", "method", "hyper", "values"]]
    missed = miss_table(frame)
    return {
        "anchors": markdown(anchor_table(frame)),
        "anchor values": markdown(values),
        "anchor misses": markdown(missed) if len(missed) else "None.\n",
    }


def convergence_blocks(folder: Path = CONVERGENCE) -> dict[str, str]:
    """Return the table of what the search for the recipe ``standard`` chose."""
    from chaoscl.evaluation import schema
    from chaoscl.evaluation.tuning import CONVERGED
    from chaoscl.reports.convergence import convergence_table
    from chaoscl.reports.tables import markdown

    return {"convergence": markdown(convergence_table(schema.read_csv(CONVERGED, folder / CONVERGED.name)))}


def draw_convergence(folder: Path = CONVERGENCE) -> None:
    """Draw how accuracy grows with the epochs, beside the search's files."""
    from chaoscl.evaluation import schema, tuning
    from chaoscl.reports.figures import save
    from chaoscl.reports.figures.convergence import convergence_figure

    tables = (tuning.CONVERGENCE, tuning.CONVERGED)
    save(convergence_figure(*(schema.read_csv(table, folder / table.name) for table in tables)), folder / "curves.png")


def accounting_blocks() -> dict[str, str]:
    """Return what each baseline stores, asks and costs, by its file."""
    from pandas import DataFrame

    from chaoscl.reports.tables import markdown
    from chaoscl.runs.baseline import BASELINES

    rows = [
        {
            "name": baseline.name,
            "stores": baseline.stores,
            "task labels in training": baseline.task_labels,
            "extra cost": baseline.cost,
        }
        for baseline in BASELINES.values()
    ]
    return {"list accounting": markdown(DataFrame(rows))}


def result_blocks() -> dict[str, str]:
    """Return the result tables, and the data behind them, from the committed CSVs."""
    from chaoscl.evaluation import schema
    from chaoscl.reports.tables import comparison_table, data_table, main_markdown, markdown
    from chaoscl.runs.baseline import BASELINES

    made = {}
    for name, (folder, _) in RESULTS.items():
        if not committed(folder):
            continue
        forgetting = schema.read_csv(schema.FORGETTING, folder / schema.FORGETTING.name)
        summary = schema.read_csv(schema.SUMMARY, folder / schema.SUMMARY.name)
        data = schema.read_csv(schema.DATA, folder / schema.DATA.name)
        path = folder / schema.COMPARISONS.name
        made[f"results {name}"] = main_markdown(forgetting, summary)
        made[f"comparisons {name}"] = markdown(comparison_table(schema.read_csv(schema.COMPARISONS, path)))
        made[f"data {name}"] = markdown(data_table(data))
        notes = dict(zip(data["dataset"], data["note"], strict=True))
        notes |= {baseline: BASELINES[baseline].note for baseline in dict.fromkeys(summary["baseline"])}
        made[f"notes {name}"] = "".join(f"- {what}: {note}\n" for what, note in notes.items() if note)
    return made


def schema_blocks() -> dict[str, str]:
    """Return the columns of every CSV file."""
    from chaoscl.evaluation import schema
    from chaoscl.evaluation.anchors import ANCHORS as PUBLISHED
    from chaoscl.evaluation.tuning import CHOSEN, CONVERGED, CONVERGENCE, TRIALS

    known = {table.name: table for table in (*schema.TABLES.values(), TRIALS, CHOSEN, PUBLISHED)}
    # Files that share their name with another kind of file.
    known |= {f"folder {schema.FOLDER_CURVES.name}": schema.FOLDER_CURVES}
    known |= {f"convergence {table.name}": table for table in (CONVERGENCE, CONVERGED)}
    return {f"schema {name}": schema.as_markdown(table) for name, table in known.items()}


def catalogue_blocks() -> dict[str, str]:
    """Return lists of the data sets, streams, models, baselines and recipes."""
    from pandas import DataFrame

    from chaoscl.data import DATASETS
    from chaoscl.evaluation.metrics import METRICS
    from chaoscl.models import ENCODERS, MODELS, TRUNKS
    from chaoscl.reports.tables import markdown
    from chaoscl.runs.baseline import BASELINES
    from chaoscl.runs.recipes import RECIPES
    from chaoscl.streams import STREAMS

    datasets = [
        {
            "name": card.name,
            "labels": card.kind,
            "classes": len(card.classes),
            "train": f"{card.train_rows:,}",
            "test": f"{card.test_rows:,}",
            "official source": card.official,
            "terms": card.licence,
            "cite": card.citation,
        }
        for card in (one.card for one in DATASETS.values())
    ]

    def told(parameters: Any) -> str:
        return "; ".join(f"{key} = {one.value} ({one.source})" for key, one in parameters.items()) or "none"

    baselines = [
        {"name": one.name, "what": one.described, "values": told(one.hyper), "source": one.source}
        for one in BASELINES.values()
    ]
    kinds: list[tuple[str, Any]] = [("trunk", trunk) for trunk in TRUNKS.values()]
    kinds += [(f"{encoder.modality} encoder", encoder) for encoder in ENCODERS.values()]
    parts = [
        {"name": one.name, "kind": kind, "what": one.summary, "values": told(one.hyper), "source": one.source or "-"}
        for kind, one in kinds
    ]
    streams = [
        {
            "name": stream.name,
            "version": stream.version,
            "tasks": ", ".join(task.name for task in stream.tasks),
            "what": stream.summary,
        }
        for stream in STREAMS.values()
    ]
    models = [{"name": model.name, "what": model.summary} for model in MODELS.values()]
    recipes = [{"name": recipe.name, "what": recipe.summary} for recipe in RECIPES.values()]
    metrics = [
        {
            "name": metric.name,
            "formula": metric.formula,
            "better": "higher" if metric.higher_is_better else "lower",
            "source": metric.citation,
        }
        for metric in METRICS.values()
    ]
    lists: dict[str, list[dict[str, Any]]] = {
        "metrics": metrics,
        "datasets": datasets,
        "streams": streams,
        "models": models,
        "parts": parts,
        "baselines": baselines,
        "recipes": recipes,
    }
    return {f"list {name}": markdown(DataFrame(rows)) for name, rows in lists.items()}


def replaced(text: str, made: dict[str, str]) -> str:
    """Return a page with the text between each pair of markers replaced."""
    for name, content in made.items():
        start, end = f"<!-- {name} -->\n", f"<!-- end {name} -->"
        if start in text:
            before, rest = text.split(start, 1)
            _, after = rest.split(end, 1)
            text = f"{before}{start}\n{content}\n{end}{after}"
    return text


def draw() -> None:
    """Draw the figures of all committed results."""
    from pandas import concat

    from chaoscl.evaluation import schema
    from chaoscl.reports.figures import degradation_figure, retention_figure, save

    for folder, title in RESULTS.values():
        if committed(folder):
            retention = schema.read_csv(schema.RETENTION, folder / schema.RETENTION.name)
            where = f"{title} ({retention['scenario'][0]}-incremental, {retention['n'].max()} seeds)"
            save(retention_figure(retention, where), folder / "retention.png")
    if all(map(committed, LONG)):
        retention = concat([schema.read_csv(schema.RETENTION, folder / schema.RETENTION.name) for folder in LONG])
        where = f"({retention['scenario'].iloc[0]}-incremental, {retention['n'].max()} seeds)"
        save(degradation_figure(retention, f"Twenty tasks over text and image {where}"), LONG[0] / "degradation.png")
    draw_convergence()


def tables(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if a table is out of date.")] = False,
) -> int:
    """Rewrite the generated tables and figures from the committed results."""
    made = blocks()
    stale = []
    for page in PAGES:
        path = ROOT / page
        text = path.read_text(encoding="utf-8")
        fresh = replaced(text, made)
        if fresh != text:
            stale.append(page)
            if not check:
                path.write_text(fresh, encoding="utf-8")
    if check:
        sys.stderr.write("".join(f"{page} is out of date: run make tables\n" for page in stale))
        return 1 if stale else 0
    draw()
    return 0


if __name__ == "__main__":
    sys.exit(run_command(tables))
