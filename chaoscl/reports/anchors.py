"""The table of anchors for people."""

import pandas as pd

from chaoscl.reports.estimates import percent


def anchor_table(anchors: pd.DataFrame) -> pd.DataFrame:
    """Return the anchors as text: a row for each published number, ours beside it.

    Args:
        anchors: anchors.csv.
    """
    rows = [
        {
            "scenario": line["scenario"],
            "method": line["method"],
            "baseline": line["baseline"] + (f" ({line['hyper']})" if line["hyper"] else ""),
            "published": f"{line['published']:.1f}",
            "band": f"{line['low']:.1f} to {line['high']:.1f}",
            "ours": percent(line["mean"] / 100, float("nan")),
            "sd": "-" if pd.isna(line["sd"]) else f"{line['sd']:.1f}",
            "seeds": str(line["n"]),
            "inside": "no: a known miss" if line["inside"] == "no" and line["miss"] else line["inside"],
        }
        for line in anchors.to_dict("records")
    ]
    return pd.DataFrame(rows)


def miss_table(anchors: pd.DataFrame) -> pd.DataFrame:
    """Return scenario, method and reason of each mean outside its band.

    Args:
        anchors: anchors.csv.
    """
    outside = anchors[anchors["inside"] == "no"]
    reasons = outside["miss"].replace("", "not known")
    return pd.DataFrame({"scenario": outside["scenario"], "method": outside["method"], "reason": reasons})
