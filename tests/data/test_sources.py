from itertools import product
from pathlib import Path

import pytest

from chaoscl.data import DATASETS, Source, choose_source
from chaoscl.data import embedded as embedded_data
from chaoscl.data.sources import describe, fingerprint, note, read
from chaoscl.errors import UserError

OFFICIAL, EMBEDDED = Source("official"), Source("embedded")


@pytest.mark.parametrize(
    ("kind", "data_dir", "environ"),
    list(product((None, "official", "mirror", "embedded"), (False, True), (False, True))),
)
def test_every_combination_of_options(kind, data_dir, environ, tmp_path):
    given, named = tmp_path / "given", tmp_path / "named"
    given.mkdir()
    named.mkdir()
    call = (kind, str(given) if data_dir else None, {"CHAOSCL_DATA": str(named)} if environ else {})
    if data_dir and kind in ("official", "embedded"):
        with pytest.raises(UserError, match=f"--data {kind} and --data-dir .*given contradict each other"):
            choose_source(*call)
    elif kind == "mirror" and not data_dir and not environ:
        with pytest.raises(UserError, match=r"--data mirror needs a folder: .*--data-dir.*CHAOSCL_DATA"):
            choose_source(*call)
    elif kind in ("official", "embedded"):
        assert choose_source(*call) == Source(kind)
    elif data_dir:
        assert choose_source(*call) == Source("mirror", given)
    else:
        assert choose_source(*call) == (Source("mirror", named) if environ else OFFICIAL)


@pytest.mark.parametrize("kind", [None, "mirror"])
@pytest.mark.parametrize("option", ["--data-dir", "CHAOSCL_DATA"])
def test_a_folder_that_is_not_there_is_named_with_the_option_that_named_it(kind, option, tmp_path):
    gone = tmp_path / "gone"
    file = tmp_path / "file"
    file.touch()
    for wrong in (gone, file):
        by_option = (kind, str(wrong), {})
        by_variable = (kind, None, {"CHAOSCL_DATA": str(wrong)})
        with pytest.raises(UserError, match=f"^{option} {wrong}: no such folder; .*--data embedded"):
            choose_source(*(by_option if option == "--data-dir" else by_variable))


@pytest.mark.parametrize("kind", ["official", "embedded"])
def test_a_missing_folder_in_the_environment_does_not_matter_to_a_source_without_folder(kind):
    assert choose_source(kind, None, {"CHAOSCL_DATA": "/nowhere"}) == Source(kind)


def test_the_environment_of_the_process_is_looked_up(monkeypatch, tmp_path):
    assert choose_source() == OFFICIAL
    monkeypatch.setenv("CHAOSCL_DATA", str(tmp_path))
    assert choose_source() == Source("mirror", tmp_path)
    monkeypatch.setenv("CHAOSCL_DATA", "")
    assert choose_source() == OFFICIAL


@pytest.mark.parametrize("environ", [{}, {"CHAOSCL_DATA": "/nowhere"}])
@pytest.mark.parametrize("kind", [None, "mirror"])
def test_an_empty_data_dir_is_not_taken_for_another_source(kind, environ):
    with pytest.raises(UserError, match="--data-dir is empty"):
        choose_source(kind, "", environ)


def test_an_unknown_kind_is_refused_with_the_kinds_there_are():
    with pytest.raises(UserError, match="unknown --data 'offical'; there are: official, mirror, embedded"):
        choose_source("offical", None, {})


@pytest.mark.parametrize("source", [OFFICIAL, EMBEDDED, Source("mirror", Path("/nowhere"))])
def test_addition_is_generated_from_every_source(source, tmp_path):
    addition = DATASETS["addition"]
    assert describe(addition, source) == "generated"
    assert fingerprint(addition, source) == "addition-1"
    assert len(read(addition, source, "train", tmp_path).labels) == 178
    assert "stand-in" not in note(addition, source)
    assert list(tmp_path.iterdir()) == []


def test_what_tables_call_a_source(tiny):
    mnist = DATASETS["mnist"]
    kinds = (OFFICIAL, EMBEDDED, Source("mirror", tiny.folder))
    assert [describe(mnist, source) for source in kinds] == ["official", "embedded", "mirror"]


def test_notes_tell_deviations(tiny):
    tiny.manifest()
    source = Source("mirror", tiny.folder)
    assert note(DATASETS["mnist"], source) == "train: train remark test: test remark"
    assert note(DATASETS["emnist_letters"], source) == "official labels start at 1; here at 0."
    assert note(DATASETS["mnist"], OFFICIAL) == ""
    assert note(DATASETS["imdb"], OFFICIAL) == "123 texts are in both official splits."
    assert note(DATASETS["imdb"], EMBEDDED).endswith("generated stand-in, not IMDB")


def test_fingerprints_tell_sources_and_data_sets_apart(tiny):
    prints = [fingerprint(one, OFFICIAL) for one in DATASETS.values()]
    assert len(set(prints)) == len(DATASETS)
    mnist = DATASETS["mnist"]
    sources = (OFFICIAL, EMBEDDED, Source("mirror", tiny.folder))
    assert len({fingerprint(mnist, source) for source in sources}) == 3
    assert fingerprint(mnist, EMBEDDED) == f"embedded-{embedded_data.GENERATOR_VERSION}"


def test_reading_goes_to_the_source_that_was_asked_for(tiny, monkeypatch, tmp_path):
    mnist = DATASETS["mnist"]
    assert len(read(mnist, Source("mirror", tiny.folder), "test", tmp_path).labels) == 4
    assert len(read(mnist, EMBEDDED, "test", tmp_path).labels) == 600
    monkeypatch.setattr("chaoscl.data.official.read", lambda *call: call)
    assert read(mnist, OFFICIAL, "test", tmp_path) == (mnist, tmp_path, "test")
