"""Fits as plain text for a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bayesmixed.printable import printable, printable_line
from bayesmixed.report import contents, reml_contents
from bayesmixed.report.table import Table

if TYPE_CHECKING:
    from bayesmixed.design import Design
    from bayesmixed.fit import Fit
    from bayesmixed.reml import RemlFit


def fit_text(fit: "Fit") -> str:
    """Everything that one wants to see first of a sampled fit, REML beside it."""
    chains, draws = fit.shape
    head = [
        _what(fit.model.design),
        f"{chains} chains of {draws} draws, priors: {fit.model.priors.resolved.preset}",
        f"Sampler: {fit.verdict}",
    ]
    tables = (
        contents.fixed_effects(fit),
        contents.variance_components(fit),
        contents.icc(fit),
        contents.reml_comparison(fit),
    )
    return _page(head, tables, fit.model.warnings)


def reml_text(
    fit: "RemlFit",
    df: str = "satterthwaite",
    method: str | None = None,
    anova: bool = False,
    contrasts: Sequence[str] = (),
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
    """
    kind = "-2 log restricted likelihood" if fit.method == "REML" else "-2 log likelihood"
    head = [
        _what(fit.design),
        f"{fit.method} criterion ({kind}): {fit.criterion:.4f}   AIC {fit.aic:.3f}   BIC {fit.bic:.3f}",
    ]
    tables = [reml_contents.reml_fixed_effects(fit, df)]
    if anova:
        tables.append(reml_contents.reml_terms(fit, df))
    if contrasts:
        tables.append(reml_contents.reml_contrasts(fit, list(contrasts), df))
    tables += [reml_contents.reml_variance_components(fit, method), reml_contents.reml_icc(fit, method)]
    return _page(head, tables, fit.warnings)


def _what(design: "Design") -> str:
    formula, factor = map(printable_line, (design.specification.formula, design.factor_name))
    return f"{formula}\n{design.n_obs} rows, {design.n_groups} groups of {factor}"


def _page(head: list[str], tables: Sequence[Table], warnings: tuple[str, ...]) -> str:
    parts = ["\n".join(head)]
    parts += [table.to_text() + (f"\n  {table.note}" if table.note else "") for table in tables if table]
    if warnings:
        parts.append("\n".join(["Warnings", *(f"  - {printable_line(text)}" for text in warnings)]))
    return printable("\n\n".join(parts))
