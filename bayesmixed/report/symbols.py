"""Cells of G and V in symbols: ``sd0^2``, ``g00 + 2 g01 + g11 + sigma^2``."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayesmixed.design import Design


def sd_product(design: "Design", k: int, m: int) -> str:
    """One cell of a group's G: ``sd0^2``, ``rho01 sd0 sd1``, or 0 between blocks."""
    if k == m:
        return f"sd{k}^2"
    if not same_block(design, k, m):
        return "0"
    low, high = sorted((k, m))
    return f"rho{pair(low, high)} sd{low} sd{high}"


def same_block(design: "Design", k: int, m: int) -> bool:
    """Whether two columns of Z may be correlated."""
    return any(k in block.columns and m in block.columns for block in design.blocks)


def g_name(k: int, m: int) -> str:
    """``g01``, for both halves of the symmetric G."""
    return f"g{pair(*sorted((k, m)))}"


def pair(k: int, m: int) -> str:
    return f"{k}{m}" if m < 10 else f"{k},{m}"


def covariance_cell(design: "Design", row: int, other: int) -> str:
    """Cov(y_row, y_other) in symbols, ``z' G z`` written out; sigma^2 on the diagonal only."""
    if design.group[row] != design.group[other]:
        return "0"
    z, w = design.Z_rows[row], design.Z_rows[other]
    parts = []
    for k in range(design.q):
        for m in range(k, design.q):
            if not same_block(design, k, m):
                continue
            factor = z[k] * w[k] if k == m else z[k] * w[m] + z[m] * w[k]
            if factor:
                parts.append((factor, g_name(k, m)))
    if row == other:
        weight = design.weights[row]
        parts.append((1.0, "sigma^2" if weight == 1.0 else f"sigma^2/{weight:.3g}"))
    return _sum(parts)


def _sum(parts: list[tuple[float, str]]) -> str:
    text = ""
    for factor, symbol in parts:
        sign = " - " if factor < 0 else " + "
        size = "" if abs(factor) == 1.0 else f"{_plain(abs(factor))} "
        text += f"{sign}{size}{symbol}" if text else f"{'-' if factor < 0 else ''}{size}{symbol}"
    return text or "0"


def _plain(number: float) -> str:
    """Four digits, without an exponent where that is short: ``4010``, ``4020000``, ``0.25``."""
    rounded = float(f"{number:.4g}")
    return f"{rounded:.0f}" if 1e3 <= rounded < 1e9 else f"{rounded:.4g}"


def compact(cell: str) -> str:
    """A cell on less room: ``g00+4010*g01+sigma^2``."""
    return cell.replace(" + ", "+").replace(" - ", "-").replace(" ", "*")
