"""A model on one screen, the way a lecturer would write it: formula, data, X, Z, G, V, priors, units."""

from collections.abc import Sequence
from contextvars import ContextVar
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.report import contents
from bayesmixed.report.symbols import compact, covariance_cell, g_name, same_block, sd_product

if TYPE_CHECKING:
    from bayesmixed.design import Design
    from bayesmixed.model import MixedModel

#: How wide a page is: what a terminal has, within these limits.
NARROWEST, WIDEST = 72, 100
_width: ContextVar[int] = ContextVar("_width", default=WIDEST)
#: Rows of a design shown in full, and else how many rows of how many groups.
SMALL_ROWS, FIRST_ROWS, FIRST_GROUPS = 12, 3, 2
ELLIPSIS = "..."


def explain(model: "MixedModel", width: int = WIDEST) -> str:
    """Formula, model in symbols, data, X, Z, G, V, priors and units as plain text, at most 100 columns wide.

    Parameters
    ----------
    model : MixedModel
    width : int
        Of the terminal; from 72 to 100 columns are used.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> table = {"y": [1.0, 2, 2, 5, 4, 7, 8], "t": [0, 1, 2, 0, 1, 0, 1], "g": list("aaabbcc")}
    >>> text = explain(bm.MixedModel("y ~ t + (1 | g)", table))
    >>> "Z: 7 x 3" in text, "V: 7 x 7" in text
    (True, True)
    """
    token = _width.set(min(max(width, NARROWEST), WIDEST))
    try:
        return "\n\n".join(part for part in _parts(model) if part)
    finally:
        _width.reset(token)


def _parts(model: "MixedModel") -> list[str]:
    return [
        model.specification.formula,
        _symbols(model),
        _data(model),
        _fixed_matrix(model),
        _random_matrix(model.design),
        _group_covariance(model),
        _response_covariance(model.design),
        _priors(model),
    ]


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([title, *(f"  {line}".rstrip() for line in lines)])


def _folded(text: str, indent: str = "    ") -> list[str]:
    room = _width.get() - 2
    return wrap(text, room, subsequent_indent=indent, break_long_words=True, break_on_hyphens=False) or [""]


# ---------------------------------------------------------------- the model
def _symbols(model: "MixedModel") -> str:
    design = model.design
    factor, J = design.factor_name, design.n_groups
    residual = "sigma^2 I" if design.weights_name is None else f"sigma^2 / {design.weights_name}"
    known = " + offset" if design.specification.offsets else ""
    lines = [
        f"y_i = X_i beta + Z_i b_i{known} + e_i       for {factor} i = 1, ..., {J}",
        f"b_i ~ N(0, G),  e_i ~ N(0, {residual}),  all b and e independent",
        *(line.replace("\N{NO-BREAK SPACE}", " ") for line in _folded(_written_out(design))),
    ]
    return _section("Model", lines)


def _written_out(design: "Design") -> str:
    """``Reaction = beta0 + beta1 Days + b0 + b1 Days + e``; lines do not break inside a term."""
    terms = [*_terms("beta", design.fixed_labels), *_terms("b", design.random_labels)]
    if len(terms) > 14:
        terms = [*terms[:12], ELLIPSIS]
    known = ["offset"] if design.specification.offsets else []
    return f"{design.response_name} = {' + '.join([*terms, *known, 'e'])}"


def _terms(symbol: str, labels: Sequence[str]) -> list[str]:
    return [
        f"{symbol}{k}" + ("" if label == "Intercept" else f"\N{NO-BREAK SPACE}{label}")
        for k, label in enumerate(labels)
    ]


def _data(model: "MixedModel") -> str:
    design = model.design
    sizes = design.group_sizes
    span = f"{sizes.min()} rows each" if sizes.min() == sizes.max() else f"{sizes.min()} to {sizes.max()} rows"
    if design.n_groups <= 6:
        span = "n = (" + ", ".join(str(n) for n in sizes) + ")"
    lines = [f"{design.n_obs} rows in {design.n_groups} groups of {design.factor_name}: {span}"]
    if design.dropped:
        lines += _folded(design.dropped)
    rows = contents.data_columns(model).cells
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    for name, role, unit, holds in rows:
        kept = f"{name:<{widths[0]}}  {role:<{widths[1]}}  {unit or '-':<{max(widths[2], 1)}}  {holds}"
        lines += _folded(kept)
    return _section("Data (column, role, unit)", lines)


# ---------------------------------------------------------------- X and Z
def _fixed_matrix(model: "MixedModel") -> str:
    design = model.design
    shown = _shown_rows(design)
    header = [f"beta{k} {label}" for k, label in enumerate(design.fixed_labels)]
    units = [model.units.of_parameter(label) for label in design.fixed_labels]
    title = f"X: {design.n_obs} x {design.p}, one column a fixed effect"
    headers = [header, [f"({unit})" if unit else "" for unit in units]] if any(units) else [header]
    if not header:
        return _section(title, ["no fixed effects"])
    lines = _matrix(headers, design.X[shown], _row_names(design, shown))
    return _section(title, _with_ellipsis(design, shown, lines))


def _random_matrix(design: "Design") -> str:
    shown, J, q = _shown_rows(design), design.n_groups, design.q
    groups = _shown_groups(design)
    header = [
        [f"{design.levels[j]}" if k == 0 else "" for j in groups for k in range(q)],
        [label for _ in groups for label in design.random_labels],
    ]
    block = np.zeros((len(shown), len(groups), q))
    for row, place in enumerate(shown):
        for column, j in enumerate(groups):
            if design.group[place] == j:
                block[row, column] = design.Z_rows[place]
    more = len(groups) < J
    matrix = block.reshape(len(shown), -1)
    title = (
        f"Z: {design.n_obs} x {J * q}, {q} column{'s' if q > 1 else ''} a group "
        f"({', '.join(design.random_labels)}), zero outside its rows"
    )
    lines = _matrix(header, matrix, _row_names(design, shown), more)
    return _section(title[: _width.get() - 2], _with_ellipsis(design, shown, lines))


def _shown_rows(design: "Design") -> np.ndarray:
    """All rows of a small design, else the first rows of the first groups."""
    if design.n_obs <= SMALL_ROWS:
        return np.arange(design.n_obs)
    first = [np.flatnonzero(design.group == j)[:FIRST_ROWS] for j in range(min(FIRST_GROUPS, design.n_groups))]
    return np.concatenate(first)


def _shown_groups(design: "Design") -> range:
    return range(design.n_groups if design.n_obs <= SMALL_ROWS else min(FIRST_GROUPS, design.n_groups))


def _row_names(design: "Design", shown: np.ndarray) -> list[str]:
    return [_short(f"{design.levels[design.group[row]]}, row {design.rows[row] + 1}", 24) for row in shown]


def _with_ellipsis(design: "Design", shown: np.ndarray, lines: list[str]) -> list[str]:
    return lines if len(shown) == design.n_obs else [*lines, ELLIPSIS]


def _matrix(
    headers: Sequence[Sequence[str]], values: np.ndarray, names: Sequence[str], more: bool = False
) -> list[str]:
    """Numbers under their headings, as many columns as fit."""
    cells = [[f"{value:.4g}" for value in row] for row in values]
    return _grid([*headers, *cells], ["" for _ in headers] + list(names), more)


def _grid(cells: Sequence[Sequence[str]], names: Sequence[str], more: bool = False) -> list[str]:
    """Cells aligned to the right, cut with an ellipsis at the width of the screen."""
    cells = [[_short(cell, 40) for cell in row] for row in cells]
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
    first = max(len(name) for name in names)
    fits = _fitting(widths, _width.get() - 2 - first - (2 + len(ELLIPSIS) if more else 0))
    if fits < len(widths):
        more, fits = True, _fitting(widths, _width.get() - 2 - first - 2 - len(ELLIPSIS))
    lines = []
    for name, row in zip(names, cells, strict=True):
        body = "  ".join(cell.rjust(width) for cell, width in zip(row[:fits], widths[:fits], strict=True))
        lines.append(f"{name:<{first}}  {body}" + (f"  {ELLIPSIS}" if more else ""))
    return lines


def _fitting(widths: Sequence[int], room: int) -> int:
    """How many columns fit."""
    return int(np.searchsorted(np.cumsum([width + 2 for width in widths]), room, side="right"))


def _fits(cells: Sequence[Sequence[str]], names: Sequence[str]) -> bool:
    """Whether all columns fit."""
    lines = _grid(cells, names)
    return not lines[0].endswith(ELLIPSIS)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - len(ELLIPSIS)] + ELLIPSIS


# ---------------------------------------------------------------- G and V
def _group_covariance(model: "MixedModel") -> str:
    design, J = model.design, model.design.n_groups
    q = design.q
    whole = design.n_obs <= SMALL_ROWS and J * q <= 12
    groups = J if whole else 1
    names = [
        f"{_short(design.levels[r // q], 12)} {design.random_labels[r % q]}" if whole else design.random_labels[r]
        for r in range(groups * q)
    ]
    cells = _block_diagonal([[sd_product(design, k, m) for m in range(q)] for k in range(q)], groups)
    if not _fits(cells, names):
        cells = _block_diagonal([[_g_cell(design, k, m) for m in range(q)] for k in range(q)], groups)
    shown = "" if whole else f": the block below for each of the {J} groups,"
    title = f"G: {J * q} x {J * q}{shown or ','} 0 between groups"
    return _section(title, [*_grid(cells, names), *_legend(model)])


def _block_diagonal(block: list[list[str]], groups: int) -> list[list[str]]:
    size = len(block)
    return [
        [block[r % size][c % size] if r // size == c // size else "0" for c in range(groups * size)]
        for r in range(groups * size)
    ]


def _g_cell(design: "Design", k: int, m: int) -> str:
    return g_name(k, m) if same_block(design, k, m) else "0"


def _legend(model: "MixedModel") -> list[str]:
    """What sd0, rho01 and g01 stand for."""
    design, names, units = model.design, model.names, model.units
    lines = []
    labelled = [(label, parameter) for parameter in names.sd for label in parameter.labels]
    for k, (label, parameter) in enumerate(labelled[:8]):
        unit = units.of_parameter(parameter.name)
        lines.append(f"sd{k} = {label}" + (f" ({unit})" if unit else ""))
    if len(labelled) > 8:
        lines.append(f"... and {len(labelled) - 8} more")
    if any(block.size > 1 for block in design.blocks):
        lines.append(f"rho01 = {names.corr}[{','.join(design.random_labels[:2])}]" + ", ..." * (design.q > 2))
    pairs = ["g00 = sd0^2"]
    if design.q > 1:
        pairs += [f"g01 = {sd_product(design, 0, 1)}", "g11 = sd1^2"]
    lines.append(", ".join(pairs))
    return _joined(lines)


def _joined(lines: Sequence[str]) -> list[str]:
    """Short pieces on shared lines."""
    folded = [""]
    for text in lines:
        candidate = f"{folded[-1]};  {text}" if folded[-1] else text
        if len(candidate) > _width.get() - 2:
            folded.append(text)
        else:
            folded[-1] = candidate
    return [part for line in folded for part in _folded(line)]


def _response_covariance(design: "Design") -> str:
    N = design.n_obs
    whole = N <= SMALL_ROWS and design.q == 1
    shown = int(np.argmax(design.group_sizes > 1))
    rows = np.arange(N) if whole else np.flatnonzero(design.group == shown)[:4]
    names = [f"row {design.rows[row] + 1}" for row in rows]
    cells = [[covariance_cell(design, int(r), int(c)) for c in rows] for r in rows]
    if not _fits(cells, names):
        cells = [[compact(cell) for cell in row] for row in cells]
    more = not whole and design.group_sizes[shown] > len(rows)
    where = "" if whole else f"; the block of {design.factor_name} {_short(design.levels[shown], 20)}:"
    lines = _grid(cells, names, more)
    if more:
        lines.append(ELLIPSIS)
    title = f"V: {N} x {N} = Z G Z' + sigma^2 {'I' if design.weights_name is None else 'W^-1'}, 0 between groups"
    note = (
        "sigma^2 stands on the diagonal only: two rows of a group share b, not their errors. Some teaching "
        "material prints it in every cell of the block; that contradicts independent errors."
    )
    return _section(title + where, [*lines, *_folded(note, "")])


# ---------------------------------------------------------------- priors
def _priors(model: "MixedModel") -> str:
    labels = [label for p in (*model.names.fixed, *model.names.sd) for label in p.labels]
    rows = [_prior_row(*row, labels) for row in model.priors.rows()]
    first, second = (min(40, max(len(row[k]) for row in rows)) for k in (0, 1))
    lines = []
    for name, prior, meaning in rows:
        lines += _folded(f"{name:<{first}}  {prior:<{second}}  {meaning}", " " * (first + 2))
    given = model.priors.resolved.given
    title = f"Priors: preset {model.priors.resolved.preset!r}"
    return _section(title + (f"; set by you: {', '.join(given)}" if given else ""), lines)


def _prior_row(name: str, prior: str, meaning: str, labels: Sequence[str]) -> tuple[str, str, str]:
    """Where a prior is stated (``at Days = 4.5``) goes from the name to the meaning."""
    own = max((label for label in labels if name.startswith(label)), key=len, default=name)
    return own, prior, meaning + name[len(own) :]
