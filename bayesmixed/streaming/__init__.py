"""Tables larger than memory: rows come by in parts, and only sums over them stay.

    parts -> Summary (levels, ranges, means) -> Agreement (encoding and coding) -> parts -> Moments

A first light pass learns what encodes a row, a second one encodes each part and sums it up. Both results
add up over parts, files, processes and machines, so that hospitals can do the same by hand:
`summarise`, ``+``, `agree`, `sum_moments`, ``+``, ``MixedModel.from_moments``.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Agreement": "agreement",
    "Summary": "summary",
    "agree": "passes",
    "sum_moments": "passes",
    "summarise": "passes",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Imported when first used: most models never see a part of a table."""
    if name not in _HOMES:
        raise AttributeError(f"module 'bayesmixed.streaming' has no attribute {name!r}")
    return getattr(import_module(f"bayesmixed.streaming.{_HOMES[name]}"), name)
