"""Table + Specification -> Design: y, X, Z, groups and their names, checked and frozen."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.encoding import PARTS, Encoding, Side, Term
from bayesmixed.errors import DesignError, PredictionError, TableError
from bayesmixed.specification import Specification
from bayesmixed.table import model_frame

__all__ = ["Block", "Design", "NewRows", "Term", "build_design"]

DENSE_LIMIT = 1_000_000_000  # bytes
# Relative size of what is left of a column once the others explain it; rounding leaves 1e-14,
# a time of 1e6 + (0, 1, ..., 9) leaves 3e-6 even when it is not centred.
COLLINEAR = 1e-10
ROUNDING = 1e-14


@dataclass(frozen=True)
class Block:
    """Random-effect columns that may be correlated: one diagonal block of G.

    Parameters
    ----------
    terms : tuple of Term
        The terms that these columns belong to; with ``||`` one column of a factor names its term.
    columns : tuple of int
        Positions among the q columns of `Design.Z_rows`.
    labels : tuple of str
        Labels of these columns.
    """

    terms: tuple[Term, ...]
    columns: tuple[int, ...]
    labels: tuple[str, ...]

    @property
    def size(self) -> int:
        return len(self.columns)

    @property
    def has_intercept(self) -> bool:
        return "Intercept" in self.labels


@dataclass(frozen=True)
class NewRows:
    """Rows encoded as those of a design; `groups` is None if the table has no grouping column.

    Parameters
    ----------
    X : (n, p) ndarray
    Z_rows : (n, q) ndarray
    offset : (n,) ndarray
    groups : (n,) ndarray of str, or None
    """

    X: np.ndarray
    Z_rows: np.ndarray
    offset: np.ndarray
    groups: np.ndarray | None


@dataclass(frozen=True)
class Design:
    """What the model sees of the table.

    Parameters
    ----------
    specification : Specification
    response_name, factor_name : str
    y : (N,) ndarray
        Response, in its own units.
    X : (N, p) ndarray
        Fixed-effect columns.
    Z_rows : (N, q) ndarray
        Each row's own random-effect columns.
    group : (N,) ndarray of intp
        Position of each row's group in `levels`.
    levels : tuple of str
        Names of the J groups.
    offset, weights : (N,) ndarray
        Known part of the mean; divisors of the residual variance, sigma^2 / w.
    fixed, random_terms : tuple of Term
        In the order of the columns of X and of `Z_rows`.
    blocks : tuple of Block
        The blocks of G.
    rows : (N,) ndarray of int
        Positions of the used rows in the user's table.
    n_dropped : int
        Rows that were dropped for a missing value.
    weights_name : str or None
    warnings : tuple of str
    frame : pandas.DataFrame
        The used columns and rows of the table.
    encoding : Encoding
    """

    specification: Specification
    response_name: str
    factor_name: str
    y: np.ndarray = field(repr=False)
    X: np.ndarray = field(repr=False)
    Z_rows: np.ndarray = field(repr=False)
    group: np.ndarray = field(repr=False)
    levels: tuple[str, ...] = field(repr=False)
    offset: np.ndarray = field(repr=False)
    weights: np.ndarray = field(repr=False)
    fixed: tuple[Term, ...]
    random_terms: tuple[Term, ...]
    blocks: tuple[Block, ...]
    rows: np.ndarray = field(repr=False)
    n_dropped: int
    weights_name: str | None
    warnings: tuple[str, ...]
    frame: pd.DataFrame = field(repr=False)
    encoding: Encoding = field(repr=False)

    @property
    def n_obs(self) -> int:
        """N, the number of rows."""
        return len(self.y)

    @property
    def n_groups(self) -> int:
        """J, the number of groups."""
        return len(self.levels)

    @property
    def p(self) -> int:
        return self.X.shape[1]

    @property
    def q(self) -> int:
        return self.Z_rows.shape[1]

    @property
    def fixed_labels(self) -> tuple[str, ...]:
        """Labels of the columns of X: ``"Intercept"``, ``"Days"``, ``"Type[T2]"``."""
        return tuple(label for term in self.fixed for label in term.labels)

    @property
    def random_labels(self) -> tuple[str, ...]:
        """Labels of the q columns of `Z_rows`."""
        return tuple(label for term in self.random_terms for label in term.labels)

    @cached_property
    def group_sizes(self) -> np.ndarray:
        """n_i, the rows of each group, (J,)."""
        return np.bincount(self.group, minlength=self.n_groups)

    @property
    def Z(self) -> np.ndarray:
        """Random-effect columns of all groups, (N, J q): the q columns of group 1, of group 2, ...

        With G block diagonal over groups, the covariance of y is Z G Z' + sigma^2 I.

        Raises
        ------
        DesignError
            If it would take more than 1 GB.
        """
        size = 8 * self.n_obs * self.n_groups * self.q
        if size > DENSE_LIMIT:
            raise DesignError(f"Z as a dense matrix takes {size / 1e9:.1f} GB; use Z_sparse, or Z_rows and group")
        Z = np.zeros((self.n_obs, self.n_groups, self.q))
        Z[np.arange(self.n_obs), self.group] = self.Z_rows
        return Z.reshape(self.n_obs, -1)

    @property
    def Z_sparse(self) -> Any:
        """`Z` as a scipy.sparse.csr_array."""
        from scipy.sparse import csr_array

        columns = self.group[:, None] * self.q + np.arange(self.q)
        starts = np.arange(0, self.n_obs * self.q + 1, self.q)
        shape = (self.n_obs, self.n_groups * self.q)
        return csr_array((self.Z_rows.ravel(), columns.ravel(), starts), shape=shape)

    def encode(self, table: Any) -> NewRows:
        """Encode new rows as the rows of this design were encoded.

        Parameters
        ----------
        table : pandas, Polars or PyArrow table, or dict of columns
            The predictors; the response is not needed, the grouping columns may be absent.

        Returns
        -------
        NewRows

        Raises
        ------
        PredictionError
            A column is missing or has missing values, or a predictor's level is unseen.
        """
        needed = self.encoding.needed(PARTS[1:])
        factor = self.specification.factor
        try:
            has_groups = _has_columns(table, factor)
            columns = (*needed, *factor) if has_groups else needed
            if columns:
                frame, _, n_dropped = model_frame(table, columns, labels=set(factor) - set(needed))
            else:
                frame, n_dropped = pd.DataFrame(index=pd.RangeIndex(_n_rows(table))), 0
        except TableError as error:
            raise PredictionError(f"the new rows: {error}") from None
        if n_dropped:
            raise PredictionError(
                f"{n_dropped} of the new rows have a missing value in one of: {', '.join(columns)}"
            )
        encoded = self.encoding.encode(frame)
        groups = _group_names(frame, factor) if has_groups else None
        return NewRows(encoded.X, encoded.Z_rows, encoded.offset, groups)


def build_design(
    specification: Specification,
    table: Any,
    weights: str | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> Design:
    """Build the design of a specification on a table, or say in one line why it cannot be.

    Parameters
    ----------
    specification : Specification
    table : pandas, Polars or PyArrow table, or dict of columns
        Rows in any order; rows with a missing value in a used column are dropped and counted.
    weights : str, optional
        Column of prior weights w > 0: the residual variance of a row is sigma^2 / w.
    functions : mapping of str to callable, optional
        The user's own transformations, as given to `parse_formula`.

    Returns
    -------
    Design

    Raises
    ------
    TableError
        The table lacks a column or holds values that cannot be used.
    DesignError
        Formula and table together give no model that can be estimated.

    Examples
    --------
    >>> from bayesmixed.formula import parse_formula
    >>> table = {"y": [1.0, 2, 2, 5, 4, 7, 8], "t": [0, 1, 2, 0, 1, 0, 1], "g": list("aaabbcc")}
    >>> design = build_design(parse_formula("y ~ t + (1 | g)"), table)
    >>> design.Z.shape, design.fixed_labels, design.levels
    ((7, 3), ('Intercept', 't'), ('a', 'b', 'c'))
    """
    factor = specification.factor
    columns = [*specification.columns, *([weights] if weights is not None else [])]
    frame, rows, n_dropped = model_frame(table, columns, labels=_only_groups(specification))
    group, levels = group_codes(frame, factor)
    encoding, encoded = Encoding.learn(specification, frame, functions)
    design = Design(
        specification=specification,
        response_name=specification.response_name,
        factor_name=specification.factor_name,
        y=encoded.y,
        X=encoded.X,
        Z_rows=encoded.Z_rows,
        group=group,
        levels=levels,
        offset=encoded.offset,
        weights=_weights(frame, weights),
        fixed=encoding.fixed.terms,
        random_terms=tuple(term for side in encoding.random for term in side.terms),
        blocks=_blocks(specification, encoding.random),
        rows=rows,
        n_dropped=n_dropped,
        weights_name=weights,
        warnings=(),
        frame=frame,
        encoding=encoding,
    )
    _check(design)
    _freeze(design)
    return replace(design, warnings=tuple(_warnings(design)))


def _freeze(design: Design) -> None:
    for name in ("y", "X", "Z_rows", "group", "offset", "weights", "rows"):
        getattr(design, name).flags.writeable = False


# ---------------------------------------------------------------- groups
def group_codes(frame: pd.DataFrame, factor: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Position of each row's group among the sorted levels, and the levels as text.

    Parameters
    ----------
    frame : pandas.DataFrame
        Complete rows.
    factor : sequence of str
        One column, or several whose combinations that occur are the groups.

    Returns
    -------
    codes : (N,) ndarray of intp
    levels : tuple of str
        Numbers by size, text by alphabet, ordered categories in their order; ``"1:T1"`` for
        combinations.

    Raises
    ------
    DesignError
        A column of fractions, or two groups of the same name.
    """
    codes, levels = _codes(frame[factor[0]], factor[0])
    for name in factor[1:]:
        more, others = _codes(frame[name], name)
        joint, codes = np.unique(codes * len(others) + more, return_inverse=True)
        levels = [
            f"{levels[first]}:{others[second]}"
            for first, second in zip(*np.divmod(joint, len(others)), strict=True)
        ]
    if len(set(levels)) < len(levels):
        double = next(level for level in levels if levels.count(level) > 1)
        raise DesignError(f"two groups of {':'.join(factor)!r} are both called {double!r}; rename levels")
    return codes.astype(np.intp, copy=False), tuple(levels)


def _codes(values: pd.Series, name: str) -> tuple[np.ndarray, list[str]]:
    if values.dtype.kind == "f":
        if (values != np.trunc(values)).any():
            raise DesignError(f"the grouping column {name!r} has fractions; group by whole numbers or text")
        values = values.astype(np.int64)
    if isinstance(values.dtype, pd.CategoricalDtype) and values.dtype.ordered:
        return np.asarray(values.cat.codes, dtype=np.intp), [str(v) for v in values.cat.categories]
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.cat.reorder_categories(sorted(values.cat.categories))
    codes, levels = pd.factorize(values, sort=True)
    return codes, [str(level) for level in levels.tolist()]


def _group_names(frame: pd.DataFrame, factor: Sequence[str]) -> np.ndarray:
    """Each row's group as text, for new rows."""
    try:
        codes, levels = group_codes(frame, factor)
    except DesignError as error:
        raise PredictionError(f"the new rows: {error}") from None
    return np.array(levels, dtype=object)[codes]


def _only_groups(specification: Specification) -> set[str]:
    """Columns that only name groups."""
    sources = [specification.response, specification.fixed, *specification.offsets]
    sources += [term.effects for term in specification.random]
    text = " ".join(sources)
    return {name for name in specification.factor if f"`{name}`" not in text}


def _has_columns(table: Any, names: Collection[str]) -> bool:
    if isinstance(table, Mapping):
        return all(name in table for name in names)
    import narwhals as nw

    try:
        present = nw.from_native(table).collect_schema().names()
    except TypeError:
        return True  # model_frame says what is wrong
    return all(name in present for name in names)


def _n_rows(table: Any) -> int:
    if isinstance(table, Mapping):
        return len(pd.DataFrame(dict(table)))
    import narwhals as nw

    return len(nw.from_native(table).lazy().collect())


# ---------------------------------------------------------------- weights and blocks
def _weights(frame: pd.DataFrame, name: str | None) -> np.ndarray:
    if name is None:
        return np.ones(len(frame))
    values = frame[name]
    if values.dtype.kind not in "iuf":
        raise DesignError(f"the weights {name!r} are not numbers")
    weights = values.to_numpy(dtype=float, copy=True)
    if (weights <= 0).any():
        count = int((weights <= 0).sum())
        raise DesignError(f"{count} of the weights {name!r} are not positive; leave such rows out of the table")
    return weights


def _blocks(specification: Specification, sides: Sequence[Side]) -> tuple[Block, ...]:
    blocks = []
    start = 0
    for random, side in zip(specification.random, sides, strict=True):
        columns = tuple(range(start, start + len(side.labels)))
        if random.correlated:
            blocks.append(Block(side.terms, columns, side.labels))
        else:
            owners = [term for term in side.terms for _ in term.labels]
            blocks += [
                Block((term,), (column,), (label,))
                for term, column, label in zip(owners, columns, side.labels, strict=True)
            ]
        start += len(columns)
    return tuple(blocks)


# ---------------------------------------------------------------- checks
def _check(design: Design) -> None:
    _check_response(design)
    _check_groups(design)
    _check_fixed(design)
    _check_random(design)


def _check_response(design: Design) -> None:
    if design.y.min() == design.y.max():
        raise DesignError(
            f"the response {design.response_name!r} is constant ({design.y[0]:g} in every row): "
            "there is nothing to model"
        )


def _check_groups(design: Design) -> None:
    name, J, N = design.factor_name, design.n_groups, design.n_obs
    if J == 1:
        raise DesignError(f"{name!r} has one group only ({design.levels[0]!r}); a mixed model needs two or more")
    if J == N:
        raise DesignError(
            f"{name!r} has as many groups as rows ({N}): the standard deviation between groups "
            "and the residual one cannot be told apart; group by a column whose values repeat"
        )


def _check_fixed(design: Design) -> None:
    if design.n_obs <= design.p:
        widest = max(design.fixed, key=lambda term: term.size)
        raise DesignError(
            f"{design.p} fixed effects need more than {design.n_obs} rows; the largest term is "
            f"{widest.name!r} with {widest.size} columns (text columns count one for each value)"
        )
    found = collinear(design.X, design.fixed_labels)
    if found is not None:
        raise DesignError(f"the fixed effects are collinear: {_relation(*found)}; remove one")


def _check_random(design: Design) -> None:
    labels = np.array(design.random_labels, dtype=object)
    sizes = [len(side.labels) for side in design.encoding.random]
    stops = np.cumsum(sizes)
    for stop, size, term in zip(stops, sizes, design.specification.random, strict=True):
        columns = slice(stop - size, stop)
        Z, names = design.Z_rows[:, columns], tuple(labels[columns])
        for name, values in zip(names, Z.T, strict=True):
            if not values.any():
                raise DesignError(f"the random effect {name!r} of {term.source} is 0 in every row")
        if term.correlated and "Intercept" in names:
            for name in _fixed_within_groups(design, columns):
                raise DesignError(
                    f"{name!r} varies within no group of {design.factor_name!r}, so its slope "
                    f"and the intercept of {term.source} cannot be told apart; leave it out there"
                )
        found = collinear(Z, names)
        if found is not None:
            raise DesignError(
                f"the random effects of {term.source} are collinear: {_relation(*found)}; remove one"
            )
    if "Intercept" in labels:
        for name in _fixed_within_groups(design, slice(None)):
            z = np.abs(design.Z_rows[:, design.random_labels.index(name)])
            if np.ptp(z) <= 1e-12 * z.max():
                raise DesignError(
                    f"{name!r} has the same size in every row, so its standard deviation and the "
                    "intercept's cannot be told apart; leave one of them out of the brackets"
                )


def _fixed_within_groups(design: Design, columns: slice) -> list[str]:
    """Random-effect columns, but the intercept, that are the same in all rows of each group."""
    first = np.empty(design.n_groups, dtype=np.intp)
    first[design.group[::-1]] = np.arange(design.n_obs - 1, -1, -1)
    names = []
    for column in range(design.q)[columns]:
        label, z = design.random_labels[column], design.Z_rows[:, column]
        if label != "Intercept":
            spread = np.abs(z - z[first][design.group]).max()
            if spread <= 1e-12 * np.abs(z).max():
                names.append(label)
    return names


def _relation(label: str, others: tuple[str, ...]) -> str:
    if not others:
        return f"{label!r} is 0 in every row"
    return f"{label!r} is determined by {', '.join(map(repr, others))}"


def collinear(columns: np.ndarray, labels: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """The first column that the others determine, with those others; None if there is none.

    Columns are scaled, and centred where one of them is the constant, so that neither units nor
    a far-away zero (calendar years, 1e6 + t) count as collinear. The decomposition is QR with
    column pivoting of the triangular factors of row chunks, accurate to rounding.

    Parameters
    ----------
    columns : (n, k) ndarray
    labels : sequence of k str

    Returns
    -------
    tuple (label, other labels), or None

    Examples
    --------
    >>> t = np.arange(4.0)
    >>> collinear(np.column_stack([np.ones(4), t, 2 * t + 1]), ["Intercept", "t", "u"])
    ('u', ('Intercept', 't'))
    """
    from scipy.linalg import qr

    if columns.shape[1] == 0:
        return None
    size = np.abs(columns).max(axis=0)
    if (size == 0).any():
        return labels[int(np.argmin(size))], ()
    constant = [k for k, name in enumerate(labels) if name == "Intercept"]
    rest = [k for k in range(len(labels)) if k not in constant]
    if not rest:
        return None
    kept = columns[:, rest]
    if constant:
        kept = kept - kept.mean(axis=0)
        kept -= kept.mean(axis=0)  # the first mean was rounded at the size of the column
    R = _triangle(kept / size[rest])
    spread = np.sqrt((R**2).sum(axis=0) / len(columns))  # relative to the size
    flat = spread <= ROUNDING
    if flat.any():
        return labels[rest[int(np.argmax(flat))]], ("Intercept",)
    _, R, order = qr(R / (spread * np.sqrt(len(columns))), mode="economic", pivoting=True)
    # The table itself is rounded: relative to a column's spread that is more than to its size.
    left = np.abs(np.diag(R)) > np.maximum(COLLINEAR, ROUNDING / spread[order])[: len(R)]
    if left.all():
        return None
    rank = int(np.argmin(left))
    weight = np.linalg.solve(R[:rank, :rank], R[:rank, rank])
    involved = [int(order[k]) for k in np.flatnonzero(np.abs(weight) > 1e-6)]
    return _last_named(labels, rest, [*involved, int(order[rank])], bool(constant))


def _last_named(
    labels: Sequence[str], rest: list[int], involved: list[int], centred: bool
) -> tuple[str, tuple[str, ...]]:
    """Blame the column that was written last."""
    *others, last = sorted(rest[k] for k in involved)
    constant = ("Intercept",) if centred else ()
    return labels[last], (*constant, *(labels[k] for k in others))


def _triangle(matrix: np.ndarray, rows: int = 2048) -> np.ndarray:
    """R of the QR decomposition, from chunks of rows: Q'Q = I makes them stackable."""
    k = matrix.shape[1]
    rows = max(rows, 4 * k)
    while len(matrix) > rows:
        whole = len(matrix) // rows * rows
        chunks = np.linalg.qr(matrix[:whole].reshape(-1, rows, k), mode="r").reshape(-1, k)
        matrix = np.vstack([chunks, matrix[whole:]])
    R = np.linalg.qr(matrix, mode="r")
    return np.vstack([R, np.zeros((max(k - len(R), 0), k))])


# ---------------------------------------------------------------- warnings
def _warnings(design: Design) -> list[str]:
    texts = []
    if design.n_dropped:
        texts.append(f"{design.n_dropped} rows with a missing value were dropped")
    for random, side in zip(design.specification.random, design.encoding.random, strict=True):
        if not random.correlated:
            texts += _uncorrelated_factors(random.source, side)
    texts += _between_group_slopes(design)
    N, effects = design.n_obs, design.n_groups * design.q
    if design.q > 1 and effects >= N:
        texts.append(
            f"{effects} random effects for {N} rows: REML does not exist and the posterior of "
            "sigma rests on its prior"
        )
    return texts


def _uncorrelated_factors(source: str, side: Side) -> list[str]:
    return [
        f"{source} removes the correlations among the columns of {term.name!r} too, as brms does; "
        "lme4 1.x keeps those"
        for term, factor in zip(side.terms, side.categorical, strict=True)
        if factor and term.size > 1
    ]


def _between_group_slopes(design: Design) -> list[str]:
    if "Intercept" not in design.random_labels or design.q == 1:
        return []
    return [
        f"{name!r} varies within no group of {design.factor_name!r}: its standard deviation is "
        "told from the intercept's by the spread of group means alone"
        for name in _fixed_within_groups(design, slice(None))
    ]
