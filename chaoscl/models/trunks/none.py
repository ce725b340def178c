"""No trunk: heads read the embedding itself. What do the encoders and heads do alone?"""

from typing import Any

from chaoscl.models.trunk import Trunk, TrunkSetup


def build(setup: TrunkSetup) -> Any:
    """Return the identity."""
    from torch.nn import Identity

    return Identity()


def width(inputs: int, hidden: tuple[int, ...]) -> int:
    """Return the width of the embedding."""
    return inputs


TRUNK = Trunk(summary="heads read the embedding itself", build=build, width=width)
