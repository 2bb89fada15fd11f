"""The user's entry: a formula and a table, and everything that can be asked of them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bayesmixed.arrays import Array
from bayesmixed.design import Design, build_design
from bayesmixed.elsewhere.methods import ModelElsewhere
from bayesmixed.formula import parse_formula
from bayesmixed.model.checks import check_arguments
from bayesmixed.model.matrices import ModelMatrices
from bayesmixed.model.posteriors import ModelPosteriors
from bayesmixed.moments import Moments
from bayesmixed.printable import printable_line
from bayesmixed.priors.request import Priors
from bayesmixed.priors.resolved import ResolvedPriors
from bayesmixed.specification import Specification
from bayesmixed.streaming.kinds import is_streamed
from bayesmixed.units import units_of


class MixedModel(ModelPosteriors, ModelMatrices, ModelElsewhere):
    """A linear mixed model, ``y = X beta + Z b + offset + e`` with ``b_i ~ N(0, G)``, ``e ~ N(0, sigma^2 / w)``.

    This call stands for the line that the package follows, every step of which is public::

        specification = parse_formula(formula)  # what was asked
        design = build_design(specification, data)  # y, X, Z, groups
        coded = CodedMoments.of(design)  # the only pass over the rows
        resolved = resolve_priors(Priors.of(priors), design)  # priors with numbers in them
        posterior = MarginalPosterior.of(coded, resolved, ParameterNames.of(design))

    Parameters
    ----------
    formula : str
        lme4-style, for example ``"Reaction ~ Days + (Days | Subject)"``.
    data : pandas, Polars or PyArrow table, or dict of columns
        Rows in any order; rows with a missing value in a used column are dropped and counted. Or a table that
        is read in parts: path of Parquet files, PyArrow dataset, DuckDB relation, Dask or PySpark DataFrame; see
        `stream`.
    priors : str, dict, Priors, optional
        A preset such as ``"default"`` or ``"brms"`` (see `Priors`), or priors by the names of parameters.
    weights : str, optional
        Column of prior weights w: the residual variance of a row is ``sigma^2 / w``.
    units : dict of str to str, optional
        Units of columns, shown wherever a number has one.
    functions : dict of str to callable, optional
        The user's own transformations, for use in the formula.

    Raises
    ------
    FormulaError, TableError, DesignError, PriorError
        Each with one line that says what is wrong and what to do.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    >>> model
    MixedModel('Reaction ~ Days + (Days | Subject)', 180 rows, 18 groups of Subject)
    """

    def __init__(
        self,
        formula: str,
        data: Any,
        *,
        priors: Priors | str | Mapping[str, Any] | None = None,
        weights: str | None = None,
        units: Mapping[str, str] | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ):
        check_arguments(weights, units)
        self.specification: Specification = parse_formula(formula, functions or ())
        self.design: Design
        if is_streamed(data):
            from bayesmixed.streaming.build import streamed_design

            self.design = streamed_design(formula, data, weights, functions)
        else:
            self.design = build_design(self.specification, data, weights=weights, functions=functions)
        self._finish(priors, units, data, functions)

    def _finish(self, priors: Any, units: Mapping[str, str] | None, data: Any, functions: Any) -> None:
        self.units = units_of(units or {}, self.design, data)
        self._request = Priors.of(priors)
        self._resolved: ResolvedPriors | None = None
        if self._request.given:
            self.priors.resolved  # noqa: B018 - a misspelt parameter is the caller's error, now and not later
        self._functions = functions

    @classmethod
    def stream(
        cls,
        formula: str,
        source: Any,
        *,
        priors: Priors | str | Mapping[str, Any] | None = None,
        weights: str | None = None,
        units: Mapping[str, str] | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        batch_rows: int | None = None,
    ) -> "MixedModel":
        """A model of a table that is read in parts, twice, and never held in memory.

        The constructor does the same of itself for a path of Parquet files, a PyArrow dataset, a DuckDB
        relation, a Dask or a PySpark DataFrame. Here a pandas, Polars (lazy too) or PyArrow table is read in
        parts as well. What needs the rows afterwards (residuals, posterior predictive, V) raises an error that
        says so.

        Parameters
        ----------
        formula, priors, weights, units, functions
            As for `MixedModel`; the brms preset, ``poly`` and ``bs`` need all rows at once and are refused.
        source : path, dataset, relation or table
        batch_rows : int, optional
            Rows of a part, where the source lets us choose: 250,000 unless said.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> data = bm.load_dataset("sleepstudy")
        >>> model = bm.MixedModel.stream("Reaction ~ Days + (Days | Subject)", data, batch_rows=50)
        >>> round(model.reml().criterion, 4)
        1743.6283
        """
        from bayesmixed.streaming.build import streamed_design

        check_arguments(weights, units)
        design = streamed_design(formula, source, weights, functions, batch_rows)
        return cls._of_design(design, priors, units, functions)

    @classmethod
    def from_moments(
        cls,
        formula: str,
        moments: "Moments | list[Moments]",
        *,
        priors: Priors | str | Mapping[str, Any] | None = None,
        units: Mapping[str, str] | None = None,
    ) -> "MixedModel":
        """A model of rows that others have summed up: see `bayesmixed.summarise` for the two steps.

        Parameters
        ----------
        formula : str
            The formula that the moments were made with.
        moments : Moments, or list of them
            Of `bayesmixed.sum_moments`, ``model.moments`` or `Moments.load`, all with the same agreement. Groups
            of the same name in several of them are one group.
        priors, units
            As for `MixedModel`.

        Raises
        ------
        DesignError
            The moments belong to another formula, or to different agreements.
        """
        from bayesmixed.streaming.build import design_of_moments

        check_arguments(None, units)
        design = design_of_moments(formula, moments)
        return cls._of_design(design, priors, units, design.encoding.functions)

    @classmethod
    def _of_design(cls, design: Design, priors: Any, units: Any, functions: Any) -> "MixedModel":
        model = cls.__new__(cls)
        model.specification, model.design = design.specification, design
        model._finish(priors, units, dict.fromkeys(design.used_names, ()), functions)
        return model

    @classmethod
    def _with_resolved(cls, formula: str, data: Any, resolved: ResolvedPriors, **options: Any) -> "MixedModel":
        """A model whose priors keep the numbers that an earlier table gave them."""
        model = cls(formula, data, **options)
        model._resolved = resolved
        return model

    def _with_response(self, y: Array) -> "MixedModel":
        """The same rows, groups and numbers of the priors with another response, (N,)."""
        model = type(self)._of_design(replace(self.design, y=y), None, {}, self._functions)
        model._resolved = self.priors.resolved
        return model

    def __repr__(self) -> str:
        design = self.design
        return (
            f"MixedModel({self.specification.formula!r}, {design.n_obs} rows, "
            f"{design.n_groups} groups of {printable_line(design.factor_name)})"
        )

    def _repr_html_(self) -> str:
        from bayesmixed.report.notebook import model_html

        return model_html(self)

    def to_bambi(self) -> Any:
        """The same model, with the same priors, as a ``bambi.Model``: the inverse of `bayesmixed.from_bambi`.

        Needs Bambi: ``pip install bayesmixed[bambi]``. Correlated random effects are refused, because Bambi has
        none (our ``(x || g)`` is its ``(x | g)``); so are weights whose mean is not 1, and a prior of an
        intercept that is stated neither at x = 0 nor at the means of the columns.

        Raises
        ------
        DesignError, PriorError
            Bambi cannot say it; the message names the term.
        """
        from bayesmixed.bambi_models import to_bambi

        return to_bambi(self)

    def explain(self) -> None:
        """Print formula, data, X, Z, G, V, priors and units on one screen."""
        from bayesmixed.report.explain import explain

        print(explain(self))
