"""Hyper-parameters of baselines, trunks and encoders: value, source, allowed range, and where a search looks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from chaoscl.errors import UserError, unknown

Value = float | int | str


@dataclass(frozen=True)
class SearchRange:
    """Where ``chaoscl tune`` looks for a value: between ``low`` and ``high``, on a logarithmic scale or not."""

    low: float
    high: float
    log: bool = True

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            scale = "on a logarithmic scale" if self.log else "on a linear scale"
            raise UserError(f"there is nothing to search from {self.low:g} to {self.high:g} {scale}")


@dataclass(frozen=True)
class Range:
    """The values that a hyper-parameter can have.

    Attributes:
        low: the smallest.
        high: the largest; None for no limit.
        exclusive: whether ``low`` itself is left out.
        each: what ``low`` is counted for: once for each task of the stream, for each of its classes, or once ("").
    """

    low: float
    high: float | None = None
    exclusive: bool = False
    each: Literal["", "task", "class"] = ""

    def __contains__(self, value: float) -> bool:
        return (value > self.low if self.exclusive else value >= self.low) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        least = f"{'above' if self.exclusive else 'at least'} {self.low:g}"
        return least if self.high is None else f"{least} and at most {self.high:g}"


@dataclass(frozen=True)
class HyperParameter:
    """A hyper-parameter: its value, where that comes from, what it can be, and where a better one may be sought.

    Attributes:
        value: used when nothing else is said.
        source: paper, or how it was fixed.
        search: None for what is a budget rather than a choice, such as the samples in a memory.
        range: the numbers that it can have; None for text, or for any number.
        choices: the texts that it can have; empty for a number, or for any text.
    """

    value: Value
    source: str
    search: SearchRange | None = None
    range: Range | None = None
    choices: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse a value outside range or search, or a search outside the range.

        Raises:
            UserError: which it is.
        """
        if isinstance(self.value, str):
            if self.choices and self.value not in self.choices:
                raise UserError(f"its value '{self.value}' is none of {', '.join(self.choices)}")
            return
        search = self.search
        numbers = {"its value": self.value}
        if search is not None:
            numbers |= {"its search from": search.low, "its search to": search.high}
            if not search.low <= self.value <= search.high:
                raise UserError(f"its value {self.value:g} lies outside its search, {search.low:g} to {search.high:g}")
        for what, number in numbers.items():
            if self.range is not None and number not in self.range:
                raise UserError(f"{what} {number:g} lies outside its range, {self.range}")


def check_all(parameters: Mapping[str, HyperParameter]) -> None:
    """Check each hyper-parameter's value, search and range.

    Raises:
        UserError: which parameter, and what is wrong with it.
    """
    for name, parameter in parameters.items():
        try:
            parameter.check()
        except UserError as error:
            raise UserError(f"hyper-parameter {name}: {error}") from error


def changed_values(
    parameters: Mapping[str, HyperParameter], changed: Mapping[str, Value] | None = None
) -> dict[str, Value]:
    """Return the values of hyper-parameters by name.

    Args:
        parameters: by name.
        changed: values to use instead, each turned into the type of the parameter's own.

    Raises:
        UserError: there is no such parameter, or its value has another type or lies outside its range.
    """
    values = {name: parameter.value for name, parameter in parameters.items()}
    for name, value in (changed or {}).items():
        if name not in values:
            raise unknown("hyper-parameter", name, values or ["none"])
        parameter = parameters[name]
        values[name] = typed(name, value, type(parameter.value))
        number = values[name]
        if isinstance(number, str):
            if parameter.choices and number not in parameter.choices:
                raise unknown(f"value of {name}", number, parameter.choices)
        elif parameter.range is not None and number not in parameter.range:
            raise UserError(f"hyper-parameter {name} = {number:g}: it must be {parameter.range}")
    return values


def typed(name: str, value: Value, kind: type) -> Value:
    """Return a value in the type of its parameter.

    Raises:
        UserError: it is no finite number, or not a whole one where one is needed.
    """
    if kind is str:
        return str(value)
    try:
        number = float(value)
    except ValueError as error:
        raise UserError(f"hyper-parameter {name} = '{value}': a number is needed") from error
    if not math.isfinite(number) or (kind is int and not number.is_integer()):
        raise UserError(
            f"hyper-parameter {name} = '{value}': a {'whole' if kind is int else 'finite'} number is needed"
        )
    return kind(number)
