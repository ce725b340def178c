"""The wheel and the sdist hold everything: what is installed from them runs outside of the checkout."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """
import chaoscl

if __name__ == "__main__":
    print(chaoscl.__file__)
    frames = chaoscl.run("addition", "mlp256", ["naive", "ewc"], 2, recipe="online", jobs=2, out="o2", kernel="torch")
    assert len(frames["summary.csv"])
"""


def run(*words, cwd, path=None):
    """Run a program; return its stdout, and fail with its stderr."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=280, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the folder of the wheel and the sdist of this checkout."""
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "hatchling", "build", "-d", str(folder), cwd=ROOT)
    return folder


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_what_is_installed_runs_outside_of_the_checkout(built, kind, tmp_path):
    (archive,) = built.glob(kind)
    site, place = tmp_path / "site", tmp_path / "empty"
    place.mkdir()
    install = ("install", "--quiet", "--no-deps", "--no-build-isolation", "--target", str(site), str(archive))
    run(sys.executable, "-m", "pip", *install, cwd=tmp_path)
    assert not (site / "benchmarks").exists()
    chaoscl = (sys.executable, "-m", "chaoscl")
    quick = ("--stream", "addition", "--model", "chaos256", "--recipe", "online", "--seeds", "1", "--jobs", "1")
    run(*chaoscl, "run", *quick, "--data", "embedded", "--baselines", "naive,gem", "--out", "o", cwd=place, path=site)
    assert "chaoscl run --stream addition" in (place / "o" / "command.txt").read_text()
    run(*chaoscl, "report", "o", cwd=place, path=site)
    assert (place / "report.html").stat().st_size > 10_000
    listed = run(*chaoscl, "list", cwd=place, path=site)
    assert all(name in listed for name in ("derpp", "long-20", "chaos4k", "gru", "lenet5", "cifar10"))
    assert "baseline replay: ok" in run(*chaoscl, "test", "replay", cwd=place, path=site)
    (place / "script.py").write_text(SCRIPT, encoding="utf-8")
    assert str(site) in run(sys.executable, "script.py", cwd=place, path=site)
