"""Elastic weight consolidation as in the paper: per-sample Fisher information, and 1/2 before the penalty.

The diagonal of the Fisher information is the mean, over samples, of the expected squared gradient of the log-likelihood
under the model's own answer: sum over classes c of p(c|x) (d log p(c|x) / d theta)^2 (Martens 2014, arXiv:1412.1193,
section 5). The expectation is taken exactly. Drawing a label instead would nearly always draw one whose gradient is
almost 0, since the model is sure of its answers after training. Published lambdas are for this form, and split MNIST is
held against the published accuracies with it (``docs/anchors.md``). ``ewc_batch`` is stock Avalanche, whose importance
is another.

The default lambda was fixed by a rule, not by results: the value that van de Ven, Tuytelaars & Tolias 2022 use for
task-incremental split MNIST.
"""

from typing import Any

from chaoscl.hyper import HyperParameter, Range, SearchRange
from chaoscl.runs.baseline import Baseline, Setup


def build(setup: Setup, ewc_lambda: float, fisher_samples: int) -> Any:
    """Return Avalanche's Naive strategy with its EWC plugin over a per-sample Fisher of ``fisher_samples`` samples."""
    import torch
    from avalanche.training.plugins import EWCPlugin
    from avalanche.training.supervised import Naive
    from avalanche.training.utils import zerolike_params_dict
    from torch.utils.data import DataLoader

    class SampleFisher(EWCPlugin):
        """EWC whose importances are the diagonal of the Fisher information."""

        def compute_importances(
            self, model: Any, criterion: Any, optimizer: Any, dataset: Any, device: Any, *sizes: Any, **options: Any
        ) -> Any:
            """Return the diagonal of the Fisher information, by parameter."""
            model.eval()
            importances = zerolike_params_dict(model)
            chosen = torch.randperm(len(dataset))[:fisher_samples].tolist()
            names, parameters = zip(*model.named_parameters(), strict=True)
            for x, _, task_labels in DataLoader(dataset.subset(chosen), batch_size=1):
                scores = model(x.to(device), task_labels.to(device)).log_softmax(dim=1)[0]
                for score in scores[scores.exp() > 0]:
                    weight = score.detach().exp() / len(chosen)
                    gradients = torch.autograd.grad(score, parameters, retain_graph=True, allow_unused=True)
                    for name, gradient in zip(names, gradients, strict=True):
                        if gradient is not None:
                            importances[name].data += weight * gradient.pow(2)
            model.train()
            return importances

    options = setup.options()
    options["plugins"].append(SampleFisher(ewc_lambda / 2, mode="separate"))
    return Naive(**options)


BASELINE = Baseline(
    summary="elastic weight consolidation as in the paper: per-sample Fisher, one penalty for each earlier task",
    build=build,
    source="Kirkpatrick et al. 2017, PNAS 114(13), equation 3; Avalanche 0.6.0, EWCPlugin",
    hyper={
        "ewc_lambda": HyperParameter(
            1e5,
            "van de Ven, Tuytelaars & Tolias 2022, task-incremental split MNIST",
            SearchRange(1e2, 1e11),
            range=Range(0),
        ),
        "fisher_samples": HyperParameter(
            200, "samples of each task; each costs a backward pass for each class", range=Range(1)
        ),
    },
    stores="weights and importances, once for each task",
    cost="a pass sample by sample after each task; a penalty a step, growing with the tasks",
)
