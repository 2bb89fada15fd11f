"""The tables of a REML or ML fit, for people."""

from typing import TYPE_CHECKING, Any

from bayesmixed.report.contents import LIMITS, icc_place, values_of
from bayesmixed.report.table import Column, Table

if TYPE_CHECKING:
    from bayesmixed.reml import RemlFit

NOTES = {
    "satterthwaite": "df, p and intervals by Satterthwaite.",
    "kenward-roger": "se, df, p and intervals by Kenward and Roger.",
}


def reml_fixed_effects(fit: "RemlFit", df: str = "satterthwaite") -> Table:
    """Estimates, standard errors, Satterthwaite df, t, p and intervals."""
    keys = ("estimate", "se", "df", "t", "p", "lower", "upper")
    columns = (
        Column("term", "text"),
        Column("estimate"),
        Column("se"),
        Column("df"),
        Column("t"),
        Column("p", "probability"),
        *LIMITS,
    )
    rows = tuple((name, *row) for name, row in values_of(fit.fixed_effects(df=df), keys))
    note = NOTES[df]
    return Table("Fixed effects", columns, rows, note)


#: What each method of intervals is, for the note under a table.
METHODS = {
    "wald": "Intervals by Wald's method, on the scale of the logarithm, of Fisher's z and of the logit.",
    "profile": "Intervals by profile likelihood of the ML deviance.",
    "profile-reml": "Intervals by profile of the REML criterion.",
    "bootstrap": "Intervals by parametric bootstrap, 1,000 refits.",
}


def reml_variance_components(fit: "RemlFit", method: str | None = None) -> Table:
    """Estimates, with standard errors and intervals by a method of `RemlFit.confint`."""
    keys = ("estimate",) if method is None else ("estimate", "se", "lower", "upper")
    numbers = (Column("estimate"),) if method is None else (Column("estimate"), Column("se"), *LIMITS)
    columns = (*(Column(name, "text") for name in ("group", "term", "quantity")), *numbers)
    rows = tuple(
        (*key, *row) for key, row in values_of(fit.variance_components(method=method, **seeded(method)), keys)
    )
    return Table("Variance components", columns, rows, METHODS.get(method or "", ""))


def reml_icc(fit: "RemlFit", method: str | None = None) -> Table:
    """Estimates, with intervals by a method of `RemlFit.confint`."""
    frame = fit.icc(method=method, **seeded(method))
    keys = ("estimate",) if method is None else ("estimate", "lower", "upper")
    limits = () if method is None else LIMITS
    rows = tuple((place, *row) for place, row in values_of(frame, keys, icc_place(frame)))
    return Table("Intraclass correlation (ICC)", (Column("at", "text"), Column("estimate"), *limits), rows)


def seeded(method: str | None) -> dict[str, Any]:
    """The same refits in every table, and whenever a page is made."""
    return {"random_seed": 1} if method == "bootstrap" else {}


def reml_terms(fit: "RemlFit", df: str = "satterthwaite") -> Table:
    """Type III F tests of the terms."""
    columns = (Column("term", "text"), Column("num. df"), Column("den. df"), Column("F"))
    keys = ("num_df", "den_df", "F", "p")
    rows = tuple((term, *row) for term, row in values_of(fit.anova(df), keys))
    return Table("Type III tests of terms", (*columns, Column("p", "probability")), rows)


def reml_contrasts(fit: "RemlFit", contrasts: list[str], df: str = "satterthwaite") -> Table:
    """Tests of linear combinations of coefficients."""
    keys = ("estimate", "se", "df", "t", "p", "lower", "upper")
    numbers = (Column("estimate"), Column("se"), Column("df"), Column("t"), Column("p", "probability"), *LIMITS)
    rows = tuple((text, *row) for text, row in values_of(fit.test(contrasts, df), keys))
    return Table("Contrasts", (Column("contrast", "text"), *numbers), rows)
