"""The options of the main job, shared by ``benchmarks/run.py`` and ``chaoscl run``."""

import os
from typing import Annotated

import typer

from chaoscl.cli import BASELINES
from chaoscl.commands.options import Include, include_parts

Text = str | None


def run(
    stream: Annotated[
        str, typer.Option(help="Named stream, or an expression: ag_news,cifar10 or split(mnist,5),imdb.")
    ] = "text-image",
    model: Annotated[
        str, typer.Option(help="Model, or several, with changes: chaos2k:fail_prob=0.9,mlp2k.")
    ] = "chaos2k",
    baselines: Annotated[
        str, typer.Option(help="Baselines to compare, or all; module:function is one of your own.")
    ] = BASELINES,
    seeds: Annotated[int, typer.Option(help="Number of seeds: 0, 1, ...")] = 3,
    scenario: Annotated[str, typer.Option(help="task, domain or class (incremental).")] = "task",
    recipe: Annotated[str, typer.Option(help="Training recipe: quick, standard, seed, online, ...")] = "standard",
    order: Annotated[str, typer.Option(help="given, reversed, shuffle (drawn by the seed), all, or 2-1-3.")] = "given",
    reverse: Annotated[bool, typer.Option("--reverse", help="The same as --order reversed.")] = False,
    hyper: Annotated[str, typer.Option(help="Changed values: ewc.ewc_lambda=100,lwf.alpha=2.")] = "",
    tuned: Annotated[Text, typer.Option(help="A chosen.csv of chaoscl tune, whose values to use.")] = None,
    train_rows: Annotated[int, typer.Option(help="Most training rows of a task, classes in proportion; 0: all.")] = 0,
    kernel: Annotated[str, typer.Option(help="For spikes and images: torch, fused, or auto.")] = "auto",
    precision: Annotated[str, typer.Option(help="Of the encoders: float32 or bfloat16.")] = "float32",
    repetitions: Annotated[int, typer.Option(help="Stochastic evaluations averaged per accuracy.")] = 3,
    data: Annotated[Text, typer.Option(help="official, mirror or embedded (generated).")] = None,
    data_dir: Annotated[Text, typer.Option(help="Mirror folder; also CHAOSCL_DATA.")] = None,
    out: Annotated[Text, typer.Option(help="Results folder; by default named by the options.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto, which is cpu.")] = "auto",
    jobs: Annotated[int, typer.Option(help="Runs at a time; 0 means one for each core.")] = 0,
    wandb: Annotated[str, typer.Option(help="off, offline or online.")] = "off",
    tensorboard: Annotated[Text, typer.Option(metavar="DIR", help="Write the runs for TensorBoard, too.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Run finished runs again.")] = False,
    include: Include = None,
    show_list: Annotated[bool, typer.Option("--list", help="List streams, models, baselines, ... and stop.")] = False,
) -> int:
    """Train models on a stream of tasks under several baselines, over seeds, and write retention matrices."""
    include_parts(include)
    if show_list:
        from chaoscl.listing import print_list

        return print_list()
    from chaoscl.api import Output, execute
    from chaoscl.config import RunConfig, baseline_names, changed_values, model_names, order_of

    names = baseline_names(baselines)
    config = RunConfig(
        stream=stream,
        model=model_names(model),
        baselines=names,
        seeds=seeds,
        scenario=scenario,
        recipe=recipe,
        order=order_of(order, reverse),
        hyper=changed_values(hyper, tuned, names),
        train_rows=train_rows,
        kernel=kernel,
        precision=precision,
        repetitions=repetitions,
        data=data,
        data_dir=data_dir,
        device=device,
        include=tuple(include or ()),
    )
    return execute(config, Output(out, jobs or os.cpu_count() or 1, wandb, tensorboard, force))
