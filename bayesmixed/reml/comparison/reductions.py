"""What can be left out of the random part of a model: lmerTest's `ranova` reductions, as maps of columns of Z."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.coding.coding import constant_of
from bayesmixed.design.blocks import Block, brackets

if TYPE_CHECKING:
    from bayesmixed.reml.estimates import Estimates


@dataclass(frozen=True, eq=False)
class Reduction:
    """A model with less in its random part.

    Parameters
    ----------
    label : str
        What is left out: ``"Days in (Days | Subject)"``, ``"(1 | Subject)"``.
    Z_map : ndarray, shape (q, q_small)
        ``Z_small = Z Z_map`` in the coding of the criterion; no column when nothing is left.
    blocks : tuple of tuple of int
        Of the columns of Z_small.
    """

    label: str
    Z_map: Array
    blocks: tuple[tuple[int, ...], ...]

    @property
    def n_theta(self) -> int:
        """Free entries of Lambda that remain."""
        return sum(len(block) * (len(block) + 1) // 2 for block in self.blocks)


def reductions(fit: "Estimates") -> Iterator[Reduction]:
    """Every reduction of a fit's random part by one term.

    From a block of several terms each one but the intercept is left out, unless an interaction contains it; a
    slope of a factor without intercept, ``(0 + f | g)``, becomes ``(1 | g)``; a block of another single term goes.
    """
    for position, block in enumerate(fit.design.blocks):
        source = _source(fit, block)
        for name, kept in _kept(fit, block):
            label = source if block.labels == ("Intercept",) and "||" not in source else f"{name} in {source}"
            yield _reduction(fit, position, label, kept)


def _source(fit: "Estimates", block: Block) -> str:
    """The bracket that a block stands for, as typed."""
    columns = block.columns
    return next(r.source for r, own in brackets(fit.design.encoding) if own.start <= columns[0] < own.stop)


def _kept(fit: "Estimates", block: Block) -> Iterator[tuple[str, Array]]:
    """Each term that can go, and the columns that remain as combinations of the user's, shape (size, kept)."""
    size = len(block.columns)
    if len(block.terms) == 1:
        name = block.labels[0] if size == 1 else block.terms[0].name
        constant = constant_of(fit.design.Z_rows[:, list(block.columns)])
        yield name, constant[:, None] if size > 1 and constant.any() else np.empty((size, 0))
        return
    start = 0
    for term in block.terms:
        stop = start + term.size
        if term.name != "Intercept" and not any(_contains(other.name, term.name) for other in block.terms):
            yield term.name, np.delete(np.eye(size), np.s_[start:stop], axis=1)
        start = stop


def _contains(term: str, other: str) -> bool:
    """Whether a term is an interaction of another one with something else."""
    return _factors(term) > _factors(other)


def _factors(name: str) -> set[str]:
    """Parts between colons that stand in no bracket."""
    return set(re.split(r":(?![^(\[]*[)\]])", name))


def _reduction(fit: "Estimates", position: int, label: str, kept: Array) -> Reduction:
    """All blocks but one as they are, and that one with an orthonormal basis of what is kept."""
    columns, blocks, start = [], [], 0
    for k, block in enumerate(fit.design.blocks):
        own = list(block.columns)
        part = np.eye(fit.coded.T.shape[0])[:, own]
        if k == position:
            coded = fit.coded.T[np.ix_(own, own)] @ kept
            part = part @ np.linalg.qr(coded / np.maximum(np.linalg.norm(coded, axis=0), 1e-300))[0]
        columns.append(part)
        if part.shape[1]:
            blocks.append(tuple(range(start, start + part.shape[1])))
        start += part.shape[1]
    return Reduction(label, np.concatenate(columns, axis=1), tuple(blocks))
