"""Compact HTML for notebooks: the tables that one wants to see first."""

from html import escape
from typing import TYPE_CHECKING

from bayesmixed.report import contents, reml_contents
from bayesmixed.report.table import Table
from bayesmixed.summary import draws_in_words

if TYPE_CHECKING:
    from bayesmixed.fit import Fit
    from bayesmixed.model import MixedModel
    from bayesmixed.reml import RemlFit

# Only our own box is styled: a notebook brings its colours, light or dark.
STYLE = (
    "<style>.bayesmixed table{border-collapse:collapse;margin:.3em 0}"
    ".bayesmixed caption{text-align:left;font-weight:600;padding:.4em 0}"
    ".bayesmixed th,.bayesmixed td{padding:.15em .6em;text-align:right}"
    ".bayesmixed .t{text-align:left}.bayesmixed th[scope=row]{font-weight:400}"
    ".bayesmixed .scroll{overflow-x:auto}.bayesmixed .note{font-size:.85em;opacity:.75;margin:0}</style>"
)


def fit_html(fit: "Fit") -> str:
    """Formula, verdict, coefficients, variance components, ICC and warnings of a sampled fit."""
    tables = (contents.fixed_effects(fit), contents.variance_components(fit), contents.icc(fit))
    lines = [_what(fit.model), f"{draws_in_words(fit.shape, fit.verdict.chained)}; {fit.verdict}"]
    return _box("Fit", fit.model.specification.formula, lines, tables, fit.model.warnings)


def model_html(model: "MixedModel") -> str:
    """Formula, data and priors of a model."""
    tables = (contents.data_columns(model), contents.priors(model))
    return _box("MixedModel", model.specification.formula, [_what(model)], tables, model.warnings)


def reml_html(fit: "RemlFit") -> str:
    """Estimates of a REML or ML fit."""
    tables = (
        reml_contents.reml_fixed_effects(fit),
        reml_contents.reml_variance_components(fit),
        reml_contents.reml_icc(fit),
    )
    lines = [f"{fit.method} criterion {fit.criterion:.4f}{', singular' if fit.singular else ''}"]
    return _box("RemlFit", fit.design.specification.formula, lines, tables, fit.warnings)


def _what(model: "MixedModel") -> str:
    design = model.design
    return f"{design.n_obs} rows, {design.n_groups} groups of {design.factor_name}"


def _box(kind: str, formula: str, lines: list[str], tables: tuple[Table, ...], warnings: tuple[str, ...]) -> str:
    notes = "".join(f"<li>{escape(text)}</li>" for text in warnings)
    return "".join(
        [
            f'{STYLE}<div class="bayesmixed"><p><b>{kind}</b> <code>{escape(formula)}</code><br>',
            "<br>".join(escape(line).replace("\n", "<br>") for line in lines),
            "</p>",
            *(table.to_html() for table in tables if table),
            f"<p><b>Warnings</b></p><ul>{notes}</ul>" if notes else "",
            "</div>",
        ]
    )
