"""Numbers and small tables that the page quotes."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from proof.coverage.cells import SIGMA, Cell
from proof.coverage.draws import Layout
from proof.coverage.results import PLACE, Results
from proof.coverage.study import OF_BETA, OF_VARIANCES

#: What the coefficient of interest is called in each design.
TARGET = {"treatment": "x", "covariate": "x", "intercept": "Intercept"}


def chosen(table: pd.DataFrame, **values) -> pd.DataFrame:
    """Rows in which each column has one of the values given."""
    for column, value in values.items():
        table = table[table[column].isin(list(value) if isinstance(value, tuple) else [value])]
    return table


def of_beta(results: Results, design: str, **values) -> pd.DataFrame:
    """Rows of the coefficient of interest of a design, with widths in units of those with known variances."""
    found = chosen(results.intervals, design=design, quantity=TARGET[design], **values)
    known = [known_width(Cell(*key)) for key in found[PLACE].itertuples(index=False, name=None)]
    return found.assign(relative_width=found["median_width"] / np.array(known, dtype=float))


def known_width(cell: Cell) -> float:
    """Width of the 95 % interval of the coefficient of interest if sd and sigma were known."""
    layout = Layout.of(cell)
    w = 1.0 / (SIGMA**2 + layout.m * cell.sd**2)
    L = layout.contrasts[-1]
    return float(2.0 * 1.959963984540054 * np.sqrt(L @ np.linalg.solve((w[:, None] * layout.X).T @ layout.X, L)))


def percent(values: Iterable[float]) -> str:
    """The range of shares: ``82–91``."""
    shares = np.asarray(list(values), dtype=float)
    if not len(shares):
        return "–"
    low, high = (_rounded(value) for value in (shares.min(), shares.max()))
    return low if low == high else f"{low}–{high}"


def _rounded(share: float) -> str:
    return "0" if share == 0.0 else "100" if share == 1.0 else f"{100.0 * share:.1f}"


def number(values: Iterable[float]) -> str:
    """The range of numbers, two or three digits."""
    found = np.asarray(list(values), dtype=float)
    if not len(found):
        return "–"
    low, high = (f"{value:.{2 if value < 3 else 1 if value < 10 else 0}f}" for value in (found.min(), found.max()))
    return low if low == high else f"{low}–{high}"


def markdown(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(header)
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def beta_table(found: pd.DataFrame, column: str = "coverage") -> str:
    """Range over rows, ICC and balance of each method, one line for each number of groups."""
    show = percent if column == "coverage" else number
    rows = [
        [str(J), *(show(chosen(found, groups=J, method=method)[column]) for method in OF_BETA)]
        for J in sorted(found["groups"].unique())
    ]
    return markdown(["J", *OF_BETA], rows)


def variance_table(found: pd.DataFrame, column: str) -> str:
    """The same of sd, sigma or ICC."""
    rows = [
        [str(J), *(percent(chosen(found, groups=J, method=method)[column]) for method in OF_VARIANCES)]
        for J in sorted(found["groups"].unique())
    ]
    return markdown(["J", *OF_VARIANCES], rows)


def zeros(results: Results) -> pd.DataFrame:
    """Cells with an exact share of REML zeros, and how many standard errors the share found is away."""
    table = results.cells.dropna(subset=["exact_zeros"])
    exact = table["exact_zeros"]
    error = np.sqrt(exact * (1.0 - exact) / table["data_sets"])
    return table.assign(z=(table["reml_zeros"] - exact) / error)
