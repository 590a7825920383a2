"""Tables as the CSV files that a run leaves: columns of one type, which pandas and R read as they are."""

from __future__ import annotations

import pandas as pd

from rcb.rows.schema import NO_PARAMS


def table_text(frame: pd.DataFrame) -> str:
    """A table as CSV: numbers with nine significant digits, nothing where there is no number."""
    if "params" in frame:
        frame = frame.assign(params=frame["params"].fillna("").replace("", NO_PARAMS))
    return frame.to_csv(index=False, float_format="%.9g", lineterminator="\n")
