"""The probability of an interval, checked."""

from numbers import Real

from bayesmixed.errors import RemlError


def check_ci_prob(ci_prob: object) -> None:
    """Refuse what is no number between 0 and 1."""
    if not isinstance(ci_prob, Real) or not 0.0 < float(ci_prob) < 1.0:
        raise RemlError(f"ci_prob must lie between 0 and 1, not {ci_prob!r}")
