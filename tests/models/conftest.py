"""Networks over samples that are made up, with three data sets and three heads."""

from types import SimpleNamespace

import pytest
import torch

from chaoscl.models import find_model
from chaoscl.models.build import build_model

CARDS = {
    "words": SimpleNamespace(modality="text", shape=(6,), mean=(), std=()),
    "prose": SimpleNamespace(modality="text", shape=(6,), mean=(), std=()),
    "digits": SimpleNamespace(modality="image", shape=(1, 28, 28), mean=(0.5,), std=(0.5,)),
}
VOCABULARIES = {"words": ["<pad>", "<unk>", "x", "y"], "prose": ["<pad>", "<unk>", "y", "z", "w"]}
HEADS = (range(0, 3), range(3, 5), range(5, 15))


class FakeBank:
    """Samples made up from their row number; data sets in the order of CARDS."""

    def gather(self, references):
        groups = []
        for owner in references[:, 0].unique().tolist():
            positions = (references[:, 0] == owner).nonzero().squeeze(1)
            name = list(CARDS)[owner]
            groups.append(
                SimpleNamespace(name=name, positions=positions, inputs=self.samples(name, references[positions, 1]))
            )
        if len(groups) == 1:
            groups[0].positions = None
        return groups

    def rows_by_dataset(self, references):
        owners = references[:, 0]
        return {list(CARDS)[owner]: (owners == owner).nonzero().squeeze(1) for owner in owners.unique().tolist()}

    @staticmethod
    def samples(name, rows):
        if CARDS[name].modality == "image":
            return (rows.view(-1, 1, 1, 1) * 7 + torch.arange(784).view(1, 1, 28, 28)).remainder(256).to(torch.uint8)
        return (rows.view(-1, 1) + torch.arange(6)).remainder(len(VOCABULARIES[name])).to(torch.int32)


@pytest.fixture(scope="session")
def build():
    """Return a maker of networks of the zoo: heads of 3, 2 and 10 classes; words, prose and digits."""

    def make(name="mlp256", visible=((0,), (1,), (2,)), seed=0, **options):
        return build_model(find_model(name), FakeBank(), CARDS, VOCABULARIES, HEADS, visible, seed, **options)

    return make
