"""The diagonal blocks of G, from the brackets of a formula."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bayesmixed.encoding import Encoding, Side, Term
from bayesmixed.specification import RandomTerm, Specification


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


def blocks_of(specification: Specification, sides: Sequence[Side]) -> tuple[Block, ...]:
    """One block a bracket, or one a column for ``||``."""
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


def brackets(encoding: Encoding) -> Iterator[tuple[RandomTerm, slice]]:
    """Each bracket, and which columns of `Design.Z_rows` are its own."""
    start = 0
    for random, side in zip(encoding.specification.random, encoding.random, strict=True):
        stop = start + len(side.labels)
        yield random, slice(start, stop)
        start = stop
