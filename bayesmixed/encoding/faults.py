"""Why formulae could not compute a term, in one line."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from bayesmixed.encoding.interpreter import calls
from bayesmixed.encoding.results import check_result
from bayesmixed.errors import BayesmixedError
from bayesmixed.formula.vocabulary import CONTRASTS, TRANSFORMATIONS


def explain(error: Exception, terms: Iterable[Any], frame: pd.DataFrame, environment: Any) -> str:
    """Name the call that failed, and what the user can do about it."""
    for component in (one for term in terms for one in getattr(term, "components", ())):
        if not hasattr(component, "call"):
            continue
        try:
            _evaluate(component, frame, environment)
        except BayesmixedError as fault:
            return str(fault)
        except Exception as fault:
            return _why(fault, component, frame)
    return f"the terms cannot be computed: {one_line(error)}"


def one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _evaluate(component: Any, frame: pd.DataFrame, environment: Any) -> None:
    """As formulae does, but with a look at what the call gives before columns are made of it."""
    try:
        component.set_type(frame, environment)
    except ValueError:  # formulae's answer to a result of a kind that it does not know
        check_result(component.name, component.call.eval(frame, component.env), len(frame))
        raise
    check_result(component.name, component._intermediate_data, len(frame))
    component.set_data(False)


def _why(error: Exception, component: Any, frame: pd.DataFrame) -> str:
    culprit = _failing(component, frame)
    if culprit is not None and culprit.callee not in (*TRANSFORMATIONS, *CONTRASTS):
        return f"{culprit}: your function stopped with {type(error).__name__}: {one_line(error)}"
    text = [one for one in frame.columns if one in component.var_names and _is_text(frame[one])]
    if text and isinstance(error, TypeError):
        return f"{component.name}: numbers are needed, but the column {text[0]!r} is text"
    return f"{component.name} cannot be computed: {one_line(error)}"


def _failing(component: Any, frame: pd.DataFrame) -> Any:
    """The innermost call that cannot be evaluated."""
    for inner in reversed(list(calls(component.call))):
        try:
            inner.eval(frame, component.env)
        except Exception:
            return inner
    return None


def _is_text(values: pd.Series) -> bool:
    return isinstance(values.dtype, pd.CategoricalDtype) or values.dtype.kind not in "biuf"
