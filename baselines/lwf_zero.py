"""Learning without forgetting as van de Ven & Tolias 2019 have it: new classes have a target of 0 in the distillation.

Avalanche's ``lwf`` compares the old classes among themselves only, so nothing holds a new class back on the data of an
old one, and in class-incremental streams it ends where naive fine-tuning does. Here the previous model's answer is a
target over all classes shown, 0 for those that it had not learned; the distillation weighs (n - 1) times the loss of
the n-th task, shared by the heads distilled. It is not multiplied by the temperature's square (Hinton, Vinyals & Dean
2015, section 2): with that factor new classes were not learned at all, and the published numbers did not come out.
"""

from typing import Any

from chaoscl.hyper import HyperParameter, Range, SearchRange
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, alpha: float, temperature: float) -> Any:
    """Return Avalanche's Naive strategy with its LwF plugin over this distillation."""
    import torch
    from avalanche.training import LearningWithoutForgetting
    from avalanche.training.plugins import LwFPlugin
    from avalanche.training.supervised import Naive

    class ZeroTargets(LearningWithoutForgetting):
        """Distillation over all classes shown."""

        def _distillation_loss(self, out: Any, prev_out: Any, active_units: Any) -> Any:
            """Return the divergence of the model's answer, (n, classes), from its predecessor's."""
            learned = sorted(active_units)
            target = torch.zeros_like(prev_out)
            target[:, learned] = torch.softmax(prev_out[:, learned] / self.temperature, dim=1)
            log_answer = torch.log_softmax(out / self.temperature, dim=1)
            divergence = torch.nn.functional.kl_div(log_answer, target, reduction="batchmean")
            return self.expcount / len(self.prev_classes_by_task) * divergence

    plugin = LwFPlugin()
    plugin.lwf = ZeroTargets(alpha, temperature)
    options = setup.options()
    options["plugins"].append(plugin)
    return Naive(**options)


BASELINE = Baseline(
    summary="learning without forgetting, new classes with a target of 0, growing weight",
    build=build,
    source="van de Ven & Tolias 2019, arXiv:1904.07734, section 4; Avalanche 0.6.0, LwFPlugin",
    hyper={
        "alpha": HyperParameter(1.0, "van de Ven & Tolias 2019, section 4", SearchRange(1e-1, 1e2), range=Range(0)),
        "temperature": HyperParameter(2.0, "van de Ven & Tolias 2019, section 4", range=Range(0, exclusive=True)),
    },
    stores="a copy of the model",
    task_labels="of earlier tasks, to distil each of their heads",
    cost="two more forward passes a step",
    note="passes all new data through all old heads, as lwf does: where a data set has an encoder of its own, old "
    "heads are fitted to an untrained encoder's noise",
)
