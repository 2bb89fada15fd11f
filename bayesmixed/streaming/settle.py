"""From the agreed coding, made of rough centres and scales, to the one that a table in memory would get."""

from dataclasses import dataclass, replace

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.coding import CodedMoments, DataScales
from bayesmixed.coding.coding import DEPENDENT, Coding, block_diagonal
from bayesmixed.moments import Moments


@dataclass(frozen=True, eq=False)
class Settled:
    """What stands in for the rows of a streamed table.

    Parameters
    ----------
    coded : CodedMoments
    scales : DataScales
    blocks : tuple of Coding
        Of each block of Z, as in `coded`.
    ZZ : ndarray, shape (q, q)
        ``sum z z'`` of all rows without weights, in the coding of `coded`.
    """

    coded: CodedMoments
    scales: DataScales
    blocks: tuple[Coding, ...]
    ZZ: Array


@dataclass(frozen=True, eq=False)
class _Recoding:
    """Exact centres and scales, the same turned where columns are nearly dependent, and the map there."""

    plain: Coding
    turned: Coding
    map: Array

    def times(self, unit: float) -> "_Recoding":
        """Scales of the computing columns in another unit."""
        return _Recoding(self.plain, replace(self.turned, scale=self.turned.scale * unit), self.map / unit)


def settle(moments: Moments) -> Settled:
    """Exact centres, scales and least-squares shift, all from the moments."""
    assert moments.header is not None
    agreement, facts = moments.header.agreement, moments.header.facts
    total, p = facts.sum_weights, moments.p
    R = moments.triangle()
    fixed = _exact(agreement.fixed, R[:, :p], total)
    columns = [np.array(block.columns) for block in agreement.random_blocks]
    # As `bayesmixed.coding.coding.computing_codings`.
    unit = float(np.exp(0.5 * moments.sum_log_weights / moments.n_rows))
    blocks = [
        _exact(coding, _triangle(moments.Rzz[:, :, index]), total).times(unit)
        for coding, index in zip(agreement.blocks, columns, strict=True)
    ]
    T_map = block_diagonal([one.map for one in blocks], columns, moments.q)
    old = np.linalg.solve(fixed.map, agreement.shift)
    step = np.linalg.lstsq(R[:, :p] @ fixed.map, R[:, p], rcond=None)[0]
    coded = CodedMoments(
        moments.recode(fixed.map, T_map, step),
        fixed.turned,
        block_diagonal([one.turned.matrix for one in blocks], columns, moments.q),
        block_diagonal([one.turned.inverse for one in blocks], columns, moments.q),
        old + step,
    )
    response = R[:, :p] @ agreement.shift + R[:, p]
    scales = _scales(fixed.plain, [one.plain for one in blocks], _one(agreement.fixed, R[:, :p]), response, total)
    return Settled(coded, scales, tuple(one.turned for one in blocks), T_map.T @ facts.ZZ @ T_map)


def _triangle(Rzz: Array) -> Array:
    return np.linalg.qr(Rzz.reshape(-1, Rzz.shape[2]), mode="r")


def _one(coding: Coding, R: Array) -> Array:
    """The column of ones in the coordinates of the triangle; zero where the constant is not in the span."""
    return R @ (coding.matrix @ coding.constant)


def _scales(fixed: Coding, blocks: list[Coding], one: Array, response: Array, total: float) -> DataScales:
    mean = float(one @ response / total) if fixed.constant.any() else 0.0
    rest = response - mean * one
    return DataScales(fixed, tuple(blocks), mean, float(rest @ rest), total)


def _exact(coding: Coding, R: Array, total: float) -> _Recoding:
    """The coding of a table in memory, from a triangle of its columns in another coding."""
    size = len(coding.scale)
    unscaled = np.diag(coding.scale)
    if coding.rotation is not None:
        unscaled = coding.rotation @ unscaled
    one = _one(coding, R)
    delta = np.where(coding.constant == 0, one @ (R @ unscaled) / total, 0.0) if one.any() else np.zeros(size)
    to_centred = unscaled - np.outer(coding.matrix @ coding.constant, delta)
    scale = np.linalg.norm(R @ to_centred, axis=0) / np.sqrt(total)
    scale = np.where(scale > 0, scale, 1.0)
    plain, to_scaled = Coding(coding.constant, coding.centre + delta, scale), to_centred / scale
    rotation = _rotation(R @ to_scaled / np.sqrt(total))
    if rotation is None:
        return _Recoding(plain, plain, to_scaled)
    turned = Coding(plain.constant, plain.centre, plain.scale, rotation)
    return _Recoding(plain, turned, to_scaled @ np.linalg.inv(rotation))


def _rotation(columns: Array) -> Array | None:
    """As `Coding.rotated`."""
    p = columns.shape[1]
    if p < 2 or np.linalg.eigvalsh(columns.T @ columns)[0] > DEPENDENT:
        return None
    rotation = np.linalg.qr(columns, mode="r")
    return None if len(rotation) < p or np.abs(np.diag(rotation)).min() < 1e-11 else rotation
