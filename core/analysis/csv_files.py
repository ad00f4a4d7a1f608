"""The one way in which a table becomes a CSV: an unmeasured cell is empty, and a spreadsheet takes no cell for a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\n")  # what spreadsheets calculate begins with one of these


def csv_text(table: pd.DataFrame) -> str:
    """The CSV of `table` without its index; numbers with eight significant digits."""
    return safe_table(table).to_csv(index=False, float_format="%.8g", lineterminator="\n")


def safe_table(table: pd.DataFrame) -> pd.DataFrame:
    """`table` with every text safe: cells, names of columns, and the index. For tables on a page, too: Streamlit offers each as a CSV, and
    writes texts there as they are."""
    safe = table.rename(columns=_safe)
    for place in range(safe.shape[1]):
        if _holds_texts(safe.dtypes.iloc[place]):
            safe.isetitem(place, safe.iloc[:, place].map(_safe))
    if _holds_texts(safe.index.dtype):
        safe.index = safe.index.map(_safe)
    return safe


def safe_cell(text: str) -> str:
    """A text that a spreadsheet will not take for a formula. A sign alone is none. Every end of a line is a line feed: the writer does not
    quote a carriage return, so what follows would be a row of its own."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "'" + text if text[:1] in FORMULA and len(text) > 1 else text


def _holds_texts(dtype) -> bool:
    import pandas as pd  # takes 0.2 s, see core.analysis.history

    return pd.api.types.is_object_dtype(dtype) or isinstance(dtype, pd.StringDtype | pd.CategoricalDtype)


def _safe(value: object) -> object:
    return safe_cell(value) if isinstance(value, str) else value
