"""Parts of pages that programs write."""

from benchmarks.render import write_between_marks

__all__ = ["write_between_marks"]
