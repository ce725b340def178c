"""Train models on a stream of text and image tasks under several baselines, and write retention matrices.

python benchmarks/run.py --stream text-image --model chaos2k
"""

import os
import sys
from typing import Annotated

import typer

from chaoscl.cli import run_command

Text = str | None


def run(
    stream: Annotated[str, typer.Option(help="Named stream, or data sets in order: ag_news,cifar10.")] = "text-image",
    model: Annotated[str, typer.Option(help="Model of the zoo.")] = "chaos2k",
    baselines: Annotated[str, typer.Option(help="Baselines to compare.")] = "naive,ewc,replay,mlp,joint",
    seeds: Annotated[int, typer.Option(help="Number of seeds: 0, 1, ...")] = 3,
    scenario: Annotated[str, typer.Option(help="task or class (incremental).")] = "task",
    recipe: Annotated[str, typer.Option(help="quick, standard or seed.")] = "standard",
    reverse: Annotated[bool, typer.Option("--reverse", help="Learn the stream backwards.")] = False,
    encoders: Annotated[str, typer.Option(help="An encoder for each: dataset or modality.")] = "dataset",
    image_pool: Annotated[str, typer.Option(help="Last map of the image encoder: flatten or global.")] = "flatten",
    mode: Annotated[str, typer.Option(help="Ticks of the cortex: recurrent, replica or feedback.")] = "recurrent",
    repetitions: Annotated[int, typer.Option(help="Evaluations behind each number.")] = 3,
    data: Annotated[Text, typer.Option(help="official, mirror or embedded (generated).")] = None,
    data_dir: Annotated[Text, typer.Option(help="Mirror folder; also CHAOSCL_DATA.")] = None,
    out: Annotated[Text, typer.Option(help="Results folder; by default named by the options.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    jobs: Annotated[int, typer.Option(help="Runs at a time; 0 means one for each core.")] = 0,
    wandb: Annotated[str, typer.Option(help="off, offline or online.")] = "off",
    force: Annotated[bool, typer.Option("--force", help="Run finished runs again.")] = False,
    baselines_dir: Annotated[Text, typer.Option(help="Folder of baseline files.")] = None,
) -> int:
    """Train a model on a stream of tasks under several baselines, over seeds, and write retention matrices."""
    from chaoscl.main_job import Request, execute_request

    return execute_request(
        Request(
            stream=stream,
            model=model,
            baselines=tuple(name.strip() for name in baselines.split(",") if name.strip()),
            seeds=seeds,
            scenario=scenario,
            recipe=recipe,
            reverse=reverse,
            encoders=encoders,
            image_pool=image_pool,
            mode=mode,
            repetitions=repetitions,
            data=data,
            data_dir=data_dir,
            out=out,
            device=device,
            jobs=jobs or os.cpu_count() or 1,
            wandb=wandb,
            force=force,
            baselines_dir=baselines_dir,
        )
    )


if __name__ == "__main__":
    sys.exit(run_command(run))
