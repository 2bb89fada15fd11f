"""One line of progress in a terminal; a notebook has the sampler's own table."""

import inspect
import sys
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, TextIO


def progress_options(shown: bool, sample: Callable[..., Any]) -> dict[str, Any]:
    """How nutpie is to tell of its progress.

    Its table of a hundred columns is for notebooks: a narrow terminal folds its lines and then repeats them.

    Parameters
    ----------
    shown : bool
    sample : callable
        ``nutpie.sample``, whose older versions cannot call back.
    """
    if shown and sys.stderr.isatty() and "progress_callback" in inspect.signature(sample).parameters:
        return {"progress_bar": False, "progress_callback": OneLine(sys.stderr)}
    return {"progress_bar": shown}


class OneLine:
    """``sampling:  42 %, 4 chains, 0 divergences, 3 s`` on a stream, written over and over."""

    def __init__(self, stream: TextIO):
        self.stream = stream
        self.begin = monotonic()
        self.done = False

    def __call__(self, chains: Sequence[Any]) -> None:
        finished, total = sum(one.finished_draws for one in chains), sum(one.total_draws for one in chains)
        if self.done or not total:
            return
        self.done = finished >= total
        divergences = sum(chain.divergences for chain in chains)
        text = (
            f"sampling: {100 * finished // total:3d} %, {len(chains)} chain{'s' if len(chains) > 1 else ''}, "
            f"{divergences} divergences, {monotonic() - self.begin:.0f} s"
        )
        print(f"\r{text}", end="\n" if self.done else "", file=self.stream, flush=True)
