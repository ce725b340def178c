import pandas as pd
import pytest

from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.runs.results import check_folder, data_hash, data_kind


def data(*sources):
    rows = [["d", source, 1, 1, 1, 1, "x", ""] for source in sources]
    return pd.DataFrame(rows, columns=schema.DATA.header)


@pytest.mark.parametrize(
    ("held", "kind", "allowed"),
    [
        (["mirror"], "mirror", True),
        (["embedded"], "mirror", False),
        (["mirror"], "embedded", False),
        (["official"], "mirror", False),
        (["generated", "mirror"], "mirror", True),
        (["generated"], "embedded", True),
    ],
)
def test_a_folder_holds_data_of_one_kind(tmp_path, held, kind, allowed):
    schema.write_csv(data(*held), schema.DATA, tmp_path / "data.csv")
    if allowed:
        check_folder(tmp_path, kind)
    else:
        with pytest.raises(UserError, match=f"holds results on {held[0]} data, and this command uses {kind} data"):
            check_folder(tmp_path, kind)


def test_a_new_folder_is_free(tmp_path):
    check_folder(tmp_path / "new", "mirror")


def test_a_foreign_file_is_pointed_out(tmp_path):
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="not ours"):
        check_folder(tmp_path, "mirror")


def test_kind_and_hash_of_a_bank(tiny_bank):
    assert data_kind(tiny_bank("mnist", "ag_news")) == "embedded"
    hashes = {data_hash(tiny_bank(*names)) for names in (("mnist",), ("ag_news",), ("mnist", "ag_news"))}
    assert len(hashes) == 3
    assert all(len(one) == 12 for one in hashes)
