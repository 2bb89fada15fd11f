"""Parts dealt out to threads in turn, so that the sums do not depend on which thread was faster."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import reduce
from operator import add
from queue import Full, Queue
from typing import Any

#: The same number on every machine, so that the sums are the same to the last digit.
THREADS = 2
_END = object()


def total_in_threads(function: Callable[[Iterator[Any]], Any], batches: Iterator[Any]) -> Any:
    """The function's sum over all parts; at most two parts a thread are held in memory."""
    queues: list[Queue[Any]] = [Queue(maxsize=1) for _ in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        found = [pool.submit(lambda queue: function(_taken(queue)), queue) for queue in queues]
        try:
            for k, batch in enumerate(batches):
                if any(future.done() for future in found):
                    break
                _put(queues[k % THREADS], batch, found[k % THREADS])
        finally:
            for queue, future in zip(queues, found, strict=True):
                _put(queue, _END, future)
        return reduce(add, [future.result() for future in found])


def _taken(queue: Queue[Any]) -> Iterator[Any]:
    while (batch := queue.get()) is not _END:
        yield batch


def _put(queue: Queue[Any], batch: Any, reader: Future[Any]) -> None:
    """Hand a part over, unless its reader has failed and takes no more."""
    while not reader.done():
        try:
            queue.put(batch, timeout=0.05)
        except Full:
            continue
        return
