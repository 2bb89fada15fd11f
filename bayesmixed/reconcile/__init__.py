"""REML beside the posterior: where they differ, and why."""

from bayesmixed.reconcile.paragraph import paragraph
from bayesmixed.reconcile.reasons import MEANINGS, SMALL
from bayesmixed.reconcile.table import reconcile

__all__ = ["MEANINGS", "SMALL", "paragraph", "reconcile"]
