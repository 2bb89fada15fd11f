"""The two passes over a table in parts, each public by itself so that several tables can be pooled."""

from functools import partial
from typing import Any

from bayesmixed.errors import DesignError
from bayesmixed.moments import Moments
from bayesmixed.streaming.agreement import Agreement
from bayesmixed.streaming.parts import used_columns
from bayesmixed.streaming.sources import BATCH_ROWS, open_source
from bayesmixed.streaming.stateful import stateful_calls
from bayesmixed.streaming.summary import Functions, Summary, learn
from bayesmixed.streaming.sums import RunningSums, accumulate
from bayesmixed.table.headings import check_present


def summarise(
    formula: str,
    source: Any,
    *,
    weights: str | None = None,
    functions: Functions | None = None,
    batch_rows: int = BATCH_ROWS,
) -> Summary:
    """The first pass: levels, ranges, means and counts of the columns that a formula uses, and no row.

    Parameters
    ----------
    formula : str
    source : path, pyarrow Dataset, DuckDB relation, Dask or PySpark DataFrame, or any table of `MixedModel`
        A path is a Parquet file or a folder of them.
    weights : str, optional
        Column of prior weights.
    functions : dict of str to callable, optional
        The user's own transformations; each must treat every row by itself.
    batch_rows : int
        Rows of a part, where the source lets us choose.

    Returns
    -------
    Summary
        Summaries of several tables add up.

    Raises
    ------
    FormulaError, TableError, DesignError
        ``poly``, ``bs`` and other transformations that need all rows at once are refused.

    Examples
    --------
    Two hospitals fit one model together; neither sees a row of the other:

    >>> import bayesmixed as bm
    >>> data = bm.load_dataset("sleepstudy")
    >>> formula, here, there = "Reaction ~ Days + (Days | Subject)", data[:90], data[90:]
    >>> agreed = bm.agree([bm.summarise(formula, here), bm.summarise(formula, there)])
    >>> moments = [bm.sum_moments(agreed, here), bm.sum_moments(agreed, there)]
    >>> round(bm.MixedModel.from_moments(formula, moments).reml().criterion, 4)
    1743.6283
    """
    functions = dict(functions or {})
    found = Summary(formula, weights, functions=functions)
    stateful_calls(found.specification)
    opened = open_source(source, batch_rows)
    columns = used_columns(found.specification, weights)
    check_present(opened.names, columns)
    total: Summary = opened.total(partial(learn, formula, weights, functions), columns)
    return total


def agree(summaries: "Summary | list[Summary]") -> Agreement:
    """From the summaries of all tables, how each of them encodes and codes its rows; see `summarise`.

    An agreement is plain data (``to_dict``, ``from_dict``), to be sent to every place that has rows.
    """
    if isinstance(summaries, Summary):
        return Agreement.of(summaries)
    summaries = list(summaries)
    if not summaries or not all(isinstance(one, Summary) for one in summaries):
        raise DesignError("agree needs a summary of bm.summarise, or a list of them")
    total = summaries[0]
    for one in summaries[1:]:
        total = total + one
    return Agreement.of(total)


def sum_moments(agreement: Agreement, source: Any, *, batch_rows: int = BATCH_ROWS) -> Moments:
    """The second pass: encode the rows as agreed and sum them up; see `summarise`.

    Memory is bounded by one part and ``J q (q + p + 1)`` numbers for J groups.

    Parameters
    ----------
    agreement : Agreement
    source, batch_rows
        As for `summarise`.

    Raises
    ------
    TableError, PredictionError
        The table lacks a column, or a predictor has a level that the agreement does not know.
    """
    opened = open_source(source, batch_rows)
    columns = used_columns(agreement.specification, agreement.weights_name)
    check_present(opened.names, columns)
    total: RunningSums = opened.total(partial(accumulate, agreement), columns)
    return total.moments()
