"""``chaoscl doctor``: what this machine has of what a run needs."""

import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, requires
from typing import Any

from chaoscl.commands.look import AsJson, told
from chaoscl.runs.provenance import installed_versions


def doctor(as_json: AsJson = False) -> int:
    """Show versions, device, data, cache and W&B login; exit status 1 if something that a run needs is missing."""
    found, problems = examine()
    if as_json:
        sys.stdout.write(json.dumps({**found, "problems": problems}, indent=1) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in told(found)))
        sys.stdout.write("".join(f"problem: {line}\n" for line in problems) or "nothing is missing\n")
    return 1 if problems else 0


def examine() -> tuple[dict[str, Any], list[str]]:
    """Return what is there by subject, and a line for each thing that is missing."""
    versions, problems = _versions()
    data, missing = _data()
    return {"versions": versions, "device": _device(), "data": data, "cache": _cache(), "wandb": _wandb()}, [
        *problems,
        *missing,
    ]


def _versions() -> tuple[dict[str, str], list[str]]:
    """Return the versions of Python and of what pyproject.toml lists, and what of it is not installed."""
    from packaging.requirements import Requirement

    try:
        needed = [Requirement(line) for line in requires("chaoscl") or []]
    except PackageNotFoundError:
        return {"python": platform.python_version()}, ["chaoscl is not installed: pip install -e . in the checkout"]
    names = [one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    found = installed_versions(["chaoscl", *names])
    missing = [name for name in ("chaoscl", *names) if name not in found]
    return {"python": platform.python_version(), **found}, [
        f"package {name} is not installed: pip install {name}" for name in missing
    ]


def _device() -> dict[str, Any]:
    import torch

    gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return {"cores": os.cpu_count(), "gpus": gpus or "none"}


def _data() -> tuple[dict[str, Any], list[str]]:
    """Return where data would come from, and which data sets a mirror folder lacks."""
    from chaoscl.data import DATASETS, choose_source
    from chaoscl.errors import UserError

    try:
        source = choose_source()
    except UserError as error:
        return {"source": "none"}, [str(error)]
    names = [dataset.name for dataset in DATASETS.values() if not dataset.source]
    if source.folder is None:
        return {"source": source.kind, "downloaded when needed": names}, []
    held = {
        name: all((source.folder / name / f"{split}.parquet").is_file() for split in ("train", "test"))
        for name in names
    }
    there = [name for name, whole in held.items() if whole]
    lacking = [name for name, whole in held.items() if not whole]
    return {"source": source.kind, "folder": str(source.folder), "there": there, "not there": lacking}, []


def _cache() -> dict[str, Any]:
    from chaoscl.data import default_cache

    folder = default_cache()
    prepared = sorted(path.parent.name for path in folder.glob("prepared/*/meta.json"))
    near = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return {"folder": str(folder), "writable": os.access(near, os.W_OK), "prepared": prepared}


def _wandb() -> dict[str, Any]:
    from chaoscl.reports.wandb_log import login_problem

    name = "wandb-workspaces"
    reports = installed_versions([name]).get(name, "not installed; chaoscl report --wandb needs it")
    return {"login": login_problem() or "works", name: reports}
