"""The tables of a fit, for people: what notebooks, terminals and pages show alike."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.errors import RemlError
from bayesmixed.quantities.by_label import icc_by_label
from bayesmixed.report.blocks import Bullets
from bayesmixed.report.table import Column, Table, evenly

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.fit import Fit
    from bayesmixed.model import MixedModel

LIMITS = (Column("2.5 %"), Column("97.5 %"))
POSTERIOR = (Column("mean"), Column("sd"), Column("median"), *LIMITS)
POSTERIOR_KEYS = ("mean", "sd", "median", "eti95_lb", "eti95_ub")
#: Groups beyond this many are thinned in tables of people; `Fit.random_effects` has them all.
MOST_GROUPS = 40


def fixed_effects(fit: "Fit") -> Table:
    """Coefficients with their units."""
    units, table = fit.model.units, fit.fixed_effects()
    rows = [(term, units.of_parameter(term), *row) for term, row in values_of(table, POSTERIOR_KEYS)]
    return Table("Fixed effects", (Column("term", "text"), Column("unit", "text"), *POSTERIOR), tuple(rows))


def variance_components(fit: "Fit") -> Table:
    """sd, variances, covariances, correlations and shares of variance with their units."""
    names = (Column("group", "text"), Column("term", "text"), Column("quantity", "text"))
    rows = [
        (group, term, quantity, component_unit(fit.model, term, quantity), *row)
        for (group, term, quantity), row in values_of(fit.variance_components(), POSTERIOR_KEYS)
    ]
    note = "Share of variance is that of an average row; for a random intercept it is the ICC."
    return Table("Variance components", (*names, Column("unit", "text"), *POSTERIOR), tuple(rows), note)


def component_unit(model: "MixedModel", term: str, quantity: str) -> str:
    """Unit of one row of the variance components."""
    if quantity in ("correlation", "share of variance"):
        return ""
    units = [model.units.of_term(name) for name in _terms_of(model, term)] or [model.units.of_y]
    if quantity == "sd" or not any(units):
        return units[0]
    first, last = units[0], units[-1]
    return f"({first})^2" if first == last else f"({first})({last})"


def _terms_of(model: "MixedModel", term: str) -> list[str]:
    """The random terms of a row, without the levels in brackets: ``Type[T2]`` belongs to ``Type``."""
    owner = {label: one.name for one in model.design.random_terms for label in one.labels}
    if not term or term in owner:
        return [owner[term]] if term else []
    for first, name in owner.items():
        if term.startswith(first + ",") and term[len(first) + 1 :] in owner:
            return [name, owner[term[len(first) + 1 :]]]
    return []


def icc(fit: "Fit") -> Table:
    """Intraclass correlation, at each place where it is reported."""
    frame = fit.icc()
    rows = [(where, *row) for where, row in values_of(frame, POSTERIOR_KEYS, icc_place(frame))]
    return Table("Intraclass correlation (ICC)", (Column("at", "text"), *POSTERIOR), tuple(rows))


def icc_place(frame: "pd.DataFrame") -> list[str]:
    """``Subject, Days = 4.5``; the row without a place is the average over rows where there is a slope."""
    names = list(frame.index.names)
    if len(names) == 1:
        return [str(level) for level in frame.index]
    places = []
    for group, *values in frame.index:
        at = [
            f"{name} = {_plain(value)}"
            for name, value in zip(names[1:], values, strict=True)
            if value == value and value is not None
        ]
        places.append(f"{group}, {', '.join(at) or 'mean over rows'}")
    return places


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float | np.number) else str(value)


def reml_comparison(fit: "Fit") -> Table:
    """REML beside the posterior, with the reasons; without REML's columns where it does not exist."""
    keys = (
        "reml",
        "reml_lower",
        "reml_upper",
        "median",
        "eti95_lb",
        "eti95_ub",
        "shift",
        "from_skew",
        "from_prior",
    )
    columns = (
        Column("quantity", "text"),
        Column("reasons", "text"),
        Column("REML"),
        *(Column(one.name, full=f"REML {one.name}") for one in LIMITS),
        Column("median"),
        *(Column(one.name, full=f"posterior {one.name}") for one in LIMITS),
        Column("shift", "share"),
        Column("from skew"),
        Column("from prior"),
    )
    table = fit.compare_reml(effects=False)
    codes = table["reasons"]
    rows = [(name, own, *row) for (name, row), own in zip(values_of(table, keys), codes, strict=True)]
    note = (
        "REML with its interval, then the median with its own. Shift is (median - REML) / posterior sd. "
        "From skew is the median under flat priors, whose mode is REML, minus REML; from prior is what the "
        "priors add to that. A dash stands where there is no number."
    )
    try:
        fit.model.reml()
    except RemlError as error:
        note = f"REML does not exist here: {error}"
    return Table("REML beside the posterior", columns, tuple(rows), note)


def reason_codes(fit: "Fit") -> Bullets:
    """What the reason codes that occur say."""
    from bayesmixed.reconcile import MEANINGS

    found = {code for codes in fit.compare_reml(effects=False)["reasons"] for code in codes.split(", ")}
    return Bullets(tuple(f"{code}: {meaning}." for code, meaning in MEANINGS.items() if code in found))


def random_effects(fit: "Fit", most: int = MOST_GROUPS) -> Table:
    """b of every group (of evenly spaced groups where there are many) beside the estimate without pooling."""
    design, frame = fit.model.design, fit.random_effects()
    kept = evenly(design.n_groups, most)
    places = (kept[:, None] * design.q + np.arange(design.q)).ravel()
    frame = frame.iloc[places]
    keys = ("median", "sd", "eti95_lb", "eti95_ub", "no_pooling", "shrinkage")
    columns = (
        Column(design.factor_name, "text"),
        Column("term", "text"),
        Column("median"),
        Column("sd"),
        *LIMITS,
        Column("no pooling"),
        Column("shrinkage", "share"),
    )
    rows = [(str(level), str(term), *row) for (level, term), row in values_of(frame, keys)]
    note = (
        "Deviations from the fixed effects. No pooling is the least-squares estimate from the group's rows alone; "
        "shrinkage is the share of it that pooling took away (above 1 or below 0 where the group's other "
        "effects pulled it across)."
    )
    if len(kept) < design.n_groups:
        note = f"{len(kept)} of {design.n_groups} groups, evenly spaced; fit.random_effects() has them all. {note}"
    return Table("Random effects", columns, tuple(rows), note)


def priors(model: "MixedModel") -> Table:
    """Priors with what their numbers mean."""
    columns = tuple(Column(name, "text") for name in ("parameter", "prior", "meaning"))
    given = model.priors.resolved.given
    note = f"Set by the user: {', '.join(given)}." if given else ""
    return Table(f"Priors, preset {model.priors.resolved.preset!r}", columns, tuple(model.priors.rows()), note)


def diagnostics(fit: "Fit") -> Table:
    """R-hat, effective sample sizes and Monte Carlo error of every parameter, and of the ICC."""
    columns = (
        Column("parameter", "text"),
        Column("R-hat", "rhat"),
        Column("bulk ESS", "count"),
        Column("tail ESS", "count"),
        Column("MCSE of mean"),
    )
    rows = []
    icc = icc_by_label(fit.model.design, fit.covariance)
    numbers = fit.scalars() | {label: values.reshape(fit.shape) for label, values in icc.items()}
    for label, values in numbers.items():
        found = fit.convergence(values)
        rows.append((label, *(found[key] for key in ("r_hat", "ess_bulk", "ess_tail", "mcse_mean"))))
    note = "Wanted: R-hat below 1.01, and an ESS above 100 for each chain."
    return Table("Convergence", columns, tuple(rows), note)


def data_columns(model: "MixedModel") -> Table:
    """The columns in use, with their units and what they hold."""
    import pandas as pd

    design = model.design
    rows = []
    for name in design.frame.columns:
        values = design.frame[name]
        if name in design.specification.factor and len(design.specification.factor) == 1:
            holds = f"{design.n_groups} groups of {span(design.group_sizes)} rows"
        elif pd.api.types.is_numeric_dtype(values.dtype):
            holds = f"{values.min():.4g} to {values.max():.4g}, mean {values.mean():.4g}"
        else:
            holds = f"{values.nunique()} levels: {some_of(sorted(map(str, values.unique())))}"
        rows.append((str(name), role_of(model, str(name)), model.units.columns.get(str(name), ""), holds))
    columns = tuple(Column(name, "text") for name in ("column", "role", "unit", "holds"))
    return Table("Columns in use", columns, tuple(rows))


def role_of(model: "MixedModel", name: str) -> str:
    """What a column is in the model."""
    design = model.design
    encoding = design.encoding
    roles = {
        "response": name == design.response_name or f"`{name}`" in design.specification.response,
        "fixed": name in encoding.needed(["fixed"]),
        "random": name in encoding.needed(["random"]),
        "group": name in design.specification.factor,
        "weights": name == design.weights_name,
    }
    found = [role for role, holds in roles.items() if holds]
    return ", ".join(found) or "offset"


def span(sizes: np.ndarray) -> str:
    """``10``, or ``3 to 9``."""
    low, high = int(sizes.min()), int(sizes.max())
    return f"{low}" if low == high else f"{low} to {high}"


def some_of(values: list[str], most: int = 6) -> str:
    """The first of some names."""
    return ", ".join(values[:most]) + (", ..." if len(values) > most else "")


def session(fit: "Fit") -> Table:
    """Formula, seed, sampler and versions: what it takes to run it again."""
    attrs = fit.idata.attrs
    chains, draws = fit.shape
    seed = json.loads(attrs.get("random_seed", "{}"))
    entries = {
        "formula": attrs.get("formula", fit.model.specification.formula),
        "seed": seed.get("entropy", "unknown"),
        "engine": attrs.get("engine", "unknown"),
        "chains": chains,
        "draws of each chain": draws,
        "tuning steps": attrs.get("tuning_steps", "unknown"),
        "target_accept": attrs.get("target_accept", "unknown"),
        **json.loads(attrs.get("versions", "{}")),
    }
    rows = tuple((name, str(value)) for name, value in entries.items())
    return Table("Session", (Column("what", "text"), Column("value", "text")), rows)


def values_of(
    frame: "pd.DataFrame", keys: Iterable[str], labels: Iterable[Any] | None = None
) -> list[tuple[Any, tuple[float, ...]]]:
    """Each row's label with its values of some columns."""
    if frame.empty:
        return []
    labels = list(frame.index) if labels is None else list(labels)
    return list(zip(labels, zip(*(frame[key] for key in keys), strict=True), strict=True))
