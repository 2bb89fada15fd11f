"""Sections about a table that was read in parts: what needs its rows is left out, and says so."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from bayesmixed.report import contents, sections
from bayesmixed.report.blocks import Paragraph, Section
from bayesmixed.report.table import Column, Table

if TYPE_CHECKING:
    from bayesmixed.fit import Fit

GONE = "The table was read in parts, and its rows are gone"


def model(fit: "Fit") -> Section:
    """Formula and symbols; the matrices are those of rows."""
    whole = sections.model_without_matrices(fit)
    note = f"{GONE}: the matrices X, Z and V are not shown."
    return Section(whole.name, whole.title, (*whole.blocks, Paragraph(note, "note")))


def data(fit: "Fit") -> Section:
    """Counts, and the ranges and levels of the columns."""
    note = f"{GONE}: they are not drawn."
    blocks = (Paragraph(sections.data_words(fit)), _columns(fit), Paragraph(note, "note"))
    return Section("data", "Data", blocks)


def check(fit: "Fit") -> Section:
    """Why there is none."""
    note = f"{GONE}: nothing is there to compare replicates with. Fit a sample of the groups in memory for that."
    return Section("check", "Posterior predictive check", (Paragraph(note, "note"),))


def _columns(fit: "Fit") -> Table:
    model, design = fit.model, fit.model.design
    rows = []
    for column in design.encoding.columns:
        if column.kind == "number":
            holds = f"{column.low:.4g} to {column.high:.4g}"
        else:
            holds = f"{len(column.levels)} levels: {contents.some_of([str(level) for level in column.levels])}"
        rows.append((column.name, contents.role_of(model, column.name), _unit(fit, column.name), holds))
    groups = f"{design.n_groups} groups of {contents.span(design.group_sizes)} rows"
    rows.append((design.factor_name, "group", _unit(fit, design.factor_name), groups))
    names = tuple(Column(name, "text") for name in ("column", "role", "unit", "holds"))
    return Table("Columns in use", names, tuple(rows))


def _unit(fit: "Fit", name: str) -> str:
    return str(fit.model.units.columns.get(name, ""))


WITHOUT_ROWS: dict[str, Callable[["Fit"], Section]] = {"model": model, "data": data, "check": check}
