"""Where transfer to a task that is not yet learned can be measured: where an earlier task trained its head.

A head that no earlier task trained answers by its initial weights: before its task is learned the accuracy is chance,
and its difference from the untrained model is chance minus chance.
"""

from collections.abc import Sequence

TRANSFER = ("forward_transfer", "forward_transfer_raw")
"""Metrics that are defined only where every task after the first shares its head with an earlier one."""
OWN_HEADS = {"task": "each task has a head of its own", "class": "each task has outputs of its own"}
"""Scenarios in which no two tasks share a head, and the reason."""


def known_heads(scenario: str, tasks: int) -> tuple[int, ...] | None:
    """Return the head of each task where the scenario alone decides it, else None (domain-incremental).

    Args:
        scenario: ``task``, ``domain`` or ``class``.
        tasks: number of tasks.
    """
    return tuple(range(tasks)) if scenario in OWN_HEADS else None


def heads_are_shared(heads: Sequence[int]) -> bool:
    """Say whether every task after the first is answered by a head that an earlier task trained."""
    return all(head in heads[:position] for position, head in enumerate(heads) if position > 0)


def reason(scenario: str) -> str:
    """Return why forward transfer is not defined in a scenario, as one sentence."""
    why = OWN_HEADS.get(scenario, "a task has a head that no earlier task trained")
    return (
        f"Forward transfer is not defined: {why}, untrained until the task is learned, so its answers before that are"
        " chance."
    )
