"""Why REML and the posterior differ, or do not: reason codes, computed from numbers."""

from dataclasses import dataclass

import numpy as np

#: A part of the difference counts as small up to this many posterior standard deviations.
SMALL = 0.25
#: A z interval counts as too narrow where the t interval or the posterior's is longer by more than this.
NARROW_T, NARROW_POSTERIOR = 1.05, 1.10

AGREES, BOUNDARY, SKEWED, PRIOR = "agrees", "boundary", "skewed", "prior"
FEW, MONTE_CARLO, NO_REML = "few groups", "Monte Carlo", "no REML"

#: What each code says, in words.
MEANINGS = {
    AGREES: "both parts of the difference are small: skewness and prior each move the median by at most "
    f"{SMALL} posterior standard deviations",
    BOUNDARY: "the REML estimate lies at the edge of what is possible (an sd of 0, a correlation of -1 or 1), "
    "where its standard error and interval mean nothing; the posterior averages over values inside",
    SKEWED: "under flat priors, whose posterior has its mode at the REML estimate, the median lies elsewhere; the "
    "likelihood is skewed, and mode and median are different summaries of it",
    PRIOR: "the priors move the median away from where it is under flat priors",
    FEW: "there are so few groups that a Wald interval with normal quantiles is too narrow against t quantiles or "
    "against the posterior; or flat priors have no proper posterior, so that data alone do not give an interval",
    MONTE_CARLO: "the difference is below the simulation error: raise draws",
    NO_REML: "REML has no estimate here: there are as many random effects as rows",
}


@dataclass(frozen=True)
class Evidence:
    """What the verdict on one quantity rests on, in units of the quantity.

    Parameters
    ----------
    reml : float
        The estimate; nan where there is none.
    median, sd : float
        Of the posterior.
    flat_median : float
        Of the posterior under flat priors; nan where that is not proper.
    error, flat_error : float
        Monte Carlo standard errors of the two medians.
    at_boundary : bool
    too_narrow : bool
        Whether the z interval is too short, or flat priors have no proper posterior.
    """

    reml: float
    median: float
    sd: float
    flat_median: float
    error: float
    flat_error: float
    at_boundary: bool
    too_narrow: bool

    @property
    def from_skew(self) -> float:
        """Median under flat priors minus REML."""
        return self.flat_median - self.reml

    @property
    def from_prior(self) -> float:
        """Median minus that under flat priors."""
        return self.median - self.flat_median


def reasons(evidence: Evidence) -> tuple[str, ...]:
    """The codes that hold of one quantity; ``agrees`` comes first where it holds."""
    if not np.isfinite(evidence.reml):
        return (NO_REML, *([FEW] if evidence.too_narrow else []))
    codes = [BOUNDARY] if evidence.at_boundary else []
    codes += _parts(evidence)
    few = [FEW] if evidence.too_narrow else []
    return (*codes, *few) if codes else (AGREES, *few) if _is_small(evidence) else tuple(few)


def verdict(codes: tuple[str, ...]) -> str:
    """``agrees``, ``unclear`` where simulation error or a missing estimate hides it, or ``differs``."""
    if AGREES in codes:
        return "agrees"
    known = {BOUNDARY, SKEWED, PRIOR} & set(codes)
    return "unclear" if not known and {MONTE_CARLO, NO_REML} & set(codes) else "differs"


def _is_small(evidence: Evidence) -> bool:
    """Whether the whole difference is: where there is no split, that is all that can be asked."""
    return abs(evidence.median - evidence.reml) <= 2.0 * SMALL * evidence.sd


def _parts(evidence: Evidence) -> list[str]:
    """Which parts of the difference are not small, or cannot be told from zero."""
    if not np.isfinite(evidence.flat_median):
        whole, error = abs(evidence.median - evidence.reml), 2.0 * evidence.error
        return [MONTE_CARLO] if not error <= SMALL * evidence.sd and not whole > error else []
    both = 2.0 * float(np.hypot(evidence.error, evidence.flat_error))
    codes, unclear = [], False
    for code, part, error in (
        (SKEWED, evidence.from_skew, 2.0 * evidence.flat_error),
        (PRIOR, evidence.from_prior, both),
    ):
        if abs(part) > error and abs(part) > SMALL * evidence.sd:
            codes.append(code)
        # A part below its error may be large or small: draws decide, unless the error itself is small.
        unclear |= not error <= SMALL * evidence.sd and not abs(part) > error
    return codes + ([MONTE_CARLO] if unclear else [])
