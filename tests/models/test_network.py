import copy
from types import SimpleNamespace

import pytest
import torch

from chaoscl.models import ModelOptions, find_model
from chaoscl.models.build import build_model, parts
from chaoscl.models.network import HIDDEN_LOGIT

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

    @staticmethod
    def samples(name, rows):
        if CARDS[name].modality == "image":
            return (rows.view(-1, 1, 1, 1) * 7 + torch.arange(784).view(1, 1, 28, 28)).remainder(256).to(torch.uint8)
        return (rows.view(-1, 1) + torch.arange(6)).remainder(len(VOCABULARIES[name])).to(torch.int32)


def build(name="mlp256", options=None, visible=((0,), (1,), (2,)), seed=0):
    return build_model(
        find_model(name), options or ModelOptions(), FakeBank(), CARDS, VOCABULARIES, HEADS, visible, seed
    )


MIXED = torch.tensor([[2, 5], [0, 1], [1, 4], [2, 9], [0, 3]])
MIXED_LABELS = torch.tensor([2, 0, 1, 2, 0])


def test_a_mixed_batch_answers_as_its_samples_do_alone():
    network = build().eval()
    together = network(MIXED, MIXED_LABELS)
    alone = torch.cat([network(MIXED[i : i + 1], MIXED_LABELS[i : i + 1]) for i in range(len(MIXED))])
    torch.testing.assert_close(together, alone)


def test_hidden_classes_take_no_probability():
    network = build().eval()
    logits = network(MIXED, MIXED_LABELS)
    for row, label in zip(logits, MIXED_LABELS.tolist(), strict=True):
        shown = torch.zeros(15, dtype=torch.bool)
        shown[list(HEADS[label])] = True
        assert torch.equal(row[~shown], torch.full((int((~shown).sum()),), HIDDEN_LOGIT))
        assert row.softmax(0)[~shown].sum() == 0


def test_class_incremental_shows_all_heads():
    network = build(visible=((0, 1, 2),)).eval()
    logits = network(MIXED, torch.zeros(5, dtype=torch.int64))
    assert (logits != HIDDEN_LOGIT).all()
    torch.testing.assert_close(logits, network(MIXED, None))


def test_heads_and_encoders_that_a_batch_does_not_need_get_no_gradient():
    network = build()
    network(MIXED[:1].repeat(4, 1), torch.full((4,), 2)).sum().backward()
    idle = {name for name, parameter in network.named_parameters() if parameter.grad is None}
    used = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    assert {"heads.0.weight", "heads.1.bias", "encoders.encoders.words.table.weight"} <= idle
    assert {"heads.2.weight", "trunk.linear.weight"} <= used
    assert not any("words" in name or "prose" in name for name in used)


def test_the_encoder_follows_the_sample_and_not_the_task_label():
    network = build(visible=((0, 1, 2), (0, 1, 2), (0, 1, 2))).eval()
    torch.testing.assert_close(network(MIXED, MIXED_LABELS), network(MIXED, MIXED_LABELS.flip(0)))


def test_one_encoder_a_modality_is_shared():
    network = build(options=ModelOptions(encoders="modality")).eval()
    assert set(network.encoders.encoders) == {"text", "image"}
    assert network.encoders.encoders["text"].table.num_embeddings == 6
    assert network(MIXED, MIXED_LABELS).shape == (5, 15)
    shared = {part.name: part.shared for part in parts(network)}
    assert shared["encoder text"]
    assert not shared["encoder image"]


def test_the_same_seed_builds_the_same_weights_and_leaves_the_global_state():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, second, other = build(seed=1), build(seed=1), build(seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name])
    assert any(not torch.equal(value, other.state_dict()[name]) for name, value in first.state_dict().items())


def test_noise_comes_from_its_own_generator():
    network = build("chaos256").eval()
    state = torch.get_rng_state()
    with torch.no_grad():
        network.noise.seed(1)
        first = network(MIXED, MIXED_LABELS)
        second = network(MIXED, MIXED_LABELS)
        network.noise.seed(1)
        again = network(MIXED, MIXED_LABELS)
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), state)


def test_seeded_noise_leaves_the_outer_generator_where_it_was():
    network = build("chaos256").eval()
    network.noise.seed(5)
    with torch.no_grad():
        expected = [network(MIXED, MIXED_LABELS) for _ in range(2)]
        network.noise.seed(5)
        first = network(MIXED, MIXED_LABELS)
        with network.noise.seeded(9):
            network(MIXED, MIXED_LABELS)
        second = network(MIXED, MIXED_LABELS)
    assert torch.equal(first, expected[0])
    assert torch.equal(second, expected[1])


def test_a_copy_of_the_model_shares_the_noise_and_not_the_weights():
    network = build("chaos256")
    clone = copy.deepcopy(network)
    assert clone.noise is network.noise
    assert clone.trunk.noise is network.noise
    assert clone.heads[0].weight is not network.heads[0].weight


@pytest.mark.parametrize(
    ("name", "core"),
    [("chaos256", {256, 1024}), ("chaos2k", {1024, 4096}), ("chaos4k", {4096, 16384})],
)
def test_the_cores_have_the_parameters_that_the_notes_count(name, core):
    trunk = [part for part in parts(build(name)) if part.name.startswith("trunk")]
    assert {part.parameters for part in trunk} == core
    assert [part.trained for part in trunk] == [True, False]


def test_feedback_trains_the_recurrent_weights():
    trunk = [part for part in parts(build("chaos2k", ModelOptions(mode="feedback"))) if part.name.startswith("trunk")]
    assert all(part.trained for part in trunk)


def test_parts_add_up_to_the_model():
    network = build("chaos2k")
    assert sum(part.parameters for part in parts(network)) == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("name", ["chaos256", "chaos2k"])
def test_parts_named_untrained_are_those_without_a_gradient(name):
    network = build(name)
    network.noise.seed(0)
    network(MIXED, MIXED_LABELS).sum().backward()
    silent = {f"trunk {key}" for key, parameter in network.trunk.named_parameters() if parameter.grad is None}
    assert silent == {part.name for part in parts(network) if not part.trained}
