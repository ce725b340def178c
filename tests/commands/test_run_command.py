"""The command in command.txt asks for the same runs, and other options get another folder."""

import shlex
import shutil
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chaoscl import api, config, registry
from chaoscl.cli import run_app
from chaoscl.commands.app import build_app
from chaoscl.config import RunConfig, build_sweep
from chaoscl.models import MODELS
from chaoscl.runs.baseline import BASELINES
from chaoscl.runs.recipes import RECIPES
from chaoscl.streams import SCENARIOS

ROOT = Path(__file__).resolve().parents[2]


def asked(*words):
    """Return the configuration that the command makes of its words."""
    noted = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["chaoscl", "run", *words])
        patch.setattr(api, "execute", lambda configured, output: noted.append(configured) or 0)
        assert run_app(build_app()) == 0
    (configured,) = noted
    return configured


def again(configured):
    """Return the configuration that the command of another makes."""
    program, verb, *words = shlex.split(build_sweep(configured).command)
    assert (program, verb) == ("chaoscl", "run")
    return asked(*words)


def command_of(*words):
    return build_sweep(asked(*words)).command


def assert_same_runs(first, second):
    one, two = build_sweep(first), build_sweep(second)
    assert one.specs == two.specs
    assert one.command == two.command
    for kind in ("mirror", "embedded"):
        assert one.default_out(kind) == two.default_out(kind)


HYPER = ("ewc.ewc_lambda=100", "ewc.ewc_lambda=2.5e-05", "replay.memory=50", "lwf.alpha=2", "lwf.temperature=1e1")
requests = st.builds(
    lambda stream, baselines, values, **options: RunConfig(
        stream=stream[0],
        order=stream[1],
        baselines=tuple(baselines),
        hyper=tuple(value for value in values if value.split(".")[0] in baselines),
        **options,
    ),
    st.sampled_from(
        [
            ("text-image", "given"),
            ("ag_news,addition", "2-1"),
            ("seed-three", "all"),
            ("split-mnist", "shuffle"),
            ("long-20", "reversed"),
        ]
    ),
    st.lists(st.sampled_from(["naive", "ewc", "replay", "lwf", "joint"]), min_size=1, unique=True),
    st.lists(st.sampled_from(HYPER), unique=True),
    model=st.lists(
        st.sampled_from([*MODELS, "chaos2k:fail_prob=0.9,hidden=64+32"]), min_size=1, max_size=2, unique=True
    ).map(tuple),
    seeds=st.integers(1, 4),
    scenario=st.sampled_from(SCENARIOS),
    recipe=st.sampled_from(list(RECIPES)),
    train_rows=st.sampled_from([0, 100]),
    kernel=st.sampled_from(["auto", "torch"]),
    precision=st.sampled_from(["float32", "bfloat16"]),
    repetitions=st.integers(1, 4),
    data=st.sampled_from([None, "embedded"]),
    device=st.sampled_from(["auto", "cpu"]),
)


@given(requests)
def test_the_command_of_a_request_asks_for_the_same_runs(request_):
    assert_same_runs(request_, again(request_))
    assert again(request_).data == request_.data


def test_the_command_names_what_was_given_in_other_ways(tmp_path):
    (tmp_path / "my parts").mkdir()
    shutil.copy(ROOT / "baselines" / "naive.py", tmp_path / "my parts" / "my-naive.py")
    chosen = tmp_path / "chosen.csv"
    chosen.write_text(
        "baseline,label,values,score,default_score,trials,tasks,seeds,samples,macs\n"
        'derpp,tuned,"derpp.alpha=0.3,derpp.beta=0.2",0.5,0.4,3,1,1000000,480,1\n'
    )
    for words in (
        ("--reverse",),
        ("--baselines", "all"),
        ("--baselines", "derpp", "--tuned", str(chosen), "--hyper", "derpp.beta=4"),
        ("--include", str(tmp_path / "my parts"), "--baselines", "naive,my-naive"),
    ):
        with registry.restored():
            assert_same_runs(asked(*words), again(asked(*words)))
    assert "--order reversed" in command_of("--reverse")
    others = [name for name in BASELINES if name != "naive"]
    assert ",".join(["naive", *others]) in command_of("--baselines", "all")


def test_what_changes_no_number_is_not_in_the_command(tmp_path):
    words = (
        "--force",
        "--jobs",
        "2",
        "--wandb",
        "offline",
        "--out",
        "o",
        "--data-dir",
        str(tmp_path),
        "--data",
        "mirror",
    )
    words = (*words, "--tensorboard", "t")
    assert command_of(*words) == command_of()


@pytest.mark.parametrize("kind", ["mirror", "embedded"])
def test_folders_of_other_options_have_other_names(kind):
    plain = ("--stream", "ag_news,addition", "--baselines", "ewc,lwf")
    options = [
        (),
        ("--order", "reversed"),
        ("--order", "2-1"),
        ("--order", "all"),
        ("--order", "shuffle"),
        ("--hyper", "ewc.ewc_lambda=1"),
        ("--hyper", "ewc.ewc_lambda=2"),
        ("--hyper", "lwf.alpha=1"),
        ("--hyper", "ewc.ewc_lambda=1,lwf.alpha=1"),
        ("--hyper", "ewc.ewc_lambda=1", "--order", "2-1"),
        ("--scenario", "domain"),
        ("--scenario", "class"),
        ("--recipe", "online"),
        ("--model", "chaos2k:encoders=modality"),
        ("--model", "chaos2k,mlp2k"),
        ("--train-rows", "10"),
        ("--precision", "bfloat16"),
        ("--model", "mlp256"),
        ("--stream", "addition,ag_news"),
    ]
    folders = [build_sweep(asked(*plain, *words)).default_out(kind) for words in options]
    assert len(set(folders)) == len(options)
    assert {folder.parent for folder in folders} == {Path("results/embedded" if kind == "embedded" else "results")}


def test_the_order_of_changed_values_names_no_other_folder():
    one, two = ("ewc.ewc_lambda=1,lwf.alpha=3", "lwf.alpha=3,ewc.ewc_lambda=1")
    words = ("--baselines", "ewc,lwf", "--hyper")
    first, second = (build_sweep(asked(*words, text)).default_out("mirror") for text in (one, two))
    assert first == second


@pytest.mark.parametrize(
    ("asked_for", "used", "remark"), [("auto", "cpu", True), ("cpu", "cpu", False), ("cuda", "cuda", False)]
)
def test_a_cuda_device_is_used_only_where_it_is_asked_for(monkeypatch, asked_for, used, remark):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert config._device(asked_for) == used
    assert bool(api._device_remark(asked_for)) == remark


def test_without_a_cuda_device_there_is_nothing_to_remark():
    assert api._device_remark("auto") is None
