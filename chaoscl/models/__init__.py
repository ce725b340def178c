"""Encoders, trunks, heads, the cross-modal network and the named models.

``chaoscl.models.build`` makes the networks; it lives apart because it imports Avalanche, which takes seconds.
"""

from chaoscl.models.encoder import ENCODERS, Encoder, EncoderSetup
from chaoscl.models.trunk import TRUNKS, Trunk, TrunkSetup
from chaoscl.models.zoo import MODELS, Model, counterpart, find_model, model_list

__all__ = [
    "ENCODERS",
    "MODELS",
    "TRUNKS",
    "Encoder",
    "EncoderSetup",
    "Model",
    "Trunk",
    "TrunkSetup",
    "counterpart",
    "find_model",
    "model_list",
]
