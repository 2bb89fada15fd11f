"""Numbers as text."""


def seconds(value: float) -> str:
    """Three digits, in the unit that suits: ``1.20 ms``, ``17.1 s``."""
    scale, unit = (1.0, "s") if value >= 1.0 else (1e3, "ms")
    shown = value * scale
    return f"{shown:.{0 if shown >= 100 else 1 if shown >= 10 else 2}f} {unit}"


def plain(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
