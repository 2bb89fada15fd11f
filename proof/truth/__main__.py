"""``python -m proof.truth``: compare every number, write docs/truth.md; 1 if one is further off than accepted."""

import sys
from pathlib import Path

from proof.marks import write_between_marks
from proof.truth.bayes import of_brms, of_rstanarm
from proof.truth.page import summary, tables
from proof.truth.reml import of_lme4, of_nlme

PAGE = Path(__file__).parents[2] / "docs" / "truth.md"


def main() -> int:
    """Write the page."""
    numbers = [*of_lme4(), *of_nlme(), *of_brms(), *of_rstanarm()]
    write_between_marks(PAGE, "summary", summary(numbers))
    write_between_marks(PAGE, "numbers", tables(numbers))
    off = [one for one in numbers if not one.agrees]
    for one in off:
        print(f"truth: {one.source}, {one.model}: {one.kind} {one.label} {one.theirs} {one.ours}", file=sys.stderr)
    print(f"{len(numbers)} numbers, {len(off)} further off than accepted")
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main())
