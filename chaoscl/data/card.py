"""Cards: what each data set is, how large its official splits are, and how it is prepared.

A card describes the official release. What a run really saw (row counts, hashes) is in its ``data.csv``.
"""

from dataclasses import dataclass
from typing import Literal

from chaoscl.errors import UserError
from chaoscl.registry import Origin, check_name

Modality = Literal["text", "image"]
_TEXT_LENGTH, _VOCABULARY, _MIN_FREQUENCY = 128, 20_000, 5


@dataclass(frozen=True)
class Card:
    r"""What a data set is.

    Attributes:
        name: the name used in streams, folders and tables.
        modality: ``text`` or ``image``; it decides the kind of encoder.
        classes: class names in label order, labels 0 .. len(classes) - 1; at least two.
        shape: of one prepared sample: (channels, height, width) for images, (tokens,) for texts.
        title: the name used in text; by default ``name``.
        kind: the task that its labels pose.
        train_rows: rows of the official training split; 0 if there is no official release.
        test_rows: rows of the official test split.
        mean: of the pixels, a channel, in units of the full range 0..1 (images).
        std: of the pixels, likewise.
        vocabulary: the most entries a vocabulary may have, padding and unknown included (texts).
        min_frequency: how often a token must occur in the training split to enter the vocabulary (texts).
        tokens: ``words`` (regex ``\w+`` on lower-cased text) or ``characters`` (texts).
        official: where the official release is: a torchvision class, or a Hugging Face data set at a revision.
        licence: terms of use as its authors state them.
        citation: what to cite.
        note: what a reader of a result should know.
    """

    name: str
    modality: Modality
    classes: tuple[str, ...]
    shape: tuple[int, ...] = (_TEXT_LENGTH,)
    title: str = ""
    kind: str = "class"
    train_rows: int = 0
    test_rows: int = 0
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    vocabulary: int = _VOCABULARY
    min_frequency: int = _MIN_FREQUENCY
    tokens: Literal["words", "characters"] = "words"
    official: str = ""
    licence: str = "not stated"
    citation: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        check_name("data set", self.name, Origin("its card"))
        for name in ("classes", "shape", "mean", "std"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.title:
            object.__setattr__(self, "title", self.name)
        fault = self._fault()
        if fault:
            raise UserError(f"card of data set '{self.name}': {fault}")
        if self.modality == "image":
            channels = self.shape[0]
            object.__setattr__(self, "vocabulary", 0)
            object.__setattr__(self, "min_frequency", 0)
            object.__setattr__(self, "mean", self.mean or (0.5,) * channels)
            object.__setattr__(self, "std", self.std or (0.5,) * channels)

    def _fault(self) -> str:
        """Return what is wrong with the card; empty if nothing is."""
        if self.modality not in ("text", "image"):
            return f"modality '{self.modality}' is neither text nor image"
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes):
            return "it needs at least two classes, each named once"
        if any(size < 1 for size in self.shape) or len(self.shape) != (1 if self.modality == "text" else 3):
            wanted = "(tokens,)" if self.modality == "text" else "(channels, height, width)"
            return f"shape {self.shape} is not {wanted}, whole numbers of at least 1"
        channels = self.shape[0] if self.modality == "image" else 0
        if any(values and len(values) != channels for values in (self.mean, self.std)) or 0 in self.std:
            return f"mean and std need one number for each of {channels} channels, std above 0"
        return ""
