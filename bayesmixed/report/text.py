"""Fits as plain text for a terminal."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bayesmixed.printable import printable_line
from bayesmixed.report import contents, reml_contents
from bayesmixed.report.lines import Paint, folded, plain, table_lines
from bayesmixed.report.table import Table
from bayesmixed.summary import draws_in_words

if TYPE_CHECKING:
    from bayesmixed.design import Design
    from bayesmixed.fit import Fit
    from bayesmixed.reml import RemlFit


def fit_text(fit: "Fit", width: int | None = None, paint: Paint = plain) -> str:
    """Everything that one wants to see first of a sampled fit, REML beside it.

    Parameters
    ----------
    fit : Fit
    width : int, optional
        Of the terminal, which tables then fit.
    paint : callable
        What gives pieces of the page their colours, see `bayesmixed.report.lines`.
    """
    verdict = "good" if fit.verdict.ok else "warning"
    head = [
        *_what(fit.model.design),
        (f"{draws_in_words(fit.shape, fit.verdict.chained)}, priors: {fit.model.priors.resolved.preset}", ""),
        *((line, verdict) for line in f"Sampler: {fit.verdict}".splitlines()),
    ]
    tables = (
        contents.fixed_effects(fit),
        contents.variance_components(fit),
        contents.icc(fit),
        contents.reml_comparison(fit),
    )
    return page_text(head, tables, fit.model.warnings, width, paint)


def reml_text(
    fit: "RemlFit",
    df: str = "satterthwaite",
    method: str | None = None,
    anova: bool = False,
    contrasts: Sequence[str] = (),
    width: int | None = None,
    paint: Paint = plain,
) -> str:
    """A REML or ML fit.

    Parameters
    ----------
    fit : RemlFit
    df : {"satterthwaite", "kenward-roger"}
    method : str, optional
        Of the intervals of variance components and ICC, see `RemlFit.confint`.
    anova : bool
        Type III tests of the terms too.
    contrasts : sequence of str
        Linear combinations of coefficients to test.
    width, paint
        As for `fit_text`.
    """
    kind = "-2 log restricted likelihood" if fit.method == "REML" else "-2 log likelihood"
    criterion = f"{fit.method} criterion ({kind}): {fit.criterion:.4f}"
    head = [*_what(fit.design), (f"{criterion}   AIC\xa0{fit.aic:.3f}   BIC\xa0{fit.bic:.3f}", "")]
    tables = [reml_contents.reml_fixed_effects(fit, df)]
    if anova:
        tables.append(reml_contents.reml_terms(fit, df))
    if contrasts:
        tables.append(reml_contents.reml_contrasts(fit, list(contrasts), df))
    tables += [reml_contents.reml_variance_components(fit, method), reml_contents.reml_icc(fit, method)]
    return page_text(head, tables, fit.warnings, width, paint)


def _what(design: "Design") -> list[tuple[str, str]]:
    rows = f"{design.n_obs} rows, {design.n_groups} groups of {design.factor_name}"
    return [(design.specification.formula, "title"), (rows, "")]


def page_text(
    head: Sequence[tuple[str, str]],
    tables: Sequence[Table],
    warnings: Sequence[str] = (),
    width: int | None = None,
    paint: Paint = plain,
) -> str:
    """Lines of a head, tables and warnings as one text, a blank line between them.

    Parameters
    ----------
    head : sequence of (str, str)
        Lines with their roles, "" for none.
    tables : sequence of Table
        Those without rows are left out.
    warnings : sequence of str
    width, paint
        As for `fit_text`.
    """
    folds = [(line, role) for text, role in head for line in folded(printable_line(text), width)]
    lines = [paint(line.replace("\xa0", " "), role) for line, role in folds]
    parts = ["\n".join(lines)] if lines else []
    parts += ["\n".join(table_lines(_printable(table), width, paint)) for table in tables if table]
    if warnings:
        listed = (line for text in warnings for line in _item(printable_line(text), width))
        parts.append("\n".join([paint("Warnings", "warning"), *listed]))
    return "\n\n".join(parts)


def _item(text: str, width: int | None) -> list[str]:
    first, *others = folded(text, None if width is None else width - 4)
    return [f"  - {first}", *(f"    {line}" for line in others)]


def _printable(table: Table) -> Table:
    """No control characters, before colours bring their own; cells are written without any."""
    columns = tuple(replace(column, name=printable_line(column.name)) for column in table.columns)
    return replace(table, caption=printable_line(table.caption), columns=columns, note=printable_line(table.note))
