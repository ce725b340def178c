"""Models: a trunk, encoders and their hyper-parameters, by name or as a name with changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from chaoscl.errors import UserError, unknown
from chaoscl.hyper import HyperParameter, Value, changed_values
from chaoscl.models.encoder import ENCODERS, Encoder, sizes_of
from chaoscl.models.trunk import TRUNKS, Trunk
from chaoscl.registry import Origin, Registry

EncoderLayout = Literal["dataset", "modality"]
_LAYOUTS = ("dataset", "modality")
_STRUCTURE = ("trunk", "embedding", "hidden", "text", "image", "encoders")
"""What an expression can change besides hyper-parameters."""


@dataclass(frozen=True)
class Model:
    """A network for any stream: encoders, one shared trunk, and heads that the stream decides.

    Attributes:
        name: in commands and tables.
        summary: one line for lists.
        trunk: what all tasks share.
        embedding: width of the embedding, which is the trunk's input.
        hidden: widths of the trunk's layers.
        text: encoder of texts.
        image: encoder of images.
        encoders: ``dataset``, an encoder for each data set, as ChaosNet has; or ``modality``, one for all texts and one
            for all images, which is harder, because tasks then interfere in the encoder too.
        values: hyper-parameters of trunk and encoders by name, where they are not the parts' own; one that several
            parts have is given to all of them.
        origin: where it was defined; set by the registry.
    """

    name: str
    summary: str
    trunk: Trunk
    embedding: int
    hidden: tuple[int, ...]
    text: Encoder
    image: Encoder
    encoders: EncoderLayout = "dataset"
    values: Mapping[str, Value] = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))
        if self.embedding < 1 or not self.hidden or min(self.hidden) < 1:
            raise UserError(f"model '{self.name}': embedding and hidden need whole numbers of at least 1")
        if self.encoders not in _LAYOUTS:
            raise UserError(f"model '{self.name}': encoders={self.encoders} is none of {', '.join(_LAYOUTS)}")
        if self.text.modality != "text" or self.image.modality != "image":
            raise UserError(f"model '{self.name}': {self.text.name} and {self.image.name} must encode text and image")
        try:
            typed = changed_values(self.hyper, self.values)
        except UserError as error:
            raise UserError(f"model '{self.name}': {error}") from error
        object.__setattr__(self, "values", {name: typed[name] for name in self.hyper if name in self.values})

    @property
    def parts(self) -> tuple[Trunk | Encoder, ...]:
        """Trunk and encoders."""
        return (self.trunk, self.text, self.image)

    @property
    def hyper(self) -> dict[str, HyperParameter]:
        """The hyper-parameters of trunk and encoders, by name."""
        return {name: one for part in reversed(self.parts) for name, one in part.hyper.items()}

    def values_of(self, part: Trunk | Encoder) -> dict[str, Value]:
        """Return all hyper-parameters of a part by name: the model's value, or the part's own."""
        return {name: self.values.get(name, one.value) for name, one in part.hyper.items()}

    def has_fused(self, device: str = "cpu") -> bool:
        """Whether a fused kernel has anything to do: the trunk's, or on a CPU the image encoder's."""
        if self.trunk.name == "cortex":
            return self.trunk.fused(self.values_of(self.trunk), self.hidden)
        return self.trunk.fused(self.values_of(self.trunk), self.hidden) or (self.image.fused and device == "cpu")

    @property
    def facts(self) -> dict[str, Any]:
        """All that determines the network, in plain values: what a run's hash and its spec.json hold."""
        return {
            "embedding": self.embedding,
            "hidden": list(self.hidden),
            "encoders": self.encoders,
            **{kind: getattr(self, kind).name for kind in ("trunk", "text", "image")},
            "values": {name: self.values.get(name, one.value) for name, one in self.hyper.items()},
        }


def _own() -> Iterable[Model]:
    """Return the package's own models."""
    cortex, mlp = TRUNKS["cortex"], TRUNKS["mlp"]
    mean, conv, pixels = ENCODERS["mean"], ENCODERS["conv"], ENCODERS["pixels"]
    found = []
    for size, embedding, hidden, channels, ticks, fail_prob in (
        ("256", 8, 32, "16+32", 15, 0.5),
        ("2k", 16, 64, "32+64", 10, 0.5),
        ("4k", 32, 128, "32+64", 10, 0.3),
    ):
        core = Model(
            f"chaos{size}",
            f"ChaosNet's {size.upper()} core: {embedding} -> {hidden}, {ticks} ticks, {fail_prob:.0%} failures",
            cortex,
            embedding,
            (hidden,),
            mean,
            conv,
            values={"ticks": ticks, "fail_prob": fail_prob, "channels": channels},
        )
        said = f"the same encoders and heads, the core replaced by Linear + ReLU, {embedding} -> {hidden}"
        found += [core, replace(core, name=f"mlp{size}", summary=said, trunk=mlp, values={"channels": channels})]
    for width, stream in ((400, "split MNIST"), (1000, "permuted MNIST")):
        said = f"pixels -> {width} -> {width} -> heads: the network of van de Ven & Tolias 2019 for {stream}"
        found.append(Model(f"mlp{width}", said, mlp, 28 * 28, (width, width), mean, pixels))
    return found


MODELS: Registry[Model] = Registry("model", Model, _own)


def find_model(text: str) -> Model:
    """Return a named model, or one with changes, such as ``chaos2k:fail_prob=0.9,hidden=64+32,trunk=mlp``.

    Args:
        text: a name, then ``:`` and changes ``name=value`` separated by commas: ``trunk``, ``text`` and ``image`` (a
            part of that kind), ``embedding``, ``hidden`` (widths separated by ``+``), ``encoders`` (``dataset`` or
            ``modality``), and any hyper-parameter of trunk and encoders. A value equal to the model's own is left
            out of the name, so that one network has one name.

    Raises:
        UserError: there is no such model, part or hyper-parameter, or a value is wrong.
    """
    base, colon, changes = text.strip().partition(":")
    model = MODELS[base]
    given: dict[str, str] = {}
    for change in changes.split(",") if colon else ():
        name, equals, value = (word.strip() for word in change.partition("="))
        if not equals or not name or not value or name in given:
            raise UserError(f"--model '{text}': '{change}' is no change; write name=value, such as fail_prob=0.9, once")
        given[name] = value
    return changed(model, given, text) if given else model


def changed(model: Model, given: Mapping[str, str], text: str = "") -> Model:
    """Return a model with changes, named by those that make a difference; see :func:`find_model`.

    Raises:
        UserError: a change is not one.
    """
    text = text or model.name
    structure: dict[str, Any] = {}
    for name in _STRUCTURE:
        if name in given:
            structure[name] = _structure(name, given[name], text)
    parts = {name: structure.get(name, getattr(model, name)) for name in ("trunk", "text", "image")}
    known = {name for part in parts.values() for name in part.hyper}
    values: dict[str, Value] = {name: value for name, value in model.values.items() if name in known}
    for name, value in given.items():
        if name not in _STRUCTURE:
            if name not in known:
                raise unknown(f"change in --model '{text}':", name, [*_STRUCTURE, *sorted(known)])
            values[name] = value
    made = replace(model, **structure, values=values)
    # A value that its part has anyway says nothing.
    own = {name: one.value for name, one in made.hyper.items()}
    kept = {name: value for name, value in made.values.items() if value != own[name] or name in model.values}
    prefix = model.name.partition(":")[0]
    return _named(MODELS.get(prefix, model), replace(made, values=kept))


def _structure(name: str, value: str, text: str) -> Any:
    """Return a change of the structure as the model holds it."""
    if name == "trunk":
        return TRUNKS[value]
    if name in ("text", "image"):
        return ENCODERS[value]
    if name == "hidden":
        return sizes_of("hidden", value)
    if name == "embedding":
        return sizes_of("embedding", value, 1)[0]
    if value not in _LAYOUTS:
        raise UserError(f"--model '{text}': encoders={value} is none of {', '.join(_LAYOUTS)}")
    return value


def _named(base: Model, model: Model) -> Model:
    """Return the model named by what differs from ``base``; by another name that it has already, if it has one."""
    same = [one for one in MODELS.values() if one.facts == model.facts]
    if same:
        return same[0]
    changes = []
    for name in _STRUCTURE:
        before, now = getattr(base, name), getattr(model, name)
        if before != now:
            changes.append(f"{name}={'+'.join(map(str, now)) if name == 'hidden' else getattr(now, 'name', now)}")
    base_values = {name: base.values.get(name, one.value) for name, one in base.hyper.items()}
    for name, parameter in model.hyper.items():
        value = model.values.get(name, parameter.value)
        if base_values.get(name) != value and (name in base_values or value != parameter.value):
            changes.append(f"{name}={value}")
    return replace(model, name=f"{base.name}:{','.join(changes)}")


def counterpart(model: Model) -> Model:
    """Return the MLP with a model's encoders and widths."""
    return model if model.trunk.name == "mlp" else changed(model, {"trunk": "mlp"})


def model_list(text: str) -> tuple[str, ...]:
    """Return the models that a list names, such as ``chaos2k:ticks=5,fail_prob=0.9,mlp2k``: two here.

    A piece ``name=value`` after a comma belongs to the model before it.
    """
    found: list[str] = []
    for piece in (piece.strip() for piece in text.split(",")):
        if found and "=" in piece and ":" not in piece.partition("=")[0]:
            found[-1] += f",{piece}" if ":" in found[-1] else f":{piece}"
        elif piece:
            found.append(piece)
    return tuple(found)
