"""A model with its priors as a call of brms's ``brm``.

brms states the prior of the intercept at the means of the columns, or, with ``0 + Intercept``, at x = 0. Where our
priors are stated elsewhere, or of other combinations of the columns, brms is given those columns
themselves: ``y = X K^-1 (K beta)``, and ``Z T^-1`` for the random effects.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.elsewhere.brms_priors import check_priors, prior_lines
from bayesmixed.elsewhere.lme4 import group_name, offsets, response
from bayesmixed.elsewhere.r_expressions import is_r_word, r_number, r_vector
from bayesmixed.elsewhere.r_table import reading_lines
from bayesmixed.elsewhere.r_terms import RTerm, r_terms, sum_of
from bayesmixed.elsewhere.words import heading, uses_splines
from bayesmixed.errors import DesignError

if TYPE_CHECKING:
    from bayesmixed.coding import Coding
    from bayesmixed.design import Design
    from bayesmixed.model import MixedModel


@dataclass(frozen=True)
class Columns:
    """Columns as brms is told of them.

    Parameters
    ----------
    text : str
        Right side of a formula, or left side of a bar.
    names : tuple of str
        R's name of each.
    lines : tuple of str
        What makes them from the table first.
    at_means : bool
        Whether there is an intercept that brms states at the means of the other columns.
    """

    text: str
    names: tuple[str, ...]
    lines: tuple[str, ...] = ()
    at_means: bool = False


def brms_text(model: "MixedModel", data: str) -> str:
    """The script: library, table, ``brm(...)``.

    Raises
    ------
    DesignError, PriorError
        brms cannot say it.
    """
    design = model.design
    _check_names(design)
    check_priors(model)
    fixed = _fixed(model)
    brackets = [_bracket(model, number) for number in range(len(design.specification.random))]
    group = group_name(design)
    bars = [
        f"({columns.text} {'|' if random.correlated else '||'} {group})"
        for columns, random in zip(brackets, design.specification.random, strict=True)
    ]
    formula = f"{response(design)} ~ {' + '.join([fixed.text, *offsets(design), *bars])}"
    effects = [name for columns in brackets for name in columns.names]
    priors = ",\n  ".join(prior_lines(model, fixed.names, effects, fixed.at_means))
    lines = [
        *heading(design, data, "R with brms"),
        "library(brms)",
        *(["library(splines)"] if uses_splines(design) else []),
        *reading_lines(design, data),
        *fixed.lines,
        *(line for columns in brackets for line in columns.lines),
        f"priors <- c(\n  {priors}\n)",
        f"fit <- brm({_formula(design, formula)}, table, prior = priors, seed = 1)",
        "summary(fit)",
    ]
    return "\n".join(lines) + "\n"


def _check_names(design: "Design") -> None:
    for name in design.used_names:
        if not is_r_word(name) or "__" in name or name.endswith("_"):
            raise DesignError(
                f"brms cannot have a column called {name!r}: rename it, with letters, digits and single '_' or '.'"
            )


def _formula(design: "Design", formula: str) -> str:
    """With weights, sigma of a row is s / sqrt(w): brms's own weights multiply the log likelihood instead."""
    if design.weights_name is None:
        return formula
    return f"bf({formula}, nlf(sigma ~ log(s) - log({design.weights_name}) / 2), s ~ 1)"


# ---------------------------------------------------------------- where the priors are stated
def _fixed(model: "MixedModel") -> Columns:
    design, coding = model.design, model.priors.resolved.fixed_coding
    terms = r_terms(design.encoding.fixed)
    names = _names(terms)
    if not names:
        return Columns("0", ())
    spoken = [k for k, name in enumerate(design.fixed_labels) if not _is_flat(model, k)]
    means = _means(design)
    if "Intercept" in names and means is not None and _same(coding.matrix, _at(means, design), spoken):
        return Columns(sum_of(terms), names, at_means=True)
    if _same(coding.matrix, np.eye(design.p), spoken):
        text = sum_of(terms)
        if "Intercept" in names:
            text = " + ".join(["0 + Intercept", *(term.text for term in terms if not term.is_intercept)])
        return Columns(text, names)
    if _is_shift(coding) and all(term.scalar for term in terms):
        moved = _moved(terms, coding)
        text = " + ".join(["0 + Intercept", *(term.text for term in moved if not term.is_intercept)])
        return Columns(text, _names(moved), (f"# Intercept is stated at {_where(terms, coding)}",))
    return _combined(_free_name("X", design), terms, coding)


def _means(design: "Design") -> Array | None:
    """Plain means of the columns of X; a table that was read in parts leaves only weighted ones."""
    if design.streamed is None:
        means: Array = design.X.mean(axis=0)
        return means
    return None if design.weights_name is not None else design.streamed.coded.fixed.centre


def _at(means: Array, design: "Design") -> Array:
    """K of brms's own intercept."""
    found, place = np.eye(design.p), design.fixed_labels.index("Intercept")
    found[place] = means
    found[place, place] = 1.0
    return found


def _is_flat(model: "MixedModel", column: int) -> bool:
    from bayesmixed.priors.families import Flat

    priors = model.priors.resolved.fixed
    return any(column in p.columns and isinstance(priors[p.name], Flat) for p in model.names.fixed)


def _bracket(model: "MixedModel", number: int) -> Columns:
    design, priors = model.design, model.priors.resolved
    terms = r_terms(design.encoding.random[number])
    codings = [coding for _, coding in _codings(model, number)]
    if all(np.array_equal(coding.matrix, np.eye(len(coding.centre))) for coding in codings):
        return Columns(_with_intercept(terms), _names(terms))
    (coding,) = codings  # only a correlated bracket has more than one column in a block
    if _is_shift(coding) and all(term.scalar for term in terms):
        moved = _moved(terms, coding)
        where = f"# the sd and correlations of Intercept are those at {_where(terms, coding)}"
        return Columns(_with_intercept(moved), _names(moved), (where,))
    return _combined(_free_name("Z" if len(priors.blocks) == 1 else f"Z{number + 1}", design), terms, coding)


def _free_name(name: str, design: "Design") -> str:
    """A name that no column has."""
    while name in design.used_names:
        name += "k"
    return name


def _codings(model: "MixedModel", number: int) -> "Iterator[tuple[tuple[int, ...], Coding]]":
    """Blocks of a bracket, with their codings."""
    priors, sides = model.priors.resolved, model.design.encoding.random
    start = sum(len(side.labels) for side in sides[:number])
    stop = start + len(sides[number].labels)
    for block, coding in zip(priors.blocks, priors.block_codings, strict=True):
        if start <= block[0] < stop:
            yield block, coding


def _with_intercept(terms: tuple[RTerm, ...]) -> str:
    text = sum_of(terms)
    return f"1 + {text}" if any(term.is_intercept for term in terms) and text != "1" else text


def _names(terms: tuple[RTerm, ...]) -> tuple[str, ...]:
    return tuple(name for term in terms for name in term.names)


def _same(ours: Array, theirs: Array, rows: list[int]) -> bool:
    return np.allclose(ours[rows], theirs[rows], rtol=1e-10, atol=1e-12)


def _is_shift(coding: "Coding") -> bool:
    """Whether an intercept among the columns is stated elsewhere, and nothing else."""
    shift = np.eye(len(coding.centre)) + np.outer(coding.constant, coding.centre)
    return np.count_nonzero(coding.constant) == 1 and bool(np.array_equal(coding.matrix, shift))


def _moved(terms: tuple[RTerm, ...], coding: "Coding") -> tuple[RTerm, ...]:
    """Columns less their centres."""
    return tuple(_less(term, centre) for term, centre in zip(terms, coding.centre, strict=True))


def _where(terms: tuple[RTerm, ...], coding: "Coding") -> str:
    """``Days = 4.5``."""
    centres = zip(terms, coding.centre, strict=True)
    return ", ".join(f"{term.text} = {r_number(centre)}" for term, centre in centres if centre)


def _less(term: RTerm, centre: float) -> RTerm:
    if not centre:
        return term
    text = f"I({term.text} {'-' if centre > 0 else '+'} {r_number(abs(centre))})"
    return RTerm(text, (text,), (text,))


def _combined(name: str, terms: tuple[RTerm, ...], coding: "Coding") -> Columns:
    """``X K^-1`` as a matrix in the table, whose coefficients are ``K beta``."""
    columns = [column for term in terms for column in term.columns]
    inverse = coding.inverse
    numbers = r_vector(map(r_number, inverse.ravel(order="F")))
    made = f"as.matrix(with(table, cbind({', '.join(columns)})))"
    if columns == ["1"]:  # pragma: no cover - one constant column has nothing to be combined with
        made = "matrix(1, nrow(table), 1)"
    lines = (
        f"# the priors are of combinations of the columns, {name} times their inverse: "
        f"coefficients here are {name}_inverse %*% those of brms",
        f"{name}_inverse <- matrix({numbers}, {len(columns)})",
        f"table${name} <- unname({made}) %*% {name}_inverse",
    )
    return Columns(f"0 + {name}", tuple(f"{name}{k + 1}" for k in range(len(columns))), lines)
