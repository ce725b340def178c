"""Maximally interfered retrieval: of some candidates in memory, replay those that the coming step would hurt most.

Algorithm 1 of the paper (ER-MIR), each step: candidates drawn from the whole memory; a virtual step of plain gradient
descent on the new batch; the candidates whose loss it raises most; a real step on the new batch and these. The paper
retrieves as many samples as a batch has from five times as many candidates. As in the authors' code, candidates are of
earlier tasks, so the memory, a reservoir, takes a task's samples in when the task ends. Both losses of a candidate are
taken in evaluation mode, so that batch norm does not see it, and with the same draws of the trunk.
"""

from typing import Any

from chaoscl.hyper import HyperParameter, Range
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, memory: int, candidates: int) -> Any:
    """Return Avalanche's Naive strategy with this retrieval."""
    import torch
    from avalanche.core import SupervisedPlugin
    from avalanche.training.storage_policy import ReservoirSamplingBuffer
    from avalanche.training.supervised import Naive
    from avalanche.training.utils import cycle
    from torch.nn.functional import cross_entropy
    from torch.utils.data import DataLoader, RandomSampler

    class Retrieval(SupervisedPlugin):
        """The memory, and what is replayed from it."""

        def __init__(self) -> None:
            super().__init__()
            self.storage = ReservoirSamplingBuffer(memory)
            self._candidates: Any = None

        def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
            """Draw candidates from the memory from the second task on, each step anew and as many."""
            held = self.storage.buffer
            if len(held):
                size = min(candidates * strategy.train_mb_size, len(held))
                self._candidates = cycle(DataLoader(held, size, sampler=RandomSampler(held, num_samples=size)))

        def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
            """Add the loss on the retrieved samples: the mean over the new batch and these."""
            if self._candidates is None:
                return
            among = [field.to(strategy.device) for field in next(self._candidates)]
            hurt = self._interference(strategy, among)
            chosen = hurt.topk(min(len(hurt), strategy.train_mb_size)).indices
            x, y, labels = (field[chosen] for field in among)
            share = len(y) / (len(y) + len(strategy.mb_y))
            strategy.loss = (1 - share) * strategy.loss + share * cross_entropy(strategy.model(x, labels), y)

        def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
            """Offer the task's samples to the memory."""
            self._candidates = None
            self.storage.update(strategy)

        def _interference(self, strategy: Any, among: list[torch.Tensor]) -> torch.Tensor:
            """Return by how much a plain step on the new batch would raise the loss of each candidate, (n,)."""
            x, y, labels = among
            model, rate = strategy.model, strategy.optimizer.param_groups[0]["lr"]
            parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
            gradients = torch.autograd.grad(strategy.loss, parameters, retain_graph=True, allow_unused=True)
            moved = [(p, p.detach().clone(), g) for p, g in zip(parameters, gradients, strict=True) if g is not None]
            noise = int(torch.randint(2**31, ()))
            model.eval()
            with torch.no_grad():
                with model.noise.seeded(noise, model.device):
                    before = cross_entropy(model(x, labels), y, reduction="none")
                for parameter, _, gradient in moved:
                    parameter.data = parameter.detach() - rate * gradient
                with model.noise.seeded(noise, model.device):
                    after = cross_entropy(model(x, labels), y, reduction="none")
                for parameter, old, _ in moved:
                    parameter.data = old
            model.train()
            return after - before

    options = setup.options()
    options["plugins"].append(Retrieval())
    return Naive(**options)


BASELINE = Baseline(
    summary="replay of those samples that the coming step would hurt most",
    build=build,
    source="Aljundi et al. 2019, arXiv:1908.04742, algorithm 1; Avalanche 0.6.0, Naive",
    hyper={
        "memory": HyperParameter(1000, "samples, of which some are chosen; as for replay", range=Range(2)),
        "candidates": HyperParameter(
            5, "for each sample retrieved; the paper has 50 for a batch of 10", range=Range(1)
        ),
    },
    stores="the memory",
    cost="twice the samples a step, two more passes over the candidates",
)
