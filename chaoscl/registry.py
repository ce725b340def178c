"""Parts of a benchmark (baselines, data sets, models, ...) by name, and where each comes from.

A part is an object of its kind's type in a Python module. Parts are found in three places, always in addition: in this
package, in installed packages by entry points of the group ``chaoscl``, and in what :func:`include` is given.
"""

import hashlib
import importlib
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from chaoscl.errors import UserError, unknown

T = TypeVar("T")
GROUP = "chaoscl"
"""Entry-point group in which installed packages name modules with parts."""
ENVIRONMENT = "CHAOSCL_INCLUDE"
"""Environment variable with further files, folders and modules, separated by ``os.pathsep``."""
MODULE_PREFIX = "chaoscl_parts_"
"""Start of the names under which files with parts are imported."""
PACKAGE = "chaoscl"
ATTACHED = "__chaoscl_part__"
"""Attribute by which a decorated function carries the part that it was made."""


@dataclass(frozen=True)
class Origin:
    """Where a part was defined.

    Attributes:
        place: ``chaoscl`` for the package's own, ``package NAME`` for an installed one, else a path or module name.
        sha256: of the file that defines it; empty where that is not known.
    """

    place: str = PACKAGE
    sha256: str = ""


class Registry(Mapping[str, T]):
    """The parts of one kind, by name.

    Args:
        kind: what one is called in messages, such as ``baseline``.
        type_: of its objects: frozen dataclasses with the fields ``name`` and ``origin``.
        builtin: returns the package's own parts; called when the registry is first read.
    """

    def __init__(self, kind: str, type_: type[T], builtin: Callable[[], Iterable[T]] = tuple) -> None:
        self.kind = kind
        self.type = type_
        self._builtin: Callable[[], Iterable[T]] | None = builtin
        self._parts: dict[str, T] = {}
        REGISTRIES[kind] = self

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __contains__(self, name: object) -> bool:
        return name in self._all()

    def __getitem__(self, name: str) -> T:
        """Return the part called ``name``.

        Raises:
            UserError: there is none; the message guesses which was meant.
        """
        parts = self._all()
        if name not in parts:
            raise unknown(self.kind, name, parts)
        return parts[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return the part called ``name``, or ``default`` if there is none."""
        return self._all().get(name, default)

    def add(self, part: T, origin: Origin, default_name: str = "") -> None:
        """Register a part under its name; one that is registered already is left alone.

        Args:
            part: an object of this registry's type.
            origin: where it was defined.
            default_name: of a part that does not name itself, such as the stem of its file.

        Raises:
            UserError: another part has the name, or the name cannot be typed in a command.
        """
        parts = self._all()
        name = part.name or default_name  # type: ignore[attr-defined]
        if any(part is one for one in parts.values()):
            return
        check_name(self.kind, name, origin)
        if name in parts:
            held = parts[name].origin.place  # type: ignore[attr-defined]
            raise UserError(
                f"{self.kind} '{name}' is defined twice, in {held} and in {origin.place}; rename one of them"
            )
        # The object itself is named, because others of its file may hold it: a stream its data set, a model its trunk.
        object.__setattr__(part, "name", name)
        object.__setattr__(part, "origin", origin)
        parts[name] = part

    def _all(self) -> dict[str, T]:
        if self._builtin is not None:
            builtin, self._builtin = self._builtin, None
            for part in builtin():
                self.add(part, part.origin)  # type: ignore[attr-defined]
        return self._parts


REGISTRIES: dict[str, Registry[Any]] = {}
"""All registries by kind; each room registers its own when it is imported."""
_included: dict[str, ModuleType | None] = {}


def check_name(kind: str, name: str, origin: Origin) -> None:
    """Refuse a name that the grammar of commands (``a,b``, ``a:x=1``, ``a.x=1``, ``f(a)``) would take apart.

    Raises:
        UserError: it is empty or holds such a character.
    """
    if not name or any(character in ",:=.()+ \t\n/\\" for character in name):
        raise UserError(
            f"{kind} '{name}' in {origin.place}: give it a name of letters, digits, '-' and '_', without spaces"
        )


def include(places: Sequence[str]) -> None:
    """Register the parts of files, folders and modules, of ``CHAOSCL_INCLUDE``, and of installed packages.

    Args:
        places: Python files, folders of them, ``module`` or ``module:object``. What was included before is left alone.

    Raises:
        UserError: a place is not there or cannot be imported, or a part's name is taken.
    """
    _import_rooms()
    for entry in importlib.metadata.entry_points(group=GROUP):
        if entry.value not in _included:
            distribution = entry.dist.name if entry.dist is not None else entry.name
            _included[entry.value] = None
            _register(*_imported(entry.value), Origin(f"package {distribution}"))
    extra = [place for place in os.environ.get(ENVIRONMENT, "").split(os.pathsep) if place]
    for place in (*extra, *places):
        _include(place)


def included() -> tuple[str, ...]:
    """Return the absolute paths and module names of all that was included, for another process to include."""
    return tuple(_included)


@contextmanager
def restored() -> Iterator[None]:
    """Leave all registries as they were: for tests and for those who try several versions of a file."""
    _import_rooms()
    held = {kind: dict(one._all()) for kind, one in REGISTRIES.items()}
    places = dict(_included)
    try:
        yield
    finally:
        for kind, parts in held.items():
            REGISTRIES[kind]._parts = parts
        for place in set(_included) - set(places):
            del _included[place]


def load_file(path: Path) -> ModuleType:
    """Import a Python file under a name of its own, by which its classes can be pickled.

    Raises:
        UserError: it cannot be imported.
    """
    name = MODULE_PREFIX + hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8] + "_" + path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except UserError as error:
        del sys.modules[name]
        raise UserError(f"{path}: {error}") from error
    # A part's file is foreign code: whatever it raises is told with the place where it was raised.
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise UserError(
            f"{path} cannot be loaded: {type(error).__name__}: {error} ({_line_of(error, path)})"
        ) from error
    return module


def file_origin(path: Path) -> Origin:
    """Return the origin of parts defined in a file."""
    return Origin(str(path), hashlib.sha256(path.read_bytes()).hexdigest())


def parts_of(objects: Iterable[Any]) -> list[tuple[str, Any]]:
    """Return the kind and the object of each part among ``objects``."""
    _import_rooms()
    parts = [getattr(one, ATTACHED, one) for one in objects if not isinstance(one, type)]
    return [(kind, one) for one in parts for kind, registry in REGISTRIES.items() if type(one) is registry.type]


def _include(place: str) -> None:
    """Register the parts of one place, once."""
    path = Path(place).expanduser()
    if path.is_dir():
        files = sorted(file for file in path.glob("*.py") if not file.name.startswith("_"))
        if not files:
            raise UserError(f"--include {place}: the folder holds no Python file; give files, folders or module:object")
        for file in files:
            _include(str(file))
        return
    if path.is_file():
        key = str(path.resolve())
        if key not in _included:
            module = load_file(path)
            _register(vars(module).values(), path.stem, file_origin(path))
            _included[key] = module
        return
    if place.endswith(".py") or os.sep in place:
        raise UserError(f"--include {place}: there is no such file or folder")
    if place not in _included:
        objects, stem = _imported(place)
        _register(objects, stem, Origin(place, _file_hash(place.partition(":")[0])))
        _included[place] = None


def _imported(place: str) -> tuple[list[Any], str]:
    """Return the objects that ``module`` or ``module:object`` names, and the module's last name."""
    module_name, _, attribute = place.partition(":")
    try:
        module = importlib.import_module(module_name)
        return [getattr(module, attribute)] if attribute else list(vars(module).values()), module_name.split(".")[-1]
    except (ImportError, AttributeError) as error:
        raise UserError(f"--include {place}: {error}; give a file, a folder, module or module:object") from error


def _register(objects: Iterable[Any], stem: str, origin: Origin) -> None:
    """Register every part among ``objects``; one without a name has the module's, if it is the only such of its kind.

    Raises:
        UserError: there is no part, or several of one kind lack a name.
    """
    found = parts_of(objects)
    if not found:
        kinds = ", ".join(sorted(registry.type.__name__ for registry in REGISTRIES.values()))
        raise UserError(f"{origin.place} defines no part; it needs an object of one of these types: {kinds}")
    unnamed = [kind for kind, part in found if not part.name]
    for kind in set(unnamed):
        if unnamed.count(kind) > 1:
            raise UserError(f"{origin.place} defines {unnamed.count(kind)} {kind}s without a name; give each name=...")
    for kind, part in found:
        REGISTRIES[kind].add(part, origin, stem)


def _file_hash(module_name: str) -> str:
    """Return the SHA-256 of a module's file; empty for one without a file."""
    file = getattr(sys.modules.get(module_name), "__file__", None)
    return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""


def _line_of(error: BaseException, path: Path) -> str:
    """Return where in ``path`` an error was raised, or the type of a syntax error's place."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f"line {error.lineno}"
    line, traceback = 0, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return f"line {line}"


def _import_rooms() -> None:
    """Import the modules that define registries."""
    for name in ROOMS:
        importlib.import_module(name)


ROOMS = (
    "chaoscl.data.dataset",
    "chaoscl.streams.catalogue",
    "chaoscl.models.trunk",
    "chaoscl.models.encoder",
    "chaoscl.models.zoo",
    "chaoscl.runs.recipes",
    "chaoscl.runs.baseline",
    "chaoscl.evaluation.metrics",
    "chaoscl.reports.figure_kind",
)
"""Modules that define a registry each."""
