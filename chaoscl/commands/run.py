"""The options of the main job, shared by ``benchmarks/run.py`` and ``chaoscl run``."""

import os
from typing import Annotated

import typer

from chaoscl.cli import BASELINES

Text = str | None


def run(
    stream: Annotated[str, typer.Option(help="Named stream, or data sets in order: ag_news,cifar10.")] = "text-image",
    model: Annotated[str, typer.Option(help="Model of the zoo.")] = "chaos2k",
    baselines: Annotated[str, typer.Option(help="Baselines to compare, or all.")] = BASELINES,
    seeds: Annotated[int, typer.Option(help="Number of seeds: 0, 1, ...")] = 3,
    scenario: Annotated[str, typer.Option(help="task, domain or class (incremental).")] = "task",
    recipe: Annotated[str, typer.Option(help="Training recipe: quick, standard, seed, online, ...")] = "standard",
    order: Annotated[str, typer.Option(help="given, reversed, shuffle (drawn by the seed), all, or 2-1-3.")] = "given",
    reverse: Annotated[bool, typer.Option("--reverse", help="The same as --order reversed.")] = False,
    hyper: Annotated[str, typer.Option(help="Changed values: ewc.ewc_lambda=100,lwf.alpha=2.")] = "",
    tuned: Annotated[Text, typer.Option(help="A chosen.csv of benchmarks/tune.py, whose values to use.")] = None,
    encoders: Annotated[str, typer.Option(help="An encoder for each: dataset or modality.")] = "dataset",
    image_pool: Annotated[str, typer.Option(help="Last map of the image encoder: flatten or global.")] = "flatten",
    mode: Annotated[str, typer.Option(help="Ticks of the cortex: recurrent, replica or feedback.")] = "recurrent",
    kernel: Annotated[str, typer.Option(help="For spikes and images: torch, fused (needs numba), or auto.")] = "auto",
    precision: Annotated[str, typer.Option(help="Of the encoders: float32 or bfloat16.")] = "float32",
    repetitions: Annotated[int, typer.Option(help="Evaluations behind each number.")] = 3,
    data: Annotated[Text, typer.Option(help="official, mirror or embedded (generated).")] = None,
    data_dir: Annotated[Text, typer.Option(help="Mirror folder; also CHAOSCL_DATA.")] = None,
    out: Annotated[Text, typer.Option(help="Results folder; by default named by the options.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto, which is cpu.")] = "auto",
    jobs: Annotated[int, typer.Option(help="Runs at a time; 0 means one for each core.")] = 0,
    wandb: Annotated[str, typer.Option(help="off, offline or online.")] = "off",
    tensorboard: Annotated[Text, typer.Option(metavar="DIR", help="Write the runs for TensorBoard, too.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Run finished runs again.")] = False,
    baselines_dir: Annotated[Text, typer.Option(help="Folder of baseline files.")] = None,
    show_list: Annotated[bool, typer.Option("--list", help="List streams, models, baselines, ... and stop.")] = False,
) -> int:
    """Train a model on a stream of tasks under several baselines, over seeds, and write retention matrices."""
    if show_list:
        from chaoscl.listing import print_list

        return print_list(baselines_dir)
    from chaoscl.main_job import Request, baseline_names, changed_values, execute_request, order_of

    names = baseline_names(baselines, baselines_dir)

    return execute_request(
        Request(
            stream=stream,
            model=model,
            baselines=names,
            seeds=seeds,
            scenario=scenario,
            recipe=recipe,
            order=order_of(order, reverse),
            hyper=changed_values(hyper, tuned, names),
            encoders=encoders,
            image_pool=image_pool,
            mode=mode,
            kernel=kernel,
            precision=precision,
            repetitions=repetitions,
            data=data,
            data_dir=data_dir,
            out=out,
            device=device,
            jobs=jobs or os.cpu_count() or 1,
            wandb=wandb,
            tensorboard=tensorboard,
            force=force,
            baselines_dir=baselines_dir,
        )
    )
