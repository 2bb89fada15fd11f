"""Fixed chunks of rows or groups: worked on by several threads, with results that do not depend on how many.

Where chunks begin and end follows from the table alone, and what they give is added up in their order.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from bayesmixed.arrays import Index
from bayesmixed.parallel import in_threads

#: Rows of a chunk; a table of less than two is worked on at once, by this thread.
ROWS = 1 << 16


def chunk_edges(n: int, size: int = ROWS) -> list[int]:
    """Where chunks of `size`, the last of them of up to twice as many, begin and end.

    Examples
    --------
    >>> chunk_edges(10, 3)
    [0, 3, 6, 10]
    """
    return [*range(0, max(n - size, 0) + 1, size), n] if n > 0 else [0, 0]


def whole_groups(start: Index, size: int = ROWS) -> list[int]:
    """Groups at which chunks of whole groups, about `size` rows each, begin; group i starts at ``start[i]``."""
    if start[-1] < 2 * size:
        return [0, len(start) - 1]
    wanted = np.array(chunk_edges(int(start[-1]), size))
    edges: list[int] = np.unique(np.append(np.searchsorted(start, wanted[:-1]), len(start) - 1)).tolist()
    return edges


def in_chunks[R](function: Callable[[int, int], R], edges: Sequence[int]) -> list[R]:
    """``function(a, b)`` of every chunk a:b, in their order."""
    if len(edges) == 2:
        return [function(*edges)]
    return in_threads(lambda chunk: function(*chunk), pairwise(edges))


def sum_in_chunks(function: Callable[[int, int], np.ndarray], n: int) -> np.ndarray:
    """The sum of ``function(a, b)`` over the chunks of n rows."""
    if n < 2 * ROWS:
        return function(0, n)
    total, *others = in_chunks(function, chunk_edges(n))
    for other in others:
        total = total + other
    return total
