"""Textbook formulas with all rows at once: slow, plain, and sharing nothing with the package."""

from fractions import Fraction
from math import log, pi

import numpy as np
from scipy import linalg, stats


def group_blocks(Z, group):
    """Z of all groups, shape (N, J q)."""
    J = int(group.max()) + 1
    dense = np.zeros((len(Z), J, Z.shape[1]))
    dense[np.arange(len(Z)), group] = Z
    return dense.reshape(len(Z), -1)


def covariance(Z, group, G, sigma, weights=None):
    """V = Z G Z' + sigma^2 diag(1 / w), shape (N, N)."""
    same = group[:, None] == group[None, :]
    w = np.ones(len(Z)) if weights is None else weights
    return np.where(same, Z @ G @ Z.T, 0.0) + sigma**2 * np.diag(1.0 / w)


def log_likelihood(y, X, V, mean=None, prior_covariance=None, flat=None):
    """log of the integral of N(y; X beta, V) over beta, flat where `flat`, normal elsewhere.

    With K an orthonormal basis of what the flat columns leave, the density of K'y (from SciPy) over
    ``sqrt|X'X|`` of the flat columns.
    """
    p = X.shape[1]
    flat = np.ones(p, dtype=bool) if flat is None else np.asarray(flat)
    if not flat.all():
        proper = X[:, ~flat]
        V = V + proper @ np.asarray(prior_covariance)[np.ix_(~flat, ~flat)] @ proper.T
        y = y - proper @ np.asarray(mean)[~flat]
    result = 0.0
    if flat.any():
        free = X[:, flat]
        result -= 0.5 * np.linalg.slogdet(free.T @ free)[1]
        K = linalg.null_space(free.T)
        y, V = K.T @ y, K.T @ V @ K
    return result + stats.multivariate_normal(np.zeros(len(y)), (V + V.T) / 2).logpdf(y)


def gls(y, X, V):
    """Generalised least squares: estimates and their covariance matrix."""
    covariance = np.linalg.inv(X.T @ np.linalg.solve(V, X))
    return covariance @ (X.T @ np.linalg.solve(V, y)), covariance


def effects(y, X, beta, Z, group, G, V):
    """Means of all b given y and beta, shape (J, q), and their covariance matrix, shape (J q, J q)."""
    blocks = group_blocks(Z, group)
    J = int(group.max()) + 1
    G_all = np.kron(np.eye(J), G)
    gain = G_all @ blocks.T @ np.linalg.inv(V)
    return (gain @ (y - X @ beta)).reshape(J, -1), G_all - gain @ blocks @ G_all


def exact_criterion(y, X, Z, group, G, sigma):
    """-2 log restricted likelihood in rational numbers: every digit of the floats that come in is used."""
    N, p = X.shape
    log_det_V, products = _exact_products(y, X, Z, group, G, sigma)
    log_det_X, residual = _eliminate(products, p)
    return (N - p) * log(2 * pi) + log_det_V + log_det_X + float(residual[0, 0])


def exact_coefficients(y, X, Z, group, G, sigma):
    """Mean and covariance matrix of beta given theta under flat priors, in rational numbers."""
    p = X.shape[1]
    _, products = _exact_products(y, X, Z, group, G, sigma)
    _, left = _eliminate(_bordered(products[:p, :p], np.column_stack([products[:p, p], np.eye(p, dtype=int)])), p)
    return -left[1:, 0].astype(float), -left[1:, 1:].astype(float)


def exact_effects(y, X, beta, Z, group, G, sigma):
    """Means of b given y and beta, (J, q), and the covariance matrix of each group's, in rational numbers."""
    F = np.vectorize(Fraction, otypes=[object])
    X, Z, G, J = F(X), F(Z), F(G), int(group.max()) + 1
    residual = F(y) - X.dot(F(beta))
    q = Z.shape[1]
    mean, covariance = np.zeros((J, q)), np.zeros((J, q, q))
    for j in range(J):
        own = Z[group == j]
        V = own.dot(G).dot(own.T) + F(np.eye(len(own))) * Fraction(sigma) ** 2
        _, left = _eliminate(_bordered(V, np.column_stack([own.dot(G), residual[group == j]])), len(own))
        mean[j], covariance[j] = -left[:-1, -1].astype(float), (G + left[:-1, :-1]).astype(float)
    return mean, covariance


def _exact_products(y, X, Z, group, G, sigma):
    """log |V| and the products ``[X, y]' V^-1 [X, y]``."""
    F = np.vectorize(Fraction, otypes=[object])
    same = group[:, None] == group[None, :]
    V = F(Z).dot(F(G)).dot(F(Z).T) * F(same.astype(float)) + F(np.eye(len(y))) * Fraction(sigma) ** 2
    log_det, left = _eliminate(_bordered(V, F(np.column_stack([X, y]))), len(y))
    return log_det, -left


def _bordered(matrix, right):
    """Elimination of `matrix` leaves ``-right' matrix^-1 right`` in the corner of zeros."""
    return np.block([[matrix, right], [right.T, np.zeros((right.shape[1],) * 2, dtype=int)]])


def _eliminate(matrix, count):
    """log determinant of the leading block and what Gaussian elimination of it leaves of the rest."""
    matrix, log_det = matrix.copy(), 0.0
    for k in range(count):
        pivot = matrix[k, k]
        log_det += log(pivot.numerator) - log(pivot.denominator)
        for i in range(k + 1, len(matrix)):
            if matrix[i, k]:
                matrix[i, k + 1 :] = matrix[i, k + 1 :] - matrix[k, k + 1 :] * (matrix[i, k] / pivot)
    return log_det, matrix[count:, count:]


def numerical_gradient(function, at, step=1e-5):
    """Central differences, extrapolated once."""
    at = np.asarray(at, dtype=float)
    result = np.empty(at.shape)
    for k in np.ndindex(at.shape):
        unit = np.zeros(at.shape)
        unit[k] = step * max(1.0, abs(at[k]))
        wide = (function(at + 2 * unit) - function(at - 2 * unit)) / (4 * unit[k])
        narrow = (function(at + unit) - function(at - unit)) / (2 * unit[k])
        result[k] = (4 * narrow - wide) / 3
    return result


def assert_normal(draws, mean, covariance):
    """Sample means and second moments within 4.5 standard errors of those of a normal distribution."""
    n = len(draws)
    sd = np.sqrt(np.diag(covariance))
    assert (np.abs(draws.mean(axis=0) - mean) < 4.5 * sd / np.sqrt(n) + 1e-12).all()
    centred = draws - mean
    sampled = centred.T @ centred / n
    error = np.sqrt((np.outer(sd**2, sd**2) + covariance**2) / n)
    assert (np.abs(sampled - covariance) < 4.5 * error + 1e-12).all()
