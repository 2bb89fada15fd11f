"""All sides of a formula: learnt once, applied to new rows, kept as plain data."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.encoding.column import Column, check_levels, learn_columns
from bayesmixed.encoding.interpreter import environment
from bayesmixed.encoding.plain import plain
from bayesmixed.encoding.side import Side
from bayesmixed.encoding.state import restored_side, side_state
from bayesmixed.errors import DesignError, PredictionError, StorageError
from bayesmixed.formula import parse_formula
from bayesmixed.specification import Specification

PARTS = ("response", "fixed", "random", "offset")
Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True, eq=False)
class Encoded:
    """Encoded rows; None for a part that was not asked for.

    Parameters
    ----------
    y : (n,) ndarray
    X : (n, p) ndarray
    Z_rows : (n, q) ndarray
        Each row's own random-effect columns, bracket after bracket.
    offset : (n,) ndarray
    """

    y: Any = None
    X: Any = None
    Z_rows: Any = None
    offset: Any = None


@dataclass(frozen=True)
class Encoding:
    """What `Encoding.learn` remembers of a table, to encode new rows alike.

    Examples
    --------
    >>> specification = parse_formula("y ~ scale(x) + (1 | g)")
    >>> frame = pd.DataFrame({"y": [1.0, 2, 4], "x": [0.0, 1, 2], "g": [1, 1, 2]})
    >>> encoding, encoded = Encoding.learn(specification, frame)
    >>> encoding.encode(pd.DataFrame({"x": [1.0]}), parts=["fixed"]).X
    array([[1., 0.]])
    """

    specification: Specification
    columns: tuple[Column, ...]
    response: Side
    fixed: Side
    random: tuple[Side, ...]
    offsets: tuple[Side, ...]
    functions: Functions = field(repr=False, compare=False)

    @classmethod
    def learn(
        cls, specification: Specification, frame: pd.DataFrame, functions: Functions | None = None
    ) -> "tuple[Encoding, Encoded]":
        """Learn from complete rows, and encode them.

        Parameters
        ----------
        specification : Specification
        frame : pandas.DataFrame
            Complete rows, as `bayesmixed.table.model_frame` gives them.
        functions : mapping of str to callable
            The user's own transformations.

        Returns
        -------
        encoding : Encoding
        encoded : Encoded

        Raises
        ------
        DesignError
            A term that cannot be computed, is not numeric where it must be, or not finite.
        """
        functions = dict(functions or {})
        columns = learn_columns(specification, frame)
        if not functions:  # a function of the user's own may make numbers of text
            check_levels(columns, frame)
        inside_c = specification.categorical
        data = {one.name: one.training_values(frame[one.name], one.name in inside_c) for one in columns}
        rows = pd.DataFrame(data, index=pd.RangeIndex(len(frame)), copy=False)
        space = environment(functions)
        response, y = Side.learn_number(specification.response, rows, space, "the response")
        fixed, X = Side.learn(specification.fixed, rows, space)
        learnt = {specification.fixed: (fixed, X)}  # the same columns on both sides are kept once
        for term in specification.random:
            if term.effects not in learnt:
                learnt[term.effects] = Side.learn(term.effects, rows, space)
        random = [learnt[term.effects] for term in specification.random]
        offsets = [
            Side.learn_number(f"I({source})", rows, space, "the offset") for source in specification.offsets
        ]
        encoding = cls(
            specification=specification,
            columns=columns,
            response=response,
            fixed=fixed,
            random=tuple(side for side, _ in random),
            offsets=tuple(side for side, _ in offsets),
            functions=functions,
        )
        Z_rows = random[0][1] if len(random) == 1 else np.hstack([Z for _, Z in random])
        offset = sum((values for _, values in offsets), start=np.zeros(len(frame)))
        return encoding, Encoded(y, X, Z_rows, offset)

    def needed(self, parts: Collection[str] = PARTS) -> tuple[str, ...]:
        """Columns of the table that these parts use."""
        names = {name for part in parts for side in self._sides(part) for name in side.columns}
        return tuple(name for name in self.specification.columns if name in names)

    def encode(self, frame: pd.DataFrame, parts: Collection[str] = PARTS[1:]) -> Encoded:
        """Encode new complete rows as the training rows were.

        Parameters
        ----------
        frame : pandas.DataFrame
            Complete rows with the columns `needed` by `parts`.
        parts : collection of {"response", "fixed", "random", "offset"}

        Returns
        -------
        Encoded

        Raises
        ------
        PredictionError
            A column that is missing or of another kind, a level that training did not see, or a
            value beyond the knots of a spline.
        """
        needed, inside_c = self.needed(parts), self.specification.categorical
        columns = [column for column in self.columns if column.name in needed]
        data = {one.name: one.new_values(frame, one.name in inside_c) for one in columns}
        # The index gives the number of rows where there is no column.
        rows = pd.DataFrame(data, index=pd.RangeIndex(len(frame)))
        try:
            encoded = {part: [side.encode(rows) for side in self._sides(part)] for part in parts}
        except DesignError as error:
            raise PredictionError(str(error)) from None
        return Encoded(
            y=encoded["response"][0][:, 0] if "response" in parts else None,
            X=encoded["fixed"][0] if "fixed" in parts else None,
            Z_rows=np.hstack(encoded["random"]) if "random" in parts else None,
            offset=sum((values[:, 0] for values in encoded["offset"]), start=np.zeros(len(frame)))
            if "offset" in parts
            else None,
        )

    def _sides(self, part: str) -> tuple[Side, ...]:
        return {
            "response": (self.response,),
            "fixed": (self.fixed,),
            "random": self.random,
            "offset": self.offsets,
        }[part]

    # -- without pickle
    def to_dict(self) -> dict[str, Any]:
        """Plain data (for JSON) from which `from_dict` restores an equal encoder.

        Raises
        ------
        StorageError
            If a user's own stateful transformation holds more than numbers and text.
        """
        return {
            "formula": self.specification.formula,
            "functions": sorted(self.functions),
            "columns": [plain(asdict(column)) for column in self.columns],
            "sides": {part: [side_state(side) for side in self._sides(part)] for part in PARTS},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], functions: Functions | None = None) -> "Encoding":
        """Restore what `to_dict` gave; the user's own functions must be given again."""
        functions = dict(functions or {})
        missing = set(data["functions"]) - set(functions)
        if missing:
            raise StorageError(
                f"this was fitted with functions of your own; give functions= for: {', '.join(sorted(missing))}"
            )
        specification = parse_formula(data["formula"], functions)
        columns = tuple(Column(**{**column, "levels": tuple(column["levels"])}) for column in data["columns"])
        _check_sources(specification, data["sides"])
        space = environment(functions)
        response, fixed, random, offsets = (
            tuple(restored_side(state, space) for state in data["sides"][part]) for part in PARTS
        )
        return cls(specification, columns, response[0], fixed[0], random, offsets, functions)


def _check_sources(specification: Specification, sides: Mapping[str, Any]) -> None:
    """What formulae is given to read comes from the formula, which our parser has read, never from a file."""
    own = {
        "response": [f"0 + {specification.response}"],
        "fixed": [specification.fixed],
        "random": [term.effects for term in specification.random],
        "offset": [f"0 + I({source})" for source in specification.offsets],
    }
    for part, sources in own.items():
        if [state["source"] for state in sides[part]] != sources:
            raise StorageError(f"the stored terms of the {part} part are not those of the formula")
