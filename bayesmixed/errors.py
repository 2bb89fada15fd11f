"""One error class per stage of the line, so that a caller can tell what was at fault.

Every message says in one line what is wrong and what to do about it.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from bayesmixed.printable import printable_line


class BayesmixedError(Exception):
    """Base class of every error that bayesmixed raises on purpose."""

    def __str__(self) -> str:
        return printable_line(super().__str__())


class FormulaError(BayesmixedError, ValueError):
    """The text of a formula cannot be read; the message gives the place."""


class TableError(BayesmixedError, ValueError):
    """The table, or a file that should hold one, cannot be used."""


class DesignError(BayesmixedError, ValueError):
    """Formula and table together give no model that can be estimated."""


class PriorError(BayesmixedError, ValueError):
    """A prior is unknown, improper where it must not be, or names no parameter."""


class RemlError(BayesmixedError, ValueError):
    """A (restricted) maximum likelihood fit does not exist."""


class SamplingError(BayesmixedError, RuntimeError):
    """The sampler could not run or its draws do not fit the model."""


class PredictionError(BayesmixedError, ValueError):
    """Rows given to a prediction cannot be predicted."""


class PictureError(BayesmixedError, ValueError):
    """A picture cannot be drawn of this fit, or into what was given as ``ax``."""


class StorageError(BayesmixedError, OSError):
    """A file of results cannot be written, read or recognised."""


class BayesmixedWarning(UserWarning):
    """Something the reader of the results should know; also listed in ``warnings`` of models and fits."""

    def __str__(self) -> str:
        return printable_line(super().__str__())


@contextmanager
def warnings_as_texts() -> Iterator[list[str]]:
    """Texts of the warnings of this package that come up inside, for a list instead of a stream."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", BayesmixedWarning)
        yield texts
    texts += dict.fromkeys(str(one.message) for one in caught if issubclass(one.category, BayesmixedWarning))
