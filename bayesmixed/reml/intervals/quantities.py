"""What can be profiled, by its label, and the path along which it is held."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import RemlError
from bayesmixed.icc import MOST_ROWS, IccPoint, icc_points
from bayesmixed.parameters import find_name
from bayesmixed.quantities.by_label import icc_label
from bayesmixed.reml.criterion import Criterion
from bayesmixed.reml.intervals.coefficient_path import CoefficientPath, rotated_columns
from bayesmixed.reml.intervals.correlation_path import CorrelationPath
from bayesmixed.reml.intervals.icc_paths import IccAtRow, IccOverRows
from bayesmixed.reml.intervals.paths import CovariancePath, SdPath, SigmaPath

if TYPE_CHECKING:
    from bayesmixed.reml.estimates import Estimates

type Path = CovariancePath | CoefficientPath


@dataclass(frozen=True, eq=False)
class HeldQuantities:
    """Paths of every quantity of a fit, in a criterion with its minimum, which need not be the fit's own.

    Parameters
    ----------
    fit : Estimates
        For its design and coding.
    criterion : Criterion
    theta : ndarray
        Where the criterion is smallest.
    """

    fit: "Estimates"
    criterion: Criterion
    theta: Array

    @cached_property
    def makers(self) -> dict[str, Callable[[], Path]]:
        """What makes the path of each label, in the order of `RemlFit.confint`."""
        return self.coefficients | self.covariances | self.iccs

    @property
    def coefficients(self) -> dict[str, Callable[[], Path]]:
        """Paths of beta, which only ML has."""
        if self.criterion.restricted:
            return {}
        return {label: partial(self.coefficient, k) for k, label in enumerate(self.fit.design.fixed_labels)}

    @property
    def covariances(self) -> dict[str, Callable[[], Path]]:
        """Paths of sd, correlations within blocks, and sigma."""
        names, labels = self.fit.names, self.fit.design.random_labels
        result: dict[str, Callable[[], Path]] = {
            label: partial(self.sd, k)
            for parameter in names.sd
            for label, k in zip(parameter.labels, parameter.columns, strict=True)
        }
        for k in range(len(labels)):
            for m in range(k + 1, len(labels)):
                if self._block(k) == self._block(m):
                    result[f"{names.corr}[{labels[k]},{labels[m]}]"] = partial(self.correlation, k, m)
        return result | {"sigma": self.residual}

    @property
    def iccs(self) -> dict[str, Callable[[], Path]]:
        """Paths of the ICC at its usual points."""
        points = icc_points(self.fit.design)
        factor, only = self.fit.names.factor, len(points) == 1
        return {icc_label(factor, p.at, only): partial(self.icc, p) for p in points}

    def path(self, label: str) -> Path:
        """The path of a quantity by its label.

        Raises
        ------
        RemlError
            There is no such quantity, or the restricted likelihood does not have it.
        """
        name = find_name(label, self.makers)
        if name is not None:
            return self.makers[name]()
        if self.criterion.restricted and find_name(label, self.fit.design.fixed_labels):
            raise RemlError(
                f"the restricted likelihood has no coefficients, so no profile of {label!r}: "
                "use method='profile', which takes the ML deviance"
            )
        raise RemlError(f"no quantity {label!r} to profile; there are {', '.join(self.makers)}")

    @cached_property
    def _sigma(self) -> float:
        return self.criterion.estimates(self.theta)[0]

    def _block(self, column: int) -> int:
        return next(k for k, block in enumerate(self.criterion.blocks) if column in block)

    def _entry(self, block: int) -> int:
        """Where theta holds the first entry of a block of Lambda."""
        return sum(len(own) * (len(own) + 1) // 2 for own in self.criterion.blocks[:block])

    def coefficient(self, k: int) -> CoefficientPath:
        contrast = self.fit.coded.fixed.inverse[k]
        criterion, size = rotated_columns(self.criterion, contrast)
        return CoefficientPath(criterion, self.theta, self._sigma, float(contrast @ self.fit.coded.shift), size)

    def residual(self) -> SigmaPath:
        return SigmaPath(self.criterion, self.theta, self._sigma)

    def sd(self, k: int) -> SdPath:
        criterion, theta, (size,) = self._first(self.fit.coded.T_inverse[k], [self._block(k)])
        return SdPath(criterion, theta, self._sigma, self._entry(self._block(k)), size)

    def correlation(self, k: int, m: int) -> CorrelationPath:
        number = self._block(k)
        block = self.criterion.blocks[number]
        pair = self.fit.coded.T_inverse[[k, m]][:, block]
        rotation, triangle = np.linalg.qr((pair / np.linalg.norm(pair, axis=1)[:, None]).T, mode="complete")
        rotation[:, :2] *= np.sign(np.diag(triangle))
        cosine, sine = triangle[0, 1] * np.sign(triangle[0, 0]), abs(triangle[1, 1])
        criterion, theta = self._rotated({number: rotation})
        first = self._entry(number)
        entries = (first, first + 1, first + len(block))
        return CorrelationPath(criterion, theta, self._sigma, *entries, float(cosine), float(sine))

    def icc(self, point: IccPoint) -> IccAtRow | IccOverRows:
        rows, shares = _distinct(point.rows)
        coded = rows @ self.fit.coded.T_inverse
        if len(coded) > 1:
            kept = coded.any(axis=1)
            most = float(shares[kept].sum())
            return IccOverRows(self.criterion, self.theta, self._sigma, coded[kept], shares[kept] / most, most)
        blocks = [k for k, block in enumerate(self.criterion.blocks) if coded[0, block].any()]
        criterion, theta, sizes = self._first(coded[0], blocks)
        index = np.array([self._entry(k) for k in blocks], dtype=np.intp)
        return IccAtRow(criterion, theta, self._sigma, index, sizes)

    def _first(self, functional: Array, blocks: list[int]) -> tuple[Criterion, Array, Array]:
        """Rotate blocks so that a linear functional of b depends on the first column of each; its sizes there."""
        rotations, sizes = {}, []
        for k in blocks:
            own = functional[list(self.criterion.blocks[k])]
            rotations[k] = np.linalg.qr(own[:, None], mode="complete")[0]
            sizes.append(np.linalg.norm(own))
        return *self._rotated(rotations), np.array(sizes)

    def _rotated(self, rotations: dict[int, Array]) -> tuple[Criterion, Array]:
        """The criterion and theta in columns ``Z_B H``, where ``H'Lambda_B`` is a root of D, made a triangle."""
        criterion, patterns = self.criterion, self.criterion.patterns
        Lambda, Rzz = criterion.Lambda(self.theta), patterns.Rzz.copy()
        for k, rotation in rotations.items():
            block = list(criterion.blocks[k])
            Rzz[:, :, block] = patterns.Rzz[:, :, block] @ rotation
            own = np.linalg.qr((rotation.T @ Lambda[np.ix_(block, block)]).T, mode="r").T
            Lambda[np.ix_(block, block)] = own * np.where(np.diag(own) < 0, -1.0, 1.0)
        return replace(criterion, patterns=patterns._replace(Rzz=Rzz)), Lambda[criterion.entries]


def _distinct(rows: Array) -> tuple[Array, Array]:
    """Distinct rows and their shares; of very many, the sample that `icc_values` takes."""
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    if len(distinct) <= MOST_ROWS:
        return distinct, counts / counts.sum()
    place = np.linspace(0, counts.sum() - 1, MOST_ROWS).astype(np.int64)
    return distinct[np.searchsorted(np.cumsum(counts), place, side="right")], np.full(MOST_ROWS, 1.0 / MOST_ROWS)
