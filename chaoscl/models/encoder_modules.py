"""Encoders: from prepared samples to the embedding that the shared trunk reads. Architectures as in ChaosNet's scripts.

Two layouts. ``dataset``: an encoder for each data set, ChaosNet's. ``modality``: one for all texts and one for all
images, which is harder, because tasks then interfere in the encoder too. The encoder is chosen by where a sample
comes from, never by its task label.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from chaoscl.cortex.kernels import check_kernel
from chaoscl.cortex.transforms import is_in_memory
from chaoscl.errors import UserError

Kernel = Literal["torch", "fused"]
ImagePool = Literal["flatten", "global"]


class TextEncoder(nn.Module):
    """Mean of token embeddings over the tokens that are not padding.

    Args:
        vocabulary: number of token embeddings, padding (0) and unknown (1) included.
        size: of the embedding.
    """

    def __init__(self, vocabulary: int, size: int) -> None:
        super().__init__()
        self.table = nn.Embedding(vocabulary, size, padding_idx=0)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens, int (n, length), to embeddings (n, size); a text without tokens becomes zeros."""
        # The padding row is zero and gets no gradient, so the sum needs no mask.
        count = (tokens != 0).sum(dim=1, keepdim=True).clamp(min=1)
        return self.table(tokens).sum(dim=1) / count


class TransformerEncoder(nn.Module):
    """A Transformer over tokens with learned positions; its answer is the mean over the tokens that are not padding.

    Args:
        vocabulary: number of tokens, padding (0) and unknown (1) included.
        length: tokens of a text.
        size: width of the embedding.
        width: of the layers.
        layers: how many.
        heads: of the attention; they divide ``width``.
    """

    def __init__(self, vocabulary: int, length: int, size: int, width: int, layers: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise UserError(f"width={width}: it must be a multiple of heads={heads}")
        self.table = nn.Embedding(vocabulary, width, padding_idx=0)
        self.positions = nn.Parameter(torch.randn(length, width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.project = nn.Linear(width, size)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens, int (n, length), to embeddings (n, size); a text without tokens becomes the read-out's bias."""
        present = (tokens != 0).unsqueeze(2)
        # Attention without a single key is not defined, so an empty text attends to its first place.
        hidden = tokens == 0
        hidden[:, 0] = False
        features = self.layers(self.table(tokens) + self.positions, src_key_padding_mask=hidden)
        count = present.sum(dim=1).clamp(min=1)
        return self.project((features * present).sum(dim=1) / count)


class ImageEncoder(nn.Module):
    """Two blocks of convolution, batch norm, ReLU and max-pooling, then a projection with ReLU.

    Weights and maps are kept in channels-last memory, which oneDNN convolves faster on a CPU.

    Args:
        shape: (channels, height, width) of an image.
        size: of the embedding.
        channels: of the two convolutions.
        pool: ``flatten`` projects the whole last map; ``global`` averages it over space first.
        kernel: ``fused`` computes the first block as chaoscl.models.first_block does, in float32 on a CPU for pixels
            that need no gradient. Other pixels, no rows, and all pixels under ``torch`` go through torch's modules.
            So do calls that torch traces or transforms (torch.compile, torch.export, torch.func), and all calls while
            a hook waits for a module of the block: the modules are the same function, with other rounding.

    Attributes:
        kernel: as given.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        size: int,
        channels: tuple[int, ...],
        pool: ImagePool,
        kernel: Kernel = "torch",
    ) -> None:
        super().__init__()
        self.kernel = kernel
        first, second = channels
        self.blocks = nn.Sequential(_block(shape[0], first), _block(first, second))
        self.pool = nn.AdaptiveAvgPool2d(1) if pool == "global" else nn.Identity()
        features = second if pool == "global" else second * (shape[1] // 4) * (shape[2] // 4)
        self.project = nn.Sequential(nn.Flatten(), nn.Linear(features, size), nn.ReLU())
        self.to(memory_format=torch.channels_last)

    def forward(self, pixels: Tensor) -> Tensor:
        """Map normalised pixels, float (n, channels, height, width), to embeddings (n, size).

        Raises:
            ValueError: the kernel is ``fused``, and numba, which it needs, cannot be imported.
        """
        if self.kernel == "fused" and _can_be_fused(self.blocks, pixels):
            check_kernel("fused")
            # Imported here, because only this needs numba.
            from chaoscl.models.first_block import first_block

            convolution, norm, *_ = cast(nn.Sequential, self.blocks[0])
            maps = self.blocks[1](first_block(pixels, cast(nn.Conv2d, convolution), cast(nn.BatchNorm2d, norm)))
        else:
            maps = self.blocks(pixels.contiguous(memory_format=torch.channels_last))
        return self.project(self.pool(maps))


class PixelEncoder(nn.Module):
    """The pixels themselves; images with another number of values than the trunk reads go through a linear layer.

    Args:
        shape: (channels, height, width) of an image.
        size: of the embedding.
    """

    def __init__(self, shape: tuple[int, ...], size: int) -> None:
        super().__init__()
        values = math.prod(shape)
        self.project = nn.Identity() if values == size else nn.Linear(values, size)

    def forward(self, pixels: Tensor) -> Tensor:
        """Map pixels, float (n, channels, height, width), to embeddings (n, size)."""
        return self.project(pixels.flatten(1))


def _can_be_fused(blocks: nn.Sequential, pixels: Tensor) -> bool:
    """Say whether chaoscl.models.first_block can stand for the first block: what it reads, and that no hook waits."""
    first = cast(nn.Sequential, blocks[0])
    weight = cast(nn.Conv2d, first[0]).weight
    if not is_in_memory(pixels, weight) or pixels.requires_grad or not len(pixels):
        return False
    for module in (blocks, *first.modules()):
        if module._forward_pre_hooks or module._forward_hooks or module._backward_pre_hooks or module._backward_hooks:
            return False
    return all(one.device.type == "cpu" and one.dtype == torch.float32 for one in (pixels, weight))


def _block(inputs: int, outputs: int) -> nn.Sequential:
    # Pooling before ReLU is the same function, since ReLU is monotone, and four times less of it.
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.MaxPool2d(2), nn.ReLU())


class Normalise(nn.Module):
    """From uint8 images (n, channels, height, width) to float ones: minus the mean, over the deviation, a channel.

    Args:
        mean: a channel, in units of the full range 0..1.
        std: likewise.
        canvas: the shape (channels, height, width) to bring images to first: grey becomes three equal channels, and
            black is added evenly around; None leaves them as they are.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float], canvas: tuple[int, ...] | None = None) -> None:
        super().__init__()
        self.canvas = canvas
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1) * 255, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return the normalised images."""
        if self.canvas is not None:
            channels, height, width = self.canvas
            down, across = height - images.shape[2], width - images.shape[3]
            images = functional.pad(images, (across // 2, across - across // 2, down // 2, down - down // 2))
            images = images.expand(-1, channels, -1, -1)
        return (images.to(self.mean.dtype) - self.mean) / self.std


class Renumber(nn.Module):
    """From a data set's own token numbers to those of a vocabulary shared by several.

    Args:
        numbers: int64 (own vocabulary,), the shared number of each own token.
    """

    numbers: Tensor

    def __init__(self, numbers: Tensor) -> None:
        super().__init__()
        self.register_buffer("numbers", numbers, persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map own token numbers (n, length) to shared ones."""
        return self.numbers[tokens]


class Encoders(nn.Module):
    """All encoders of a stream, and for each data set what brings its samples into the encoder's form.

    Args:
        encoders: by name: a data set's, or a modality's.
        adapters: by data set.
        choice: for each data set, the name of its encoder.
        precision: of what autocast computes in the encoders, products and convolutions above all; embeddings leave
            in float32.
    """

    def __init__(
        self,
        encoders: Mapping[str, nn.Module],
        adapters: Mapping[str, nn.Module],
        choice: Mapping[str, str],
        precision: str = "float32",
    ) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict(encoders)
        self.adapters = nn.ModuleDict(adapters)
        self.choice = dict(choice)
        self.precision = precision

    def of(self, dataset: str) -> nn.Module:
        """Return the encoder of a data set."""
        return self.encoders[self.choice[dataset]]

    def forward(self, dataset: str, inputs: Tensor) -> Tensor:
        """Map prepared samples (n, ...) of ``dataset`` to embeddings (n, size)."""
        samples = self.adapters[dataset](inputs)
        if self.precision == "float32":
            return self.of(dataset)(samples)
        with torch.autocast(inputs.device.type, torch.bfloat16):
            return self.of(dataset)(samples).float()


def merge_vocabularies(vocabularies: Mapping[str, Sequence[str]]) -> tuple[int, dict[str, Tensor]]:
    """Return the size of the union of vocabularies and, for each, int64 (own size,): the union's number of its tokens.

    The first two entries, padding and unknown, are the same in all.
    """
    numbers: dict[str, int] = {}
    for vocabulary in vocabularies.values():
        for token in vocabulary:
            numbers.setdefault(token, len(numbers))
    renumbered = {
        name: torch.tensor([numbers[token] for token in vocabulary]) for name, vocabulary in vocabularies.items()
    }
    return len(numbers), renumbered
