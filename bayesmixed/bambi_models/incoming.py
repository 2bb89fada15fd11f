"""bambi.Model -> MixedModel: formula, data and priors with their numbers."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.bambi_models.agreement import check_same_model
from bayesmixed.bambi_models.checks import check_model, check_prior, hyperprior
from bayesmixed.coding import Coding
from bayesmixed.errors import DesignError
from bayesmixed.formula import parse_formula
from bayesmixed.formula.cursor import Cursor
from bayesmixed.parameters import ParameterNames
from bayesmixed.priors.families import LKJ
from bayesmixed.priors.presets import resolve_priors
from bayesmixed.priors.request import Priors
from bayesmixed.priors.resolved import ResolvedPriors

if TYPE_CHECKING:
    from bayesmixed.design import Design
    from bayesmixed.model import MixedModel

Functions = Mapping[str, Callable[..., Any]]


def from_bambi(
    model: Any,
    correlated: bool | LKJ = False,
    *,
    functions: Functions | None = None,
    units: Mapping[str, str] | None = None,
) -> "MixedModel":
    """Take over a Gaussian `bambi.Model` with its data, names and priors, to sample the same posterior faster.

    Bambi samples beta and every b_i; here both are integrated out and drawn exactly afterwards.
    **In Bambi the effects of** ``(x | g)`` **are uncorrelated, in bayesmixed correlated**: it becomes
    ``(x || g)``. ``fit().idata`` is what Bambi's own ``model.predict`` and ``bambi.interpret`` take.

    The priors are those of the model, with the numbers that Bambi found by its automatic scaling, in Bambi's
    coding: where its predictors are centred (an intercept, ``center_predictors=True``), the prior of the intercept
    is stated at the means of all columns of X; those of the sd of slopes at x = 0. Normal, Student-t and flat
    priors of coefficients are integrated out; other families are sampled explicitly, by ``engine="pymc"`` where
    this package does not have them. Whether the model is non-centred plays no part.

    Parameters
    ----------
    model : bambi.Model
        Gaussian, identity link, group-specific terms on one factor. It may be built or not.
    correlated : bool or LKJ
        True gives effects of one bracket the correlation that Bambi lacks, with an ``LKJ(2)`` prior; or its prior.
    functions : mapping of str to callable, optional
        What the model took from ``extra_namespace`` or from the caller's variables.
    units : dict of str to str, optional
        Units of columns, as in `MixedModel`.

    Returns
    -------
    MixedModel

    Raises
    ------
    DesignError, PriorError, FormulaError
        Something cannot be translated; the message names the term.

    Examples
    --------
    >>> import bambi, bayesmixed as bm
    >>> theirs = bambi.Model("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    >>> ours = bm.from_bambi(theirs)
    >>> ours
    MixedModel('Reaction ~ Days + (Days || Subject)', 180 rows, 18 groups of Subject)
    >>> str(ours.priors.resolved["1|Subject_sigma"])
    'HalfNormal(sigma=261)'

    References
    ----------
    Capretto et al. (2022), Bambi: a simple interface for fitting Bayesian linear models in Python,
    doi:10.18637/jss.v103.i15
    """
    from bayesmixed.model import MixedModel

    _check_argument(model, correlated)
    check_model(model)
    response, weights = _response(model)
    formula = _formula(model.formula.main, response, bool(correlated), functions or {})
    ours = MixedModel(formula, model.data, weights=weights, functions=functions, units=units)
    check_same_model(ours.design, model)
    lkj = correlated if isinstance(correlated, LKJ) else LKJ(2.0)
    ours._resolved = bambi_priors(model, ours.design, lkj)
    return ours


def _check_argument(model: Any, correlated: Any) -> None:
    if type(model).__module__.partition(".")[0] != "bambi" or not hasattr(model, "response_term"):
        raise DesignError(f"from_bambi takes a bambi.Model, not {type(model).__name__}")
    if not isinstance(correlated, bool | LKJ):
        raise DesignError(f"correlated must be True, False or a prior such as bm.LKJ(2), not {correlated!r}")


def bambi_priors(model: Any, design: "Design", lkj: LKJ) -> ResolvedPriors:
    """The priors of a `bambi.Model` for our design of the same rows, in Bambi's coding.

    Bambi's predictor is ``a + (x - mean x)' beta``: with an intercept, ``beta_prior = K beta`` where K adds
    ``mean(x)' beta`` to the intercept (`Coding` with scales one). The means are of the rows, without weights.
    """
    component = model.parameters[model.family.likelihood.parent]
    names = ParameterNames.of(design)
    given = {term.name: term.prior for term in component.common_terms.values()}
    if component.intercept_term is not None:
        given["Intercept"] = component.intercept_term.prior
    given["sigma"] = model.parameters["sigma"].prior
    for name, prior in given.items():
        check_prior(prior, name)
    for term in component.group_specific_terms.values():
        given[f"{term.name}_sigma"] = hyperprior(term)
    blocks = tuple(Coding.identity(len(block.columns)) for block in design.blocks)
    base = replace(
        resolve_priors(Priors(), design),
        preset="bambi",
        fixed_coding=Coding.identity(design.p),
        block_codings=blocks,
    )
    if base.corr is not None:
        given[names.corr] = lkj
    named = base.override(Priors() | given, names)
    coding = centred_predictors(design) if _centres(model) else base.fixed_coding
    return replace(named, given=(), fixed_coding=coding)


def centred_predictors(design: "Design") -> Coding:
    """The coding of a design with an intercept in which Bambi states its priors."""
    constant = np.array([label == "Intercept" for label in design.fixed_labels], dtype=float)
    centre = np.where(constant == 1.0, 0.0, design.X.mean(axis=0))
    return Coding(constant, centre, np.ones(design.p))


def _centres(model: Any) -> bool:
    component = model.parameters[model.family.likelihood.parent]
    return bool(model.center_predictors) and component.intercept_term is not None


def _response(model: Any) -> tuple[str, str | None]:
    """The response without its weights, and the column of these."""
    term = model.response_term
    response = model.formula.main.partition("~")[0].strip()
    if not term.is_weighted:
        return response, None
    column, weights = _arguments(response)
    if not isinstance(weights, ast.Name):
        raise DesignError(f"the weights of {response!r} must be a column: weighted(y, w)")
    total, n = float(term.data[:, 1].sum()), len(term.data)
    if not np.isclose(total, n, rtol=1e-9):
        raise DesignError(
            f"the weights of {response!r} add up to {total:.6g} for {n} rows: Bambi counts a row w times, here "
            "its variance is sigma^2 / w, which is the same only where weights have mean 1; divide them by it"
        )
    return ast.unparse(column), weights.id


def _arguments(response: str) -> list[ast.expr]:
    """The response and the weights of ``weighted(y, w)``."""
    try:
        call = ast.parse(response, mode="eval").body
    except SyntaxError:  # a name in backquotes is no Python
        call = None
    found = [] if not isinstance(call, ast.Call) else [*call.args, *(keyword.value for keyword in call.keywords)]
    if len(found) != 2:
        raise DesignError(f"the response {response!r} is not read: write weighted(y, w) with plain names")
    return found


def _formula(text: str, response: str, correlated: bool, functions: Functions) -> str:
    """The formula with its response, and with ``||`` in every bracket that holds more than the intercept."""
    formula = f"{response} ~ {text.partition('~')[2].strip()}"
    if correlated:
        return formula
    intercepts = [term for term in parse_formula(formula, functions).random if term.effects == "1"]
    for token in reversed(Cursor(formula).tokens):
        start = token.position
        alone = any(term.position < start < term.position + len(term.source) for term in intercepts)
        if token.text == "|" and not alone:
            formula = f"{formula[:start]}||{formula[start + 1 :]}"
    return formula
