"""Fits as plain text for a terminal."""

from typing import TYPE_CHECKING

from bayesmixed.report import contents

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


def reml_text(fit: "RemlFit", df: str = "satterthwaite") -> str:
    """A REML or ML fit."""
    kind = "-2 log restricted likelihood" if fit.method == "REML" else "-2 log likelihood"
    head = [_what(fit.design), f"{fit.method} criterion ({kind}): {fit.criterion:.4f}"]
    tables = (
        contents.reml_fixed_effects(fit, df),
        contents.reml_variance_components(fit),
        contents.reml_icc(fit),
    )
    return _page(head, tables, fit.warnings)


def _what(design: "Design") -> str:
    return f"{design.specification.formula}\n{design.n_obs} rows, {design.n_groups} groups of {design.factor_name}"


def _page(head: list[str], tables: tuple, warnings: tuple[str, ...]) -> str:
    parts = ["\n".join(head)]
    parts += [table.to_text() + (f"\n  {table.note}" if table.note else "") for table in tables if table]
    if warnings:
        parts.append("\n".join(["Warnings", *(f"  - {text}" for text in warnings)]))
    return "\n\n".join(parts)
