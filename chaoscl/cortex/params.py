"""What a cortex is made of, checked when it is written down."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real


def check_number(name: str, value: object, low: float = -math.inf, high: float = math.inf) -> float:
    """Return ``value`` as a float if it is a finite number in [low, high].

    Raises:
        ValueError: it is not; the message gives the name, the value and the allowed range.
    """
    number = math.nan
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
    if math.isfinite(number) and low <= number <= high:
        return number
    if high < math.inf:
        allowed = f"a number in [{low:g}, {high:g}]"
    elif low > -math.inf:
        allowed = f"a finite number >= {low:g}"
    else:
        allowed = "a finite number"
    raise ValueError(f"{name} must be {allowed}, got {value!r}")


def check_count(name: str, value: object, low: int = 1) -> int:
    """Return ``value`` as an int if it is a whole number (an integer type, no bool) of at least ``low``.

    Raises:
        ValueError: it is not; the message gives the name, the value and the allowed range.
    """
    if isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= low:
        return int(value)
    raise ValueError(f"{name} must be an integer >= {low}, got {value!r}")


def check_counts(name: str, values: object) -> tuple[int, ...]:
    """Return ``values`` as a tuple if it is a sequence of at least one integer >= 1.

    Raises:
        ValueError: it is not; the message gives the name, the value and the allowed range.
    """
    allowed = "a sequence of one or more integers >= 1"
    # A bytes object would pass as a sequence of integers.
    if not isinstance(values, Sequence) or isinstance(values, str | bytes | bytearray) or not values:
        raise ValueError(f"{name} must be {allowed}, got {values!r}")
    return tuple(check_count(f"{name}[{i}]", value) for i, value in enumerate(values))


@dataclass(frozen=True)
class ChaosNeuronParams:
    """Constants of one tick of a neuron, the same for every neuron of a cortex.

    Potentials have no unit; time is counted in ticks. The defaults are those of the published ChaosNet experiments.

    Attributes:
        threshold: potential that must be exceeded for a spike; any finite number.
        noise_std: standard deviation of the Gaussian noise added to the potential each tick; finite, >= 0.
        fail_prob: probability that a spike fails; in [0, 1].
        decay: part of the potential lost each tick; in [0, 1].
        refractory_decay: part of the refractoriness kept each tick; in [0, 1].

    Raises:
        ValueError: a field is outside its range.
    """

    threshold: float = 0.5
    noise_std: float = 0.01
    fail_prob: float = 0.5
    decay: float = 0.02
    refractory_decay: float = 0.95

    def __post_init__(self) -> None:
        """Check every field and store it as a float."""
        object.__setattr__(self, "threshold", check_number("threshold", self.threshold))
        object.__setattr__(self, "noise_std", check_number("noise_std", self.noise_std, low=0.0))
        for name in ("fail_prob", "decay", "refractory_decay"):
            object.__setattr__(self, name, check_number(name, getattr(self, name), low=0.0, high=1.0))


@dataclass(frozen=True)
class CortexParams:
    """Shape of a cortex and the neurons it is made of.

    Attributes:
        input_size: width of the input; >= 1.
        hidden_sizes: neurons of each layer, first to last; any sequence of integers >= 1, stored as a tuple.
        neuron: constants of every neuron.
        inhibitory_fraction: part of the rows of each recurrent matrix that starts with negative signs; in [0, 1].
            Rounded down to whole rows, but never below one row.

    Raises:
        ValueError: a field is outside its range.
    """

    input_size: int
    hidden_sizes: Sequence[int]
    neuron: ChaosNeuronParams = field(default_factory=ChaosNeuronParams)
    inhibitory_fraction: float = 0.2

    def __post_init__(self) -> None:
        """Check every field and store it as an int, a tuple of ints, or a float."""
        object.__setattr__(self, "input_size", check_count("input_size", self.input_size))
        object.__setattr__(self, "hidden_sizes", check_counts("hidden_sizes", self.hidden_sizes))
        if not isinstance(self.neuron, ChaosNeuronParams):
            raise ValueError(f"neuron must be a ChaosNeuronParams, got {self.neuron!r}")
        fraction = check_number("inhibitory_fraction", self.inhibitory_fraction, low=0.0, high=1.0)
        object.__setattr__(self, "inhibitory_fraction", fraction)
