"""One side of a formula: a sum of terms through formulae, and its memory."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from formulae.model_description import model_description

from bayesmixed.encoding.faults import explain, one_line
from bayesmixed.encoding.interpreter import quiet
from bayesmixed.encoding.matrix import assemble
from bayesmixed.encoding.results import check_results
from bayesmixed.encoding.splines import check_within_knots
from bayesmixed.encoding.term import Term
from bayesmixed.encoding.widths import check_widths
from bayesmixed.errors import BayesmixedError, DesignError


@dataclass(frozen=True)
class Side:
    """A sum of terms in formulae's language, its names, and formulae's terms that remember."""

    source: str
    terms: tuple[Term, ...]
    columns: tuple[str, ...]
    model: tuple[Any, ...] = field(repr=False, compare=False)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(label for term in self.terms for label in term.labels)

    @property
    def categorical(self) -> tuple[bool, ...]:
        """Does each term hold a factor?"""
        return tuple(
            any(component.kind == "categoric" for component in getattr(term, "components", ()))
            for term in self.model
        )

    @classmethod
    def learn(cls, source: str, frame: pd.DataFrame, environment: Any) -> "tuple[Side, np.ndarray]":
        """Learn levels, means and knots from complete rows, and encode these, (n, columns)."""
        with quiet():
            model = _described(source)
            try:
                if any(len(getattr(term, "components", ())) > 1 for term in model.common_terms):
                    model.set_types(frame, environment)
                    check_widths(model.common_terms, len(frame))
                model.eval(frame, environment)
                check_results(model.common_terms, len(frame))
                for term in model.common_terms:
                    check_within_knots(term, frame)
            except BayesmixedError:
                raise
            except Exception as error:
                raise DesignError(explain(error, model.common_terms, frame, environment)) from None
        pieces = [term.data for term in model.common_terms]
        terms = tuple(map(Term.of, model.common_terms))
        names = {name for term in model.common_terms for name in term.var_names}
        columns = tuple(name for name in frame.columns if name in names)
        for term in model.common_terms:
            _forget_rows(term)
        side = cls(source, terms, columns, tuple(model.common_terms))
        return side, assemble(terms, pieces, len(frame))

    @classmethod
    def learn_number(
        cls, source: str, frame: pd.DataFrame, environment: Any, what: str
    ) -> "tuple[Side, np.ndarray]":
        """A side of one numeric column, and its values, (n,); `what` it is, for errors."""
        try:
            side, values = cls.learn(f"0 + {source}", frame, environment)
        except DesignError as error:
            raise DesignError(f"{what}: {error}") from None
        name = side.terms[0].name
        if any(side.categorical):
            raise DesignError(f"{what} {name!r} is text or a category; bayesmixed needs numbers there")
        if values.shape[1] != 1:
            raise DesignError(f"{what} {name!r} has {values.shape[1]} columns, not one")
        return side, values[:, 0]

    def encode(self, frame: pd.DataFrame) -> np.ndarray:
        """Encode new rows by what was learnt, (n, columns)."""
        with quiet():
            pieces = [_evaluated(term, frame) for term in self.model]
        return assemble(self.terms, pieces, len(frame))


def _described(source: str) -> Any:
    """The terms of formulae, whose own reader is recursive."""
    try:
        return model_description(source)
    except RecursionError:
        raise DesignError(
            f"the term {source[:40]!r}... is nested too deeply: make a part of it a column of the table"
        ) from None


def _evaluated(term: Any, frame: pd.DataFrame) -> Any:
    try:
        check_within_knots(term, frame)
        return term.eval_new_data(frame)
    except BayesmixedError:
        raise
    except Exception as error:
        raise DesignError(f"{term.name}: {one_line(error)}") from None


def _forget_rows(term: Any) -> None:
    term.data = None
    for component in getattr(term, "components", ()):
        component.value = None
        component._intermediate_data = None
