"""Points of two guidelines for reporting: what this report has, where, and what is left for the author.

Kruschke (2021), doi:10.1038/s41562-021-01177-7 (BARG); Depaoli and van de Schoot (2017), doi:10.1037/met0000065
(WAMBS).
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from bayesmixed.errors import RemlError
from bayesmixed.reconcile.flat import is_proper
from bayesmixed.report.table import Column, Table

if TYPE_CHECKING:
    from bayesmixed.fit import Fit

DONE, PARTLY, AUTHOR, NONE = "done", "partly", "for the author", "not applicable"


class Point(NamedTuple):
    """One point of a guideline.

    Parameters
    ----------
    name : str
        The guideline and its number there.
    asks : str
    status : str
    where : str
        Sections of the report.
    left : str
        What the author still has to write or do.
    """

    name: str
    asks: str
    status: str
    where: str
    left: str


def checklist(fit: "Fit") -> Table:
    """The points of BARG and WAMBS for one fit."""
    columns = tuple(
        Column(name, "text") for name in ("point", "asks for", "status", "where", "left to write or do")
    )
    return Table("Checklist for reporting", columns, (*_barg(fit), *_wambs(fit)))


def count_of_points(table: Table) -> str:
    """How many points of a `checklist` are how far."""
    statuses = [row[2] for row in table.rows]
    counts = [f"{statuses.count(one)} {one}" for one in (DONE, PARTLY, AUTHOR, NONE) if one in statuses]
    return f"Of {len(statuses)} points: {', '.join(counts)}."


def _barg(fit: "Fit") -> Iterator[Point]:
    yield Point("BARG 0A", "why Bayesian", AUTHOR, "", "what is gained over other analyses, if readers ask")
    yield Point("BARG 0B", "goals of the analysis", AUTHOR, "", "which questions the model is to answer")
    yield Point("BARG 1A", "variables", PARTLY, "Data", "how they were measured; why rows are missing")
    yield Point("BARG 1B", "likelihood and parameters", DONE, "Model", "which parameters answer the question")
    yield Point("BARG 1C", "priors, explained and justified", PARTLY, "Priors", "why these priors")
    yield Point("BARG 1D", "formal specification", DONE, "Model; Priors", "")
    yield _prior_predictive(fit)
    yield Point("BARG 2A", "software", DONE, "Session", "")
    yield from _computation(fit)
    yield _predictive(fit)
    fixed = "Fixed effects; " if fit.model.design.fixed_labels else ""
    yield Point("BARG 3B", "summary of the posterior", DONE, f"{fixed}Variance components", "")
    yield Point("BARG 3C", "Bayes factors", NONE, "", "none is reported here; bm.bayes_factor computes them")
    yield Point(
        "BARG 4", "decisions and their criteria", AUTHOR, "", "none was made here; fit.rope if one is needed"
    )
    yield _sensitivity(fit, "BARG 5")
    yield from _reproducible(fit)


def _prior_predictive(fit: "Fit") -> Point:
    left = "draw tables: model.prior_predictive()"
    if isinstance(fit._implied_by_priors, str):
        return Point("BARG 1E", "prior predictive check", AUTHOR, "", "these priors have no draws")
    return Point("BARG 1E", "prior predictive check", PARTLY, "What the priors imply", left)


def _computation(fit: "Fit") -> Iterator[Point]:
    verdict = fit.verdict
    resolution = Point("BARG 2C", "resolution (ESS)", DONE, "Diagnostics", _if_doubtful(fit))
    if verdict.chained:
        several = fit.shape[0] > 1
        left = _if_doubtful(fit) if several else "one chain has no R-hat between chains: run 4"
        yield Point("BARG 2B", "convergence (R-hat)", DONE if several else AUTHOR, "Diagnostics", left)
        yield resolution
        yield Point("BARG 2D", "inaccuracy if not MCMC", NONE, "", "")
    else:
        yield Point("BARG 2B", "convergence (R-hat)", NONE, "", "draws are independent")
        yield resolution
        where = "Diagnostics"
        found = Point("BARG 2D", "inaccuracy if not MCMC", DONE, where, _if_doubtful(fit))
        yield found if verdict.k_hat is not None else found._replace(status=PARTLY, left="compare with NUTS")


def _if_doubtful(fit: "Fit") -> str:
    return "" if fit.verdict.ok else "the verdict is doubtful: mend it first"


def _predictive(fit: "Fit") -> Point:
    asks = "posterior predictive check"
    if fit.model.design.streamed is not None:
        return Point("BARG 3A", asks, AUTHOR, "", "the rows are gone: check a sample of the groups in memory")
    return Point("BARG 3A", asks, DONE, "Posterior predictive check", "what misfit means for the conclusions")


def _sensitivity(fit: "Fit", name: str) -> Point:
    asks = "sensitivity analysis"
    if isinstance(fit._power_scaling, str):
        return Point(name, asks, AUTHOR, "", "refit under other priors: bm.multiverse")
    return Point(name, asks, PARTLY, "Sensitivity to the priors", "for large changes: bm.multiverse")


def _reproducible(fit: "Fit") -> Iterator[Point]:
    seed = json.loads(fit.idata.attrs.get("random_seed", "{}")).get("entropy")
    external = fit.idata.attrs.get("engine") == "external"
    status = PARTLY if external or seed is None else DONE
    left = "how the draws were made elsewhere" if external else ""
    yield Point("BARG 6A", "software, seed and settings", status, "Session", left)
    yield Point("BARG 6B", "scripts and data", AUTHOR, "", "post both, with a name for each file")
    yield Point("BARG 6C", "what is posted runs", AUTHOR, "", "run it on another machine")
    yield Point("BARG 6D", "archive of the draws", AUTHOR, "", "fit.save(path) writes them all")


def _wambs(fit: "Fit") -> Iterator[Point]:
    chained = fit.verdict.chained
    yield Point("WAMBS 1", "priors understood", PARTLY, "Priors; What the priors imply", "where they come from")
    left = "look at trace plots: az.plot_trace_dist(fit.idata)"
    yield Point("WAMBS 2", "convergence of traces", PARTLY if chained else NONE, "Diagnostics" if chained else "",
                left if chained else "draws are independent")  # fmt: skip
    yield Point("WAMBS 3", "convergence with twice the iterations", AUTHOR, "", "fit again with twice the draws")
    yield Point("WAMBS 4", "enough draws for a histogram", DONE, "Diagnostics", _if_doubtful(fit))
    yield Point("WAMBS 5", "autocorrelation", DONE if chained else NONE, "Diagnostics" if chained else "",
                "ESS counts it" if chained else "draws are independent")  # fmt: skip
    yield Point("WAMBS 6", "results make sense", AUTHOR, "", "judge signs and sizes by what is known")
    yield Point("WAMBS 7", "other priors of the variances", *_other_priors(fit))
    yield Point("WAMBS 8", "against priors without information", *_flat(fit))
    yield _sensitivity(fit, "WAMBS 9")
    yield Point(
        "WAMBS 10", "Bayesian interpretation", AUTHOR, "", "intervals hold the parameter with 95 % probability"
    )


def _other_priors(fit: "Fit") -> tuple[str, str, str]:
    point = _sensitivity(fit, "")
    left = "refit under other families of priors: bm.multiverse"
    return point.status, point.where, left


def _flat(fit: "Fit") -> tuple[str, str, str]:
    where = "REML beside the posterior"
    if not _has_reml(fit):
        return AUTHOR, "", "REML does not exist here: try wider priors"
    if is_proper(fit.model):
        return DONE, where, ""
    return PARTLY, where, "flat priors have no proper posterior here: try wider priors"


def _has_reml(fit: "Fit") -> bool:
    try:
        fit.model.reml()
    except RemlError:
        return False
    return True
