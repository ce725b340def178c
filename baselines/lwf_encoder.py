"""Learning without forgetting that distils a class only on inputs whose encoder that class was trained with.

Stock LwF passes the new data through the old model whatever they are. With an encoder for each data set, those of a new
data set pass an encoder that is still untrained in the old model: its answer is noise, and the old head is fitted to
it. Here each batch is split by encoder, and a part is distilled under the task labels and over the classes that were
trained through that encoder, weighted by its share of the batch; a part whose encoder is new is not distilled at all.
Where all tasks share one encoder, this is ``lwf``.
"""

from collections import defaultdict
from typing import Any

from chaoscl.hyper import HyperParameter, Range, SearchRange
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, alpha: float, temperature: float) -> Any:
    """Return Avalanche's Naive strategy with its LwF plugin over this distillation."""
    import torch
    from avalanche.training import LearningWithoutForgetting
    from avalanche.training.plugins import LwFPlugin
    from avalanche.training.supervised import Naive
    from torch.utils.data import DataLoader

    class ByEncoder(LearningWithoutForgetting):
        """Distillation of what was learned through the encoder of each sample."""

        def __init__(self) -> None:
            super().__init__(alpha, temperature)
            self.learned: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
            """For each encoder, by task label, the classes that were trained through it."""

        def _lwf_penalty(self, out: Any, x: Any, curr_model: Any) -> Any:
            """Return the mean divergence of the answers to references x (n, 2) from those of the model before."""
            penalty = torch.zeros((), device=out.device)
            for encoder, rows in curr_model.rows_by_encoder(x).items():
                if encoder not in self.learned:
                    continue
                part = x[rows]
                with torch.no_grad():
                    before = self.prev_model(part, None)
                now = curr_model(part, None)
                for label, classes in self.learned[encoder].items():
                    penalty += len(part) / len(x) * self._distillation_loss(now[label], before[label], classes)
            return penalty

        def post_adapt(self, agent: Any, exp: Any) -> None:
            """Keep the model, and note which classes were trained through which encoder."""
            super().post_adapt(agent, exp)
            for x, targets, labels in DataLoader(exp.dataset, batch_size=1024, generator=torch.Generator()):
                for encoder, rows in agent.model.rows_by_encoder(x).items():
                    for label, target in torch.stack([labels[rows], targets[rows]], dim=1).unique(dim=0).tolist():
                        self.learned[encoder][label].add(target)

    plugin = LwFPlugin()
    plugin.lwf = ByEncoder()
    options = setup.options()
    options["plugins"].append(plugin)
    return Naive(**options)


BASELINE = Baseline(
    summary="learning without forgetting, each class on inputs of those encoders alone that it was trained with",
    build=build,
    source="Li & Hoiem 2017, arXiv:1606.09282, section 3; the split by encoder is ours; Avalanche 0.6.0, LwFPlugin",
    hyper={
        "alpha": HyperParameter(1.0, "lambda_o of Li & Hoiem 2017, section 3", SearchRange(1e-1, 1e2), range=Range(0)),
        "temperature": HyperParameter(2.0, "Li & Hoiem 2017, section 3", range=Range(0, exclusive=True)),
    },
    stores="a copy of the model",
    task_labels="of earlier tasks, to distil each of their heads",
    cost="two more forward passes of samples whose encoder is not new",
)
