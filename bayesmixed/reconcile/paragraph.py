"""The comparison in one paragraph of plain words, for a methods section."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.reconcile.reasons import AGREES, BOUNDARY, FEW, MONTE_CARLO, NO_REML, PRIOR, SKEWED, SMALL

#: Intervals that share less than this of what they cover are named where estimates agree.
APART = 0.6

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.fit import Fit


def paragraph(fit: "Fit", table: "pd.DataFrame") -> str:
    """What `reconcile` found, in words.

    Parameters
    ----------
    fit : Fit
    table : pandas.DataFrame
        As `reconcile` gives it.
    """
    design = fit.model.design
    start = (
        f"The model was fitted by REML and by Bayesian inference to the same {design.n_obs} rows in "
        f"{design.n_groups} groups of {design.factor_name}."
    )
    main = table[table["kind"] != "random effect"]
    if _having(main, NO_REML):
        return f"{start} REML has no estimates here, because there are as many random effects as rows."
    parts = [start, _agreement(main), _apart(main), _boundary(main), *_shifts(main), _stated(fit, main)]
    parts += [_few(main, design.n_groups)]
    parts += [_noise(main), _effects(table[table["kind"] == "random effect"])]
    return " ".join(part for part in parts if part)


def _having(table: "pd.DataFrame", code: str) -> list[str]:
    return [str(label) for label, codes in table["reasons"].items() if code in codes.split(", ")]


def _agreement(table: "pd.DataFrame") -> str:
    agreeing = _having(table, AGREES)
    if not agreeing:
        return "The two agree on none of its quantities."
    most = "all" if len(agreeing) == len(table) else f"{len(agreeing)} of {len(table)}"
    named = "" if len(agreeing) == len(table) else f" ({_listed(agreeing)})"
    return (
        f"They agree on {most} quantities{named}: neither skewness nor the prior moves the posterior median from "
        f"the REML estimate by more than {SMALL} posterior standard deviations."
    )


def _apart(table: "pd.DataFrame") -> str:
    """Where estimates agree and intervals do not."""
    apart = table.index[(table["verdict"] == "agrees") & (table["overlap"] < APART)]
    if not len(apart):
        return ""
    return (
        f"That is said of the estimates: the intervals for {_listed([str(label) for label in apart])} share less "
        f"than {APART:.0%} of what they cover, because REML's leave out what is not known of the variances."
    )


def _stated(fit: "Fit", table: "pd.DataFrame") -> str:
    """What part of skewness is a matter of where flat priors are flat."""
    priors, names = fit.model.priors.resolved, fit.model.names
    moved = {label for p in names.sd if priors.is_moved(p) for label in p.labels}
    skewed = _having(table, SKEWED)
    if not moved or not any(label in moved or label.startswith(f"{names.corr}[") for label in skewed):
        return ""
    return (
        "Flat priors are flat where the model's own are stated, at the means of the slope variables; of sd and "
        "correlations at zero a part of what is called skewness here comes from that choice."
    )


def _boundary(table: "pd.DataFrame") -> str:
    labels = _having(table, BOUNDARY)
    if not labels:
        return ""
    return (
        f"REML puts {_listed(labels)} at the boundary, where its standard errors and intervals mean nothing; the "
        "posterior averages over the values that the data leave possible."
    )


def _shifts(table: "pd.DataFrame") -> Iterable[str]:
    """One sentence for each quantity that skewness or the prior moves."""
    for label in table.index:
        row = table.loc[label]
        codes = row["reasons"].split(", ")
        causes = []
        if SKEWED in codes:
            causes.append(f"{row['from_skew']:+.3g} because its likelihood is skewed")
        if PRIOR in codes:
            prior = f" ({row['prior']})" if row["prior"] else ""
            causes.append(f"{row['from_prior']:+.3g} because of the prior{prior}")
        if causes:
            yield (
                f"For {label} the posterior median is {row['median']:.4g}, the REML estimate {row['reml']:.4g}: "
                f"{' and '.join(causes)}."
            )


def _few(table: "pd.DataFrame", n_groups: int) -> str:
    labels = _having(table, FEW)
    if not labels:
        return ""
    if np.isnan(table["from_skew"]).all():
        return (
            f"With {n_groups} groups flat priors give no proper posterior: the data alone do not bound the sd "
            "between groups, and every interval here rests on the prior."
        )
    return (
        f"Intervals of estimate +- 1.96 standard errors are too narrow for {_listed(labels)} ({n_groups} groups); "
        "profile intervals or the posterior should be reported."
    )


def _noise(table: "pd.DataFrame") -> str:
    labels = _having(table, MONTE_CARLO)
    return f"Simulation error hides whether {_listed(labels)} agree: raise draws." if labels else ""


def _effects(table: "pd.DataFrame") -> str:
    """One sentence on the predicted random effects."""
    if not len(table):
        return ""
    agreeing, bound = len(_having(table, AGREES)), len(_having(table, BOUNDARY))
    largest = table["shift"].abs().max()
    if bound:
        return (
            f"Of the {len(table)} random effects {bound} rest on the estimate at the boundary: REML gives them no "
            f"spread of their own; the largest shift from their conditional modes is {largest:.2g} posterior "
            "standard deviations."
        )
    return (
        f"Of the {len(table)} random effects {agreeing} agree with their conditional modes; the largest shift is "
        f"{largest:.2g} posterior standard deviations."
    )


def _listed(labels: list[str], most: int = 6) -> str:
    """``a, b and c``; beyond so many, how many more."""
    if len(labels) > most:
        return f"{', '.join(labels[: most - 1])} and {len(labels) - most + 1} more"
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
