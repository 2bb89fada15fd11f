"""Bayes factors in words."""

import numpy as np

#: Steps of 2 log BF, and the strength below each: Kass and Raftery (1995), doi:10.1080/01621459.1995.10476572.
STEPS = ((2.0, "not worth more than a bare mention"), (6.0, "positive"), (10.0, "strong"), (np.inf, "very strong"))


def verdict(log_bf: float, error: float = 0.0) -> str:
    """Direction and strength; that it cannot tell where the log Bayes factor is within two errors of 0.

    Examples
    --------
    >>> verdict(4.0), verdict(-1.5)
    ('strong evidence for the model', 'positive evidence for the null')
    >>> verdict(0.5)
    'for the model, not worth more than a bare mention'
    """
    if abs(log_bf) <= 2.0 * error:
        return "cannot tell: the log Bayes factor is within two Monte Carlo errors of 0"
    strength = next(name for limit, name in STEPS if 2.0 * abs(log_bf) < limit)
    side = "model" if log_bf > 0 else "null"
    if strength == STEPS[0][1]:
        return f"for the {side}, {strength}"
    return f"{strength} evidence for the {side}"


def probability(log_bf: float) -> float:
    """Posterior probability of the model at equal prior odds."""
    with np.errstate(over="ignore"):
        return float(1.0 / (1.0 + np.exp(-log_bf)))
