"""Networks of the zoo for a bank's data, and their parameters by part."""

import pandas as pd

from chaoscl.data import Bank
from chaoscl.models import ZOO, ModelOptions, find_model
from chaoscl.models.build import build_model, parts
from chaoscl.models.network import CrossModalNetwork
from chaoscl.streams import Layout, Stream, layout


def build_network(model: str, options: ModelOptions, bank: Bank, heads: Layout, seed: int) -> CrossModalNetwork:
    """Build a model of the zoo for the data sets of a bank.

    Args:
        model: its name.
        options: its variations.
        bank: gathers the samples; knows shapes and vocabularies.
        heads: the heads and what each task label shows of them.
        seed: of the initial weights.
    """
    return build_model(
        find_model(model),
        options,
        bank,
        {dataset.card.name: dataset.card for dataset in bank.datasets},
        {dataset.card.name: dataset.vocabulary for dataset in bank.datasets if dataset.vocabulary},
        heads.heads,
        heads.visible,
        seed,
    )


def parameter_table(stream: Stream, bank: Bank, options: ModelOptions) -> pd.DataFrame:
    """Return a row for each part of each model of the zoo: exact parameters, whether trained, whether shared."""
    rows = []
    for name in ZOO:
        network = build_network(name, options, bank, layout(stream, "task"), seed=0)
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
