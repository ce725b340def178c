import copy

import pytest
import torch
from avalanche.models import avalanche_forward

from chaoscl.models import MODELS
from chaoscl.models.build import parts
from chaoscl.models.network import HIDDEN_LOGIT

MIXED = torch.tensor([[2, 5], [0, 1], [1, 4], [2, 9], [0, 3]])
MIXED_LABELS = torch.tensor([2, 0, 1, 2, 0])


def test_a_mixed_batch_answers_as_its_samples_do_alone(build):
    network = build().eval()
    together = network(MIXED, MIXED_LABELS)
    alone = torch.cat([network(MIXED[i : i + 1], MIXED_LABELS[i : i + 1]) for i in range(len(MIXED))])
    torch.testing.assert_close(together, alone)


@pytest.mark.parametrize(
    ("encoders", "expected"),
    [
        ("dataset", {"words": [1, 4], "prose": [2], "digits": [0, 3]}),
        ("modality", {"text": [1, 2, 4], "image": [0, 3]}),
    ],
)
def test_rows_are_told_by_the_encoder_that_they_pass(build, encoders, expected):
    network = build(f"mlp256:encoders={encoders}")
    passed = {name: [] for name in network.encoders.encoders}
    for name, encoder in network.encoders.encoders.items():
        encoder.register_forward_pre_hook(lambda _, args, name=name: passed[name].append(len(args[0])))
    found = {encoder: rows.tolist() for encoder, rows in network.rows_by_encoder(MIXED).items()}
    assert found == expected
    network.embed(MIXED)
    assert {name: sum(counts) for name, counts in passed.items()} == {name: len(rows) for name, rows in found.items()}


def test_hidden_classes_take_no_probability(build):
    network = build().eval()
    logits = network(MIXED, MIXED_LABELS)
    for row, label in zip(logits, MIXED_LABELS.tolist(), strict=True):
        shown = torch.zeros(15, dtype=torch.bool)
        shown[list(network.labels[label])] = True
        assert torch.equal(row[~shown], torch.full((int((~shown).sum()),), HIDDEN_LOGIT))
        assert row.softmax(0)[~shown].sum() == 0


def test_class_incremental_shows_all_heads(build):
    network = build(visible=((0, 1, 2),)).eval()
    logits = network(MIXED, torch.zeros(5, dtype=torch.int64))
    assert (logits != HIDDEN_LOGIT).all()
    torch.testing.assert_close(logits, network(MIXED))


def test_without_task_labels_no_class_is_hidden(build):
    network = build().eval()
    logits = network(MIXED)
    assert logits.shape == (5, 15)
    assert (logits != HIDDEN_LOGIT).all()
    told = network(MIXED, MIXED_LABELS)
    shown = told != HIDDEN_LOGIT
    assert shown.sum(dim=1).tolist() == [10, 3, 2, 10, 3]
    torch.testing.assert_close(logits[shown], told[shown])


def test_none_gives_the_logits_under_each_task_label_trained_so_far(build):
    network = build().eval()
    assert network(MIXED, None) == {}
    for label in (2, 0):
        network.known_train_tasks_labels.add(label)
    answers = network(MIXED, None)
    assert set(answers) == {0, 2}
    for label, logits in answers.items():
        torch.testing.assert_close(logits, network(MIXED, torch.full((5,), label)))


def test_avalanche_asks_for_each_trained_task_label_as_of_any_multi_task_module(build):
    network = build().eval()
    network.known_train_tasks_labels.add(1)
    answers = avalanche_forward(network, MIXED, None)
    assert set(answers) == {1}
    told = avalanche_forward(network, MIXED, torch.ones(5, dtype=torch.int64))
    torch.testing.assert_close(answers[1], told)


def test_none_passes_the_trunk_once_so_that_all_heads_read_the_same_spikes(build):
    network = build("chaos256", visible=((0,), (0, 1), (2,))).eval()
    network.noise.seed(1)
    network.known_train_tasks_labels.update((0, 1))
    with torch.no_grad():
        answers = network(MIXED, None)
    assert torch.equal(answers[0][:, :3], answers[1][:, :3])


def test_heads_and_encoders_that_a_batch_does_not_need_get_no_gradient(build):
    network = build()
    network(MIXED[:1].repeat(4, 1), torch.full((4,), 2)).sum().backward()
    idle = {name for name, parameter in network.named_parameters() if parameter.grad is None}
    used = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    assert {"heads.0.weight", "heads.1.bias", "encoders.encoders.words.table.weight"} <= idle
    assert {"heads.2.weight", "trunk.layers.0.weight"} <= used
    assert not any("words" in name or "prose" in name for name in used)


def test_the_encoder_follows_the_sample_and_not_the_task_label(build):
    network = build(visible=((0, 1, 2), (0, 1, 2), (0, 1, 2))).eval()
    torch.testing.assert_close(network(MIXED, MIXED_LABELS), network(MIXED, MIXED_LABELS.flip(0)))


def test_one_encoder_a_modality_is_shared(build):
    network = build("mlp256:encoders=modality").eval()
    assert set(network.encoders.encoders) == {"text", "image"}
    assert network.encoders.encoders["text"].table.num_embeddings == 6
    assert network(MIXED, MIXED_LABELS).shape == (5, 15)
    shared = {part.name: part.shared for part in parts(network)}
    assert shared["encoder text"]
    assert not shared["encoder image"]


def test_the_same_seed_builds_the_same_weights_and_leaves_the_global_state(build):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, second, other = build(seed=1), build(seed=1), build(seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name])
    assert any(not torch.equal(value, other.state_dict()[name]) for name, value in first.state_dict().items())


def test_noise_comes_from_its_own_generator(build):
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


def test_seeded_noise_leaves_the_outer_generator_where_it_was(build):
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


def test_a_copy_of_the_model_shares_the_noise_and_not_the_weights(build):
    network = build("chaos256")
    clone = copy.deepcopy(network)
    assert clone.noise is network.noise
    assert clone.trunk.noise is network.noise
    assert clone.heads[0].weight is not network.heads[0].weight


@pytest.mark.parametrize(("name", "width"), [("mlp400", 400), ("mlp1000", 1000)])
def test_the_wide_mlps_have_the_parameters_counted_by_hand(build, name, width):
    sizes = {part.name: part.parameters for part in parts(build(name))}
    trunk = {part: size for part, size in sizes.items() if part.startswith("trunk")}
    assert trunk == {
        "trunk layers.0.weight": 784 * width,
        "trunk layers.0.bias": width,
        "trunk layers.1.weight": width * width,
        "trunk layers.1.bias": width,
    }
    assert [sizes[f"head {number}"] for number in (1, 2, 3)] == [(width + 1) * classes for classes in (3, 2, 10)]
    assert sizes["encoder digits"] == 0
    assert sizes["encoder words"] == 4 * 784


def test_a_wide_mlp_reads_the_pixels_from_0_to_1(build):
    network = build("mlp400").eval()
    rows = torch.arange(4)
    pixels = network.bank.samples("digits", rows)
    embedding = network.embed(torch.stack([torch.full((4,), 2), rows], dim=1))
    torch.testing.assert_close(embedding, pixels.flatten(1) / 255)
    assert embedding.min() == 0
    assert embedding.max() == 1


def test_a_wide_mlp_is_two_layers_of_relu_and_a_head(build):
    network = build("mlp400").eval()
    references = torch.tensor([[2, 3], [2, 8]])
    first, second = network.trunk.layers
    features = second(first(network.embed(references)).relu()).relu()
    torch.testing.assert_close(network(references, torch.tensor([2, 2]))[:, 5:], network.heads[2](features))


@pytest.mark.parametrize("name", MODELS)
def test_every_model_of_the_zoo_answers_for_every_class(build, name):
    logits = build(name)(MIXED)
    assert logits.shape == (5, 15)
    assert logits.isfinite().all()


@pytest.mark.parametrize(
    ("name", "core"),
    [("chaos256", {256, 1024}), ("chaos2k", {1024, 4096}), ("chaos4k", {4096, 16384})],
)
def test_the_cores_have_the_parameters_that_the_notes_count(build, name, core):
    trunk = [part for part in parts(build(name)) if part.name.startswith("trunk")]
    assert {part.parameters for part in trunk} == core
    assert [part.trained for part in trunk] == [True, False]


def test_feedback_trains_the_recurrent_weights(build):
    trunk = [part for part in parts(build("chaos2k:mode=feedback")) if part.name.startswith("trunk")]
    assert all(part.trained for part in trunk)


def test_parts_add_up_to_the_model(build):
    network = build("chaos2k")
    assert sum(part.parameters for part in parts(network)) == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("name", ["chaos256", "chaos2k"])
def test_parts_named_untrained_are_those_without_a_gradient(build, name):
    network = build(name)
    network.noise.seed(0)
    network(MIXED, MIXED_LABELS).sum().backward()
    silent = {f"trunk {key}" for key, parameter in network.trunk.named_parameters() if parameter.grad is None}
    assert silent == {part.name for part in parts(network) if not part.trained}


def test_encoders_in_bfloat16_are_close_and_everything_else_is_float32(build):
    exact, short = build("mlp256"), build("mlp256", precision="bfloat16")
    assert short.meter.per_sample == exact.meter.per_sample
    embeddings = exact.embed(MIXED), short.embed(MIXED)
    assert embeddings[1].dtype == torch.float32
    assert not torch.equal(*embeddings)
    torch.testing.assert_close(*embeddings, rtol=0.05, atol=0.05)
    embeddings[1].sum().backward()
    gradients = [parameter.grad for parameter in short.parameters() if parameter.grad is not None]
    assert gradients
    assert {gradient.dtype for gradient in gradients} == {torch.float32}
