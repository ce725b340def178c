"""Check a machine with a GPU: the kernel's tests, runs on CUDA beside the CPU's, equal bytes twice, speed.

python benchmarks/cuda_check.py --out build/cuda --data-dir MIRROR

Each part that fails leaves its traceback in report.json, and the others still run; about ten minutes in all.
"""

import json
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from chaoscl.cli import listed, run_command

ROOT = Path(__file__).resolve().parents[1]
TESTS = ("tests/cortex", "tests/models/test_kernel.py")
SHAPES = ((16, 64, 10), (32, 128, 10), (128, 512, 5))
"""Input size, width and ticks of the cortices that are timed."""


def machine() -> dict[str, Any]:
    """Return what the machine is."""
    import torch

    from chaoscl.runs.provenance import computing_versions, environment

    return {
        "device": torch.cuda.get_device_name(),
        "cuda": torch.version.cuda,
        "versions": computing_versions("fused", "cuda"),
        **environment(),
    }


def tests() -> dict[str, Any]:
    """Run the tests that a CUDA device changes, and return the last lines of their output."""
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *TESTS]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=240)
    return {"status": done.returncode, "output": (done.stdout + done.stderr).splitlines()[-25:]}


def kernel() -> dict[str, float]:
    """Return the mean counts of the CPU's and the CUDA kernel, and whether the latter repeats itself under one key."""
    import torch

    from chaoscl.cortex import ChaosNeuronParams, fused, fused_cuda

    neuron = ChaosNeuronParams(fail_prob=0.5, noise_std=0.01)
    current = torch.rand(512, 256, generator=torch.Generator().manual_seed(1)) * 2 - 0.5
    found = {}
    for name in ("count_over_time", "count_replicas"):
        here, _ = getattr(fused, name)(current, 10, neuron, torch.Generator().manual_seed(2), True)
        generator = torch.Generator("cuda").manual_seed(2)
        there, _ = getattr(fused_cuda, name)(current.cuda(), 10, neuron, generator, True)
        found[f"{name}: mean on the CPU"] = float(here.mean())
        found[f"{name}: mean on CUDA"] = float(there.mean())
        again, _ = getattr(fused_cuda, name)(current.cuda(), 10, neuron, torch.Generator("cuda").manual_seed(2), True)
        found[f"{name}: differs from itself"] = float((again != there).float().mean())
    return found


def _run(baseline: str, device: str, kernel_name: str, data_dir: str | None, epochs: int) -> Any:
    """Train text-image once, seed 0, on a mirror's data or on generated ones, and return the outcome."""
    from chaoscl.config import build_spec
    from chaoscl.data import DATASETS, Bank, choose_source, prepare
    from chaoscl.runs.execute import execute

    source = choose_source("mirror" if data_dir else "embedded", data_dir)
    bank = Bank([prepare(DATASETS[name], source) for name in ("ag_news", "mnist")])
    spec = build_spec(
        stream="text-image",
        scenario="task",
        model="chaos2k",
        baseline=baseline,
        seed=0,
        recipe=f"standard:epochs={epochs}",
        kernel=kernel_name,
        device=device,
    )
    return execute(spec, bank)


def trained(baseline: str, device: str, kernel_name: str, data_dir: str | None) -> dict[str, Any]:
    """Return what a run reached and took: one epoch a task on real data, or four on generated data."""
    outcome = _run(baseline, device, kernel_name, data_dir, epochs=1 if data_dir else 4)
    found = {"final": outcome.matrix.mean[-1].tolist(), "sd": outcome.matrix.sd[-1].tolist()}
    return found | {"seconds": outcome.cost.seconds}


def determinism() -> dict[str, bool]:
    """Say of each kernel whether two runs on CUDA leave the same matrix and the same weights."""
    import torch

    same = {}
    for kernel_name in ("torch", "fused"):
        one, two = (_run("replay", "cuda", kernel_name, None, epochs=2) for _ in range(2))
        weights = [outcome.networks[0].state_dict() for outcome in (one, two)]
        same[f"{kernel_name}: matrix"] = one.matrix == two.matrix
        same[f"{kernel_name}: weights"] = all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    return same


def speed() -> list[dict[str, Any]]:
    """Time forward and backward through cortices: medians of 20, in milliseconds."""
    import torch

    from chaoscl.cortex import ChaosCortex, ChaosNeuronParams, CortexParams

    rows = []
    for size, width, ticks in SHAPES:
        for batch in (128, 1024, 8192):
            for device, kernel_name in (("cpu", "fused"), ("cuda", "torch"), ("cuda", "fused")):
                params = CortexParams(size, [width], neuron=ChaosNeuronParams(fail_prob=0.5))
                cortex = ChaosCortex(params, kernel=kernel_name).to(device)
                x = torch.rand(batch, size, device=device)
                times = []
                for _ in range(25):
                    start = time.perf_counter()
                    cortex.integrate(x, ticks, mode="recurrent").sum().backward()
                    if device == "cuda":
                        torch.cuda.synchronize()
                    times.append(1000 * (time.perf_counter() - start))
                shape = f"{size} -> {width}, {ticks} ticks"
                row = {"shape": shape, "batch": batch, "device": device, "kernel": kernel_name}
                rows.append(row | {"ms": sorted(times[5:])[10]})
    return rows


def cuda_check(
    out: Annotated[Path, typer.Option(help="Folder for report.json.")] = Path("build/cuda"),
    data_dir: Annotated[str | None, typer.Option(help="Mirror folder with AG News and MNIST, for real runs.")] = None,
    only: Annotated[str, typer.Option(help="Parts whose names begin so, separated by commas; all by default.")] = "",
) -> int:
    """Run every part and write report.json; the exit status is 1 if a part failed."""
    import torch

    from chaoscl.compat import check_together
    from chaoscl.errors import UserError
    from chaoscl.files import write_atomic

    if not torch.cuda.is_available():
        raise UserError("no CUDA device is there; run this on a machine that has one")
    check_together()
    parts: dict[str, Callable[[], Any]] = {
        "machine": machine,
        "kernel": kernel,
        "determinism": determinism,
        "speed": speed,
        **{
            f"{baseline} on {device}, kernel {kernel_name}": partial(trained, baseline, device, kernel_name, data_dir)
            for baseline in ("naive", "replay")
            for device, kernel_name in (("cuda", "fused"), ("cuda", "torch"), ("cpu", "fused"))
        },
        "tests": tests,
    }
    asked = listed(only) or tuple(parts)
    parts = {name: part for name, part in parts.items() if name.startswith(asked)}
    report: dict[str, Any] = {}
    for name, part in parts.items():
        start = time.perf_counter()
        try:
            report[name] = {"result": part()}
        except Exception:
            report[name] = {"failed": traceback.format_exc().splitlines()}
        report[name]["seconds"] = round(time.perf_counter() - start, 1)
        write_atomic(out / "report.json", json.dumps(report, indent=1) + "\n")
        print(name, json.dumps(report[name])[:1500], flush=True)  # noqa: T201
    return int(any("failed" in part for part in report.values()))


if __name__ == "__main__":
    sys.exit(run_command(cuda_check))
