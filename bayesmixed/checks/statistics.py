"""Numbers that sum up a clustered table: how groups differ, and what is left within them.

Every function takes tables, (..., N), all at once.
"""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.checks.within import GroupedRows, WithinGroups


def between_group_sd(y: Array, group: Array) -> Array:
    """Standard deviation of the group means.

    Parameters
    ----------
    y : ndarray, shape (..., N)
    group : ndarray of int, shape (N,)

    Returns
    -------
    ndarray, shape (...)
        In units of y.

    Examples
    --------
    >>> between_group_sd(np.array([1.0, 3.0, 4.0, 6.0]), np.array([0, 0, 1, 1])).item()
    2.1213203435596424
    """
    _, mean, _ = _group_sums(y, group)
    return mean.std(axis=-1, ddof=1)


def within_group_sd(y: Array, group: Array) -> Array:
    """Pooled standard deviation of the rows about their group's mean, ``sqrt(SSW / (N - J))``.

    Parameters
    ----------
    y : ndarray, shape (..., N)
    group : ndarray of int, shape (N,)
    """
    size, _, within = _group_sums(y, group)
    return np.sqrt(within / (size.sum() - len(size)))


def anova_icc(y: Array, group: Array) -> Array:
    """Intraclass correlation from a one-way analysis of variance; it may be negative.

    ``(MSB - MSW) / (MSB + (n0 - 1) MSW)`` with ``n0 = (N - sum n_i^2 / N) / (J - 1)``.
    Searle (1971), Linear Models, section 9.4.

    Parameters
    ----------
    y : ndarray, shape (..., N)
    group : ndarray of int, shape (N,)
    """
    size, mean, within = _group_sums(y, group)
    N, J = size.sum(), len(size)
    overall = (mean * size).sum(axis=-1) / N
    between = (size * np.square(mean - overall[..., None])).sum(axis=-1)
    msb, msw = between / (J - 1), within / (N - J)
    n0 = (N - (size**2).sum() / N) / (J - 1)
    return (msb - msw) / (msb + (n0 - 1.0) * msw)


def lowest_group_mean(y: Array, group: Array) -> Array:
    """The smallest group mean, in units of y; y (..., N), group (N,)."""
    return _group_sums(y, group)[1].min(axis=-1)


def highest_group_mean(y: Array, group: Array) -> Array:
    """The largest group mean, in units of y; y (..., N), group (N,)."""
    return _group_sums(y, group)[1].max(axis=-1)


def farthest_group(y: Array, group: Array) -> Array:
    """How many sd of the group means the most extreme one lies from their average, ``max |m_i - m| / sd(m)``.

    Large where one group stands apart, or where group effects have heavier tails than a normal distribution.
    At most ``(J - 1) / sqrt(J)``.

    Parameters
    ----------
    y : ndarray, shape (..., N)
        Better without what X explains.
    group : ndarray of int, shape (N,)
    """
    _, mean, _ = _group_sums(y, group)
    return np.abs(mean - mean.mean(axis=-1, keepdims=True)).max(axis=-1) / mean.std(axis=-1, ddof=1)


def autocorrelation(residuals: Array, within: WithinGroups) -> Array:
    """Correlation of residuals of consecutive rows of a group, ``sum u_t u_(t+1) / sum u_t^2``.

    ``u_it = e_it / s_i``, with the residual sd s_i of each group, so that groups of large spread count no more
    than others. Below 0 also where the model is right, for least squares took a mean or a line from each group.

    Parameters
    ----------
    residuals : ndarray, shape (..., N)
        In the order of ``within.rows``.
    within : WithinGroups
    """
    group, told = within.rows.group, within.df > 0.5
    s = _residual_sds(residuals, within)
    u = residuals * np.divide(1.0, s, out=np.zeros_like(s), where=told & (s > 0.0))[..., group]
    products = (u[..., 1:] * u[..., :-1])[..., group[1:] == group[:-1]].sum(axis=-1)
    correlation: Array = products / np.square(u).sum(axis=-1)
    return correlation


def residual_spread(residuals: Array, within: WithinGroups) -> Array:
    """How unequal the residual sds of groups are: their coefficient of variation.

    With ``s_i = sqrt(sum e_it^2 / df_i)``, the sd of s_i over groups divided by their mean, both weighted by df_i.
    0.3: the residual sds of groups differ by about 30 %. A free statistic as Levene's, readable as it stands;
    a group whose residuals happen to be zero does not blow it up, as it would a variance of log s_i.

    Parameters
    ----------
    residuals : ndarray, shape (..., N)
        In the order of ``within.rows``.
    within : WithinGroups
    """
    told = within.df > 0.5
    df = within.df[told]
    s = _residual_sds(residuals, within)[..., told]
    mean = (s * df).sum(axis=-1) / df.sum()
    variance = (np.square(s - mean[..., None]) * df).sum(axis=-1) / df.sum()
    return np.sqrt(variance) / mean


def _residual_sds(residuals: Array, within: WithinGroups) -> Array:
    """s_i of every group, (..., J); meaningless for groups without residuals of their own."""
    return np.sqrt(within.rows.sums(np.square(residuals)) / np.maximum(within.df, 1.0))


def _group_sums(y: Array, group: Array) -> tuple[Array, Array, Array]:
    """Sizes (J,), means (..., J) and the sum of squares within groups (...)."""
    rows = GroupedRows.of(group)
    ordered = np.asarray(y, dtype=float)[..., rows.order]
    mean = rows.sums(ordered) / rows.size
    within = np.square(ordered - mean[..., rows.group]).sum(axis=-1)
    return rows.size.astype(float), mean, within
