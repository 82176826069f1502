"""Figures that rounds give: medians with their spread, and ratios."""

import statistics


def ratios(rows, name, reference, figure="seconds"):
    """How many times faster than another program, round by round; None where one of the two did not run."""
    if name not in rows or reference not in rows:
        return None
    return [other / own for own, other in zip(rows[name][figure], rows[reference][figure])]


def spread(values, digits):
    """The median of some values, and the least and the largest."""
    if values is None:
        return "-"
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"
