"""Bayes factors: of a model against a null model that it names, and how they move with the prior's scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import DesignError, PriorError
from bayesmixed.evidence.checks import check_comparable, check_null
from bayesmixed.evidence.marginal import REPEATS, LogEvidence, Target, log_evidence
from bayesmixed.evidence.null import Null, null_target
from bayesmixed.evidence.savage_dickey import DensityRatio, savage_dickey
from bayesmixed.evidence.scaled import with_scaled
from bayesmixed.evidence.words import probability, verdict

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from bayesmixed.fit import Fit
    from bayesmixed.model import MixedModel

#: Multiples of the prior's scale that `BayesFactor.by_scale` tries.
MULTIPLIERS = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, eq=False)
class BayesFactor:
    """How many times likelier the data are under a model than under a null model; made by `bayes_factor`.

    Parameters
    ----------
    model, null : str
        What the two are.
    evidence, null_evidence : LogEvidence
    tested : tuple of str
        Parameters that the null model lacks; none where two models were given.
    notes : tuple of str
        What a reader should know.
    targets : tuple of Target
        The two posteriors.
    options : dict
        Of `log_evidence`.
    """

    model: str
    null: str
    evidence: LogEvidence
    null_evidence: LogEvidence
    tested: tuple[str, ...]
    notes: tuple[str, ...]
    targets: tuple[Target, Target]
    options: dict[str, Any]

    @property
    def log_bf(self) -> float:
        """``log p(y | model) - log p(y | null)``, a natural logarithm."""
        return self.evidence.value - self.null_evidence.value

    @property
    def error(self) -> float:
        """Standard error of `log_bf`: Monte Carlo error, or the numerical error of quadrature."""
        return float(np.hypot(self.evidence.error, self.null_evidence.error))

    @property
    def bf(self) -> float:
        """``exp(log_bf)``."""
        with np.errstate(over="ignore"):
            return float(np.exp(self.log_bf))

    @property
    def probability(self) -> float:
        """Posterior probability of the model where both were equally probable before: ``bf / (1 + bf)``."""
        return probability(self.log_bf)

    @property
    def verdict(self) -> str:
        """Direction and strength in words, by the steps of Kass and Raftery (1995)."""
        return verdict(self.log_bf, self.error)

    def __repr__(self) -> str:
        times = f"{np.exp(min(abs(self.log_bf), 700.0)):.3g}"
        more, less = ("model", "null") if self.log_bf >= 0 else ("null", "model")
        lines = [
            f"BayesFactor: {self.model}",
            f"against the null: {self.null}",
            f"  log BF {self.log_bf:.3f} +- {self.error:.1g}: the data are {times} times as likely under the "
            f"{more} as under the {less}",
            f"  {self.verdict}",
            f"  probability of the model, both equally probable before: {self.probability:.4g}",
            *(f"  note: {note}" for note in self.notes),
        ]
        return "\n".join(lines)

    def to_dataframe(self) -> "pd.DataFrame":
        """One row: log_bf, error, bf, probability, verdict."""
        import pandas as pd

        return pd.DataFrame([_row(self.log_bf, self.error)], index=pd.Index([self.null], name="null"))

    def savage_dickey(self) -> DensityRatio:
        """The same log Bayes factor another way: prior over posterior density of the tested coefficients at 0.

        Raises
        ------
        PriorError
            Something else than coefficients is tested, or their prior is neither normal nor Student-t.
        """
        names = self.targets[0].posterior.names
        own = tuple(p for p in names.fixed if p.name in self.tested)
        if not own or len(own) < len(self.tested):
            raise PriorError(
                "the density ratio is for coefficients: an sd of 0 lies at the edge of its range, and two models "
                "that were given by hand need not be nested"
            )
        draws = self.targets[0].draws(self.options["random_seed"], self.options["cores"])
        return savage_dickey(self.targets[0], own, draws)

    def by_scale(self, multipliers: Sequence[float] = MULTIPLIERS) -> "pd.DataFrame":
        """The Bayes factor with the scale of the tested parameters' priors multiplied.

        The null model has no such parameter, so that only the full model's evidence moves. Priors of everything
        else, a mean mu of the tested coefficients and the prior of correlations stay.

        Parameters
        ----------
        multipliers : sequence of float
            Positive.

        Returns
        -------
        pandas.DataFrame
            By multiplier: ``log_bf, error, bf, probability, verdict`` and the ``prior`` in words.

        Raises
        ------
        PriorError
            Two models were given, or a prior has no scale of its own.
        """
        import pandas as pd

        factors = _multipliers(multipliers)
        if not self.tested:
            raise PriorError("two models were given: name the null, as in null='Days|Subject', to scale its prior")
        rows = [self._scaled(float(factor)) for factor in factors]
        return pd.DataFrame(rows, index=pd.Index(factors, name="multiplier"))

    def _scaled(self, factor: float) -> dict[str, Any]:
        full = self.targets[0]
        priors = with_scaled(full.posterior.priors, self.tested, factor)
        found = log_evidence(full.with_priors(priors), **self.options)
        row = _row(found.value - self.null_evidence.value, float(np.hypot(found.error, self.null_evidence.error)))
        return row | {"prior": "; ".join(f"{name} ~ {priors[name]}" for name in self.tested)}

    def plot(self, multipliers: Sequence[float] | None = None, ax: "Axes | None" = None) -> "Axes":
        """log BF against the scale of the prior, over the steps of Kass and Raftery."""
        from bayesmixed.report.plots.evidence import plot_by_scale

        return plot_by_scale(self, multipliers, ax)


def _multipliers(given: Any) -> Array:
    try:
        factors = np.asarray(given, dtype=float).ravel()
    except (TypeError, ValueError):
        factors = np.zeros(0)
    if not len(factors) or not (np.isfinite(factors).all() and (factors > 0).all()):
        raise PriorError(f"multipliers of a scale must be positive numbers, such as (0.5, 1, 2), not {given!r}")
    return factors


def _row(log_bf: float, error: float) -> dict[str, Any]:
    with np.errstate(over="ignore"):
        bf = float(np.exp(log_bf))
    return {
        "log_bf": log_bf,
        "error": error,
        "bf": bf,
        "probability": probability(log_bf),
        "verdict": verdict(log_bf, error),
    }


def bayes_factor(
    model: "MixedModel | Fit | Mapping[str, MixedModel | Fit]",
    null: "str | Sequence[str] | MixedModel | Fit",
    method: str = "auto",
    random_seed: Any = 0,
    repeats: int = REPEATS,
    cores: int | None = None,
) -> BayesFactor:
    """Evidence for a model against a null model, ``BF = p(y | model) / p(y | null)``.

    The null model has the full model's priors, number by number and in the same coding, for every parameter
    that it keeps; eta of LKJ stays too.

    Parameters
    ----------
    model : MixedModel or Fit, or dict of two of them by name
    null : str or sequence of str, or MixedModel or Fit
        What the null model lacks. ``"Days|Subject"``: random slopes of Days by Subject. ``"1|Subject"``: the
        random intercept; where nothing else is random, all random effects. ``"Subject"``: all random effects of
        Subject. ``"Days"``: a fixed effect. Several names leave out all of them at once. Or another model of the
        same rows, with priors of its own; or, of a dict, the name of one.
    method : {"auto", "quadrature", "bridge"}
        See `MixedModel.log_evidence`.
    random_seed : int, SeedSequence or Generator
    repeats : int
        Of bridge sampling.
    cores : int, optional

    Returns
    -------
    BayesFactor
        Print it; its methods ``by_scale`` and ``plot`` show how it moves with the scale of the prior, on which it
        rests.

    Raises
    ------
    PriorError
        A coefficient with an improper flat prior, and X or its coding differ between the models; a prior that
        is a PyMC distribution.
    DesignError
        The models are of different rows or responses, or `null` names nothing.

    References
    ----------
    Kass and Raftery (1995), doi:10.1080/01621459.1995.10476572.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
    >>> found = bm.bayes_factor(model, null="1|Batch")
    >>> round(found.log_bf, 2), found.verdict
    (2.31, 'positive evidence for the model')
    """
    options = {"method": method, "random_seed": random_seed, "repeats": repeats, "cores": cores}
    if isinstance(model, Mapping):
        return _of_two(*_two(model, null), options)
    full = _model_of(model)
    if not _is_names(null):
        if not hasattr(null, "design") and not hasattr(null, "model"):
            raise DesignError(
                f"null must be a name such as 'Days|Subject', several of them, or a model, not {null!r}"
            )
        return _of_two((repr(full), full), (repr(_model_of(null)), _model_of(null)), options)
    target = Target.of(full)
    left_out = Null.of(full.names, null)  # type: ignore[arg-type]  # names, as was just seen
    notes = check_null(target, left_out)
    smaller = null_target(target, left_out)
    return BayesFactor(
        full.specification.formula,
        left_out.words,
        log_evidence(target, **options),
        log_evidence(smaller, **options),
        left_out.tested,
        notes,
        (target, smaller),
        options,
    )


def _of_two(
    first: "tuple[str, MixedModel]", second: "tuple[str, MixedModel]", options: dict[str, Any]
) -> BayesFactor:
    """Two models as they are, whose priors may differ."""
    notes = check_comparable(first[1], second[1])
    targets = (Target.of(first[1]), Target.of(second[1]))
    found = [log_evidence(target, **options) for target in targets]
    return BayesFactor(first[0], second[0], found[0], found[1], (), notes, targets, options)


def _two(models: Mapping[str, Any], null: Any) -> "tuple[tuple[str, MixedModel], tuple[str, MixedModel]]":
    if len(models) != 2 or null not in list(models):
        there = ", ".join(map(repr, models)) or "none"
        raise DesignError(
            f"a dict needs two models, one of which null names: there are {there}, and null is {null!r}"
        )
    (other,) = (name for name in models if name != null)
    return (str(other), _model_of(models[other])), (str(null), _model_of(models[null]))


def _is_names(null: Any) -> bool:
    return isinstance(null, str) or (isinstance(null, Sequence) and not hasattr(null, "design"))


def _model_of(given: Any) -> "MixedModel":
    from bayesmixed.model import MixedModel

    model = getattr(given, "model", given)
    if not isinstance(model, MixedModel):
        raise DesignError(f"a Bayes factor needs a MixedModel or a Fit, not {type(given).__name__}")
    return model
