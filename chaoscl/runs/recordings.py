"""What a trained cortex does at every tick, on test samples of the tasks that it has learned."""

import torch

from chaoscl.cortex.recording import Recording, record
from chaoscl.data import Bank
from chaoscl.errors import UserError
from chaoscl.models.network import CrossModalNetwork
from chaoscl.models.trunk_modules import ChaosTrunk
from chaoscl.runs.execute import execute
from chaoscl.runs.progress import Progress, silent
from chaoscl.runs.retention import evaluating
from chaoscl.runs.spec import RunSpec
from chaoscl.seeds import derive
from chaoscl.streams import Split, materialise, views


def check_recordable(spec: RunSpec) -> None:
    """Check that a run trains a cortex whose ticks have time in them.

    Raises:
        UserError: it does not.
    """
    model = spec.trained
    if model.trunk.name != "cortex":
        raise UserError(
            f"{spec.baseline.name} trains {model.name}, which has no cortex to record; give another one of the two"
        )
    if model.values_of(model.trunk)["mode"] == "replica":
        raise UserError("mode=replica cannot be recorded; give recurrent or feedback, which have time in them")


def trained_recordings(spec: RunSpec, bank: Bank, progress: Progress = silent) -> dict[str, Recording]:
    """Train a run and record its cortex on the first test sample of each task, for as many ticks as the model has.

    Args:
        spec: the run.
        bank: holds the stream's data sets.
        progress: told how training goes on.

    Returns:
        A recording of one sample for each task, by the task's name.

    Raises:
        UserError: see check_recordable.
        RunFailedError: the loss is no longer finite.
    """
    check_recordable(spec)
    networks = execute(spec, bank, progress).networks
    stream = spec.learned
    tasks = materialise(stream, spec.scenario, bank.with_views(views(stream, spec.seed)), spec.seed)
    own = networks if len(networks) > 1 else networks * len(tasks)
    return {
        data.task.name: _record(network, data.test, derive(spec.seed, "recording", data.task.name))
        for data, network in zip(tasks, own, strict=True)
    }


def _record(network: CrossModalNetwork, split: Split, seed: int) -> Recording:
    trunk = network.trunk
    assert isinstance(trunk, ChaosTrunk)
    assert trunk.mode != "replica"
    with evaluating(network):
        embedding = network.embed(split.references[:1])
    generator = torch.Generator(network.device).manual_seed(seed)
    return record(trunk.cortex, embedding, trunk.ticks, trunk.mode, generator)
