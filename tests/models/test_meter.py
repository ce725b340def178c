import copy

import pytest
import torch

DIGITS = torch.tensor([[2, 5], [2, 0], [2, 7], [2, 7]])
MIXED = torch.tensor([[2, 5], [0, 1], [1, 4], [2, 9], [0, 3]])
DIGIT_MACS = 784 * 400 + 400 * 400 + 400 * 15


def counts(meter):
    return meter.trained_samples, meter.forward_samples, meter.macs


def spikes_of(network):
    """A list that fills with the number of spikes of each pass through the trunk."""
    found = []
    network.trunk.register_forward_hook(
        lambda module, inputs, rates: found.append(round(float(rates.detach().double().sum()) * module.ticks))
    )
    return found


def test_building_counts_nothing(build):
    for name in ("mlp400", "chaos2k"):
        assert counts(build(name).meter) == (0, 0, 0)
        assert build(name).meter.spike_operations == 0


def test_macs_of_a_wide_mlp_by_hand(build):
    assert build("mlp400").meter.per_sample == {
        "digits": DIGIT_MACS,
        # An embedding is looked up, not multiplied.
        "words": DIGIT_MACS,
        "prose": DIGIT_MACS,
    }


def test_macs_of_a_convolutional_model_by_hand(build):
    encoder = 28 * 28 * 16 * 9 + 14 * 14 * 32 * 16 * 9 + 32 * 7 * 7 * 8
    core = 8 * 32 + 32 * 15
    assert build("mlp256").meter.per_sample == {"digits": encoder + core, "words": core, "prose": core}


def test_a_pass_with_a_gradient_costs_three_times_one_without(build):
    network = build("mlp400")
    network(DIGITS, torch.full((4,), 2))
    assert counts(network.meter) == (4, 4, 3 * 4 * DIGIT_MACS)
    with torch.no_grad():
        network(DIGITS, torch.full((4,), 2))
    assert counts(network.meter) == (4, 8, (3 + 1) * 4 * DIGIT_MACS)


def test_every_sample_of_a_mixed_batch_is_counted_with_its_data_set_s_macs(build):
    network = build("mlp256")
    each = network.meter.per_sample
    network(MIXED)
    assert counts(network.meter) == (5, 5, 3 * (2 * each["digits"] + 2 * each["words"] + each["prose"]))


def test_none_as_task_labels_counts_the_samples_once(build):
    network = build("mlp400")
    network.known_train_tasks_labels.update((0, 1, 2))
    network(DIGITS, None)
    assert counts(network.meter) == (4, 4, 3 * 4 * DIGIT_MACS)


@pytest.mark.parametrize("name", ["mlp400", "chaos256"])
def test_nothing_counts_while_paused_and_everything_afterwards(build, name):
    network = build(name)
    with network.meter.paused():
        network(DIGITS)
        with network.meter.paused():
            network(DIGITS)
        network(DIGITS)
    assert counts(network.meter) == (0, 0, 0)
    assert network.meter.spike_operations == 0
    network(DIGITS)
    assert counts(network.meter)[:2] == (4, 4)
    with pytest.raises(KeyError), network.meter.paused():
        raise KeyError
    network(DIGITS)
    assert counts(network.meter)[:2] == (8, 8)


def test_copies_of_a_network_count_on_the_same_meter(build):
    network = build("mlp400")
    teacher = copy.deepcopy(network)
    assert teacher.meter is network.meter
    network(DIGITS)
    with torch.no_grad():
        teacher(DIGITS)
    assert counts(network.meter) == (4, 8, (3 + 1) * 4 * DIGIT_MACS)


def test_two_networks_have_meters_of_their_own(build):
    one, other = build("mlp400"), build("mlp400")
    one(DIGITS)
    assert counts(other.meter) == (0, 0, 0)


@pytest.mark.parametrize("mode", ["recurrent", "replica", "feedback"])
@pytest.mark.parametrize(("label", "classes"), [(0, 3), (1, 5), (2, 10)])
def test_a_spike_reaches_the_classes_that_are_shown_and_with_feedback_the_core(build, mode, label, classes):
    network = build(f"chaos256:mode={mode}", visible=((0,), (0, 1), (2,)))
    spikes = spikes_of(network)
    network(MIXED, torch.full((5,), label))
    assert spikes[0] > 0
    reached = classes + (32 if mode == "feedback" else 0)
    assert network.meter.spike_operations == spikes[0] * reached
    with torch.no_grad():
        network(MIXED, torch.full((5,), label))
    assert network.meter.spike_operations == sum(spikes) * reached


def test_the_spikes_of_a_mixed_batch_reach_the_heads_of_their_samples(build):
    network = build("chaos256")
    rates = []
    network.trunk.register_forward_hook(lambda module, inputs, output: rates.append(output.detach().double()))
    network(MIXED, torch.tensor([2, 0, 1, 2, 0]))
    spikes = (rates[0].sum(dim=1) * 15).round()
    assert network.meter.spike_operations == int((spikes * torch.tensor([10, 3, 2, 10, 3])).sum())


def test_none_as_task_labels_reads_the_same_spikes_with_every_trained_head(build):
    network = build("chaos256")
    spikes = spikes_of(network)
    network.known_train_tasks_labels.update((0, 2))
    network(MIXED, None)
    assert len(spikes) == 1
    assert network.meter.spike_operations == spikes[0] * (3 + 10)


def test_an_mlp_has_no_spikes(build):
    network = build("mlp256")
    network(MIXED)
    assert network.meter.spike_operations == 0


def test_counting_takes_no_gradient_and_keeps_no_graph(build):
    network = build("chaos256")
    network(MIXED).sum().backward()
    assert not network.meter._spike_operations.requires_grad
