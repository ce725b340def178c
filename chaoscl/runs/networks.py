"""Networks for a bank's data, and their parameters by part."""

from collections.abc import Sequence

import pandas as pd

from chaoscl.data import Bank
from chaoscl.models import Model
from chaoscl.models.build import build_model, parts
from chaoscl.models.network import CrossModalNetwork
from chaoscl.streams import Layout, Stream, layout


def build_network(
    model: Model, bank: Bank, heads: Layout, seed: int, kernel: str = "torch", precision: str = "float32"
) -> CrossModalNetwork:
    """Build a model for the data sets of a bank.

    Args:
        model: what is built.
        bank: gathers the samples; knows shapes and vocabularies.
        heads: the heads and what each task label shows of them.
        seed: of the initial weights.
        kernel: ``torch`` or ``fused``.
        precision: of the encoders, ``float32`` or ``bfloat16``.
    """
    return build_model(
        model,
        bank,
        {dataset.card.name: dataset.card for dataset in bank.datasets},
        {dataset.card.name: dataset.vocabulary for dataset in bank.datasets if dataset.vocabulary},
        heads.heads,
        heads.visible,
        seed,
        kernel,
        precision,
    )


def parameter_table(stream: Stream, bank: Bank, models: Sequence[Model]) -> pd.DataFrame:
    """Return a row for each part of each model: exact parameters, whether trained, whether shared."""
    rows = []
    for model in models:
        name, network = model.name, build_network(model, bank, layout(stream, "task"), seed=0)
        for part in parts(network):
            rows.append(
                {
                    "model": name,
                    "part": part.name,
                    "parameters": f"{part.parameters:,}",
                    "gradient": "yes" if part.trained else "none",
                    "shared by tasks": "yes" if part.shared else "",
                }
            )
        total = sum(part.parameters for part in parts(network))
        rows.append({"model": name, "part": "all", "parameters": f"{total:,}", "gradient": "", "shared by tasks": ""})
    return pd.DataFrame(rows)
