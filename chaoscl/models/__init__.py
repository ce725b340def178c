"""Encoders, trunks, heads, the cross-modal network and the zoo of named models.

``chaoscl.models.build`` makes the networks; it lives apart because it imports Avalanche, which takes seconds.
"""

from chaoscl.models.zoo import AUTO, ZOO, ModelOptions, ModelSpec, check_options, counterpart, find_model

__all__ = ["AUTO", "ZOO", "ModelOptions", "ModelSpec", "check_options", "counterpart", "find_model"]
