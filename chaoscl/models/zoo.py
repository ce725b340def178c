"""The zoo: the named models. Adding one takes one entry."""

from dataclasses import dataclass
from typing import Literal, get_args

from chaoscl.errors import UserError, unknown

EncoderLayout = Literal["dataset", "modality"]
ImagePool = Literal["flatten", "global"]
TickMode = Literal["recurrent", "replica", "feedback"]
Kernel = Literal["torch", "fused"]
Precision = Literal["float32", "bfloat16"]
AUTO = "auto"
"""In the place of a kernel: the fused one where it is installed and can count."""


@dataclass(frozen=True)
class ModelSpec:
    """A named model.

    Attributes:
        name: in commands and tables.
        summary: one line for lists.
        trunk: ``chaos`` (the cortex) or ``mlp`` (Linear + ReLU of the same widths).
        embedding: size of the embedding, which is the trunk's input.
        hidden: width of the trunk.
        channels: of the image encoder's two convolutions; empty for one that hands on the pixels, 0..1.
        ticks: of the cortex on each input.
        fail_prob: share of spikes that fail, in training and in evaluation.
        depth: layers of an ``mlp`` trunk.
    """

    name: str
    summary: str
    trunk: Literal["chaos", "mlp"]
    embedding: int
    hidden: int
    channels: tuple[int, ...]
    ticks: int = 0
    fail_prob: float = 0.0
    depth: int = 1

    @property
    def uses_kernel(self) -> bool:
        """Whether a kernel has anything to do: spikes to count, or images to convolve."""
        return self.trunk == "chaos" or bool(self.channels)


@dataclass(frozen=True)
class ModelOptions:
    """What can be varied about any model.

    Attributes:
        encoders: ``dataset`` or ``modality``.
        image_pool: ``flatten`` or ``global``.
        mode: of the cortex: ``recurrent``, ``replica`` or ``feedback``.
        kernel: what counts the cortex' spikes and computes the image encoders' first block, ``torch`` or ``fused``; see
            chaoscl.models.kernel.
        precision: in which the encoders compute, ``float32`` or ``bfloat16``; weights are float32 always.
    """

    encoders: EncoderLayout = "dataset"
    image_pool: ImagePool = "flatten"
    mode: TickMode = "recurrent"
    kernel: Kernel = "torch"
    precision: Precision = "float32"


_SHAPES = (
    ("256", 8, 32, (16, 32), 15, 0.5),
    ("2k", 16, 64, (32, 64), 10, 0.5),
    ("4k", 32, 128, (32, 64), 10, 0.3),
)

_PIXELS = 28 * 28

_CORES = {
    model.name: model
    for size, embedding, hidden, channels, ticks, fail_prob in _SHAPES
    for model in (
        ModelSpec(
            f"chaos{size}",
            f"ChaosNet's {size.upper()} core: {embedding} -> {hidden}, {ticks} ticks, {fail_prob:.0%} failures",
            "chaos",
            embedding,
            hidden,
            channels,
            ticks,
            fail_prob,
        ),
        ModelSpec(
            f"mlp{size}",
            f"the same encoders and heads, the core replaced by Linear + ReLU, {embedding} -> {hidden}",
            "mlp",
            embedding,
            hidden,
            channels,
        ),
    )
}

_WIDE = {
    model.name: model
    for model in (
        ModelSpec(
            f"mlp{width}",
            f"pixels -> {width} -> {width} -> heads: the network of van de Ven & Tolias 2019 for {stream}",
            "mlp",
            _PIXELS,
            width,
            (),
            depth=2,
        )
        for width, stream in ((400, "split MNIST"), (1000, "permuted MNIST"))
    )
}

ZOO: dict[str, ModelSpec] = _CORES | _WIDE


def find_model(name: str) -> ModelSpec:
    """Return the model called ``name``.

    Raises:
        UserError: the zoo has no such model.
    """
    if name not in ZOO:
        raise unknown("model", name, ZOO)
    return ZOO[name]


def check_options(
    encoders: str, image_pool: str, mode: str, kernel: str = "torch", precision: str = "float32"
) -> ModelOptions:
    """Return the variations of a model that a command asks for.

    Raises:
        UserError: one of them does not exist.
    """
    for option, value, allowed in (
        ("--encoders", encoders, get_args(EncoderLayout)),
        ("--image-pool", image_pool, get_args(ImagePool)),
        ("--mode", mode, get_args(TickMode)),
        ("--kernel", kernel, get_args(Kernel)),
        ("--precision", precision, get_args(Precision)),
    ):
        if value not in allowed:
            raise UserError(f"unknown {option} '{value}'; there are: {', '.join(allowed)}")
    return ModelOptions(encoders, image_pool, mode, kernel, precision)  # type: ignore[arg-type]


def counterpart(name: str) -> str:
    """Return the name of the MLP with a model's widths."""
    return "mlp" + find_model(name).name.removeprefix("chaos").removeprefix("mlp")
