import copy
import dataclasses
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.cortex import ChaosNeuronParams, CortexParams

UNIT_FIELDS = ["fail_prob", "decay", "refractory_decay"]
NO_NUMBERS = [True, False, "0.5", None, 1j, [0.5], math.nan, math.inf, -math.inf, 10**400]


def test_defaults_are_those_of_the_published_experiments():
    neuron = ChaosNeuronParams()
    assert dataclasses.asdict(neuron) == {
        "threshold": 0.5,
        "noise_std": 0.01,
        "fail_prob": 0.5,
        "decay": 0.02,
        "refractory_decay": 0.95,
    }
    params = CortexParams(input_size=16, hidden_sizes=[64])
    assert params.neuron == neuron
    assert params.inhibitory_fraction == 0.2


@pytest.mark.parametrize("name", UNIT_FIELDS)
@given(value=st.floats(0, 1))
def test_every_number_from_0_to_1_is_a_probability(name, value):
    assert getattr(ChaosNeuronParams(**{name: value}), name) == value


@pytest.mark.parametrize("name", UNIT_FIELDS)
@given(value=st.floats(min_value=1, exclude_min=True) | st.floats(max_value=0, exclude_max=True) | st.just(math.nan))
def test_no_other_number_is_a_probability(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be a number in \[0, 1\], got ") as error:
        ChaosNeuronParams(**{name: value})
    assert str(error.value).endswith(repr(value))


@pytest.mark.parametrize("name", [*UNIT_FIELDS, "threshold", "noise_std"])
@pytest.mark.parametrize("value", NO_NUMBERS, ids=[repr(value)[:8] for value in NO_NUMBERS])
def test_what_is_no_finite_number_is_rejected(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be a .*, got ") as error:
        ChaosNeuronParams(**{name: value})
    assert str(error.value).endswith(repr(value))


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_threshold_may_be_any_finite_number_and_noise_none_below_zero(value):
    assert ChaosNeuronParams(threshold=value).threshold == value
    if value >= 0:
        assert ChaosNeuronParams(noise_std=value).noise_std == value
    else:
        with pytest.raises(ValueError, match=r"^noise_std must be a finite number >= 0, got "):
            ChaosNeuronParams(noise_std=value)


def test_threshold_error_gives_the_range():
    with pytest.raises(ValueError, match=r"^threshold must be a finite number, got nan$"):
        ChaosNeuronParams(threshold=math.nan)


def test_integers_and_numpy_numbers_are_stored_as_plain_floats():
    neuron = ChaosNeuronParams(threshold=1, fail_prob=np.float32(0.5), decay=np.int64(0), noise_std=np.float64(0.1))
    assert [type(value) for value in dataclasses.astuple(neuron)] == [float] * 5
    assert neuron == ChaosNeuronParams(threshold=1.0, fail_prob=0.5, decay=0.0, noise_std=0.1)


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "3", None, math.nan, np.float64(3), np.bool_(True)])
def test_sizes_are_positive_integers(value):
    with pytest.raises(ValueError, match=r"^input_size must be an integer >= 1, got ") as error:
        CortexParams(input_size=value, hidden_sizes=[4])
    assert str(error.value).endswith(repr(value))
    with pytest.raises(ValueError, match=r"^hidden_sizes\[1\] must be an integer >= 1, got ") as error:
        CortexParams(input_size=4, hidden_sizes=[4, value])
    assert str(error.value).endswith(repr(value))


@pytest.mark.parametrize("value", [[], (), "44", b"44", bytearray(b"44"), 4, None, {4}, {4: 4}, iter([4])])
def test_hidden_sizes_are_a_sequence_with_a_layer_in_it(value):
    with pytest.raises(ValueError, match=r"^hidden_sizes must be a sequence of one or more integers >= 1, got "):
        CortexParams(input_size=4, hidden_sizes=value)


@given(sizes=st.lists(st.integers(1, 10**6), min_size=1, max_size=5), kind=st.sampled_from([list, tuple]))
def test_any_sequence_of_sizes_becomes_the_same_tuple(sizes, kind):
    params = CortexParams(input_size=np.int64(3), hidden_sizes=kind(sizes))
    assert params.hidden_sizes == tuple(sizes)
    assert type(params.input_size) is int
    assert params == CortexParams(3, tuple(sizes))
    assert hash(params) == hash(CortexParams(3, tuple(sizes)))


def test_a_range_is_a_sequence_of_sizes():
    assert CortexParams(4, range(3, 5)).hidden_sizes == (3, 4)


@pytest.mark.parametrize("value", [None, {}, 0.5, ChaosNeuronParams])
def test_neuron_must_be_neuron_params(value):
    with pytest.raises(ValueError, match=r"^neuron must be a ChaosNeuronParams, got "):
        CortexParams(4, [4], neuron=value)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, True, "0.2"])
def test_inhibitory_fraction_is_a_part(value):
    with pytest.raises(ValueError, match=r"^inhibitory_fraction must be a number in \[0, 1\], got "):
        CortexParams(4, [4], inhibitory_fraction=value)


def test_params_are_frozen_and_can_be_copied_and_pickled():
    params = CortexParams(4, [5, 6], ChaosNeuronParams(decay=0.5), 0.3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        params.input_size = 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        params.neuron.decay = 0.1
    assert copy.deepcopy(params) == params
    assert pickle.loads(pickle.dumps(params)) == params
    assert dataclasses.replace(params, hidden_sizes=[7]).hidden_sizes == (7,)
    with pytest.raises(ValueError, match=r"^decay "):
        dataclasses.replace(params.neuron, decay=2)
