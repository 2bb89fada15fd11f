"""Why formulae could not compute a term, in one line."""

from typing import Any

import pandas as pd


def explain(error: Exception, terms: Any, frame: pd.DataFrame, environment: Any) -> str:
    """Name the term that failed, and the text column in it if that is why."""
    for term in terms:
        try:
            term.set_type(frame, environment)
            term.set_data(False)
        except Exception:
            text = [
                name
                for name in frame.columns
                if name in term.var_names and isinstance(frame[name].dtype, pd.CategoricalDtype)
            ]
            if text and isinstance(error, TypeError):
                return f"{term.name}: numbers are needed, but the column {text[0]!r} is text"
            return f"{term.name} cannot be computed: {one_line(error)}"
    return f"the terms cannot be computed: {one_line(error)}"


def one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
