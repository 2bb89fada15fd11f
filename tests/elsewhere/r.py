"""R, where it is: many scripts in one process, each in a folder of its own."""

import json
import shutil
import subprocess
from functools import cache

import pytest

#: Numbers as JSON without a package; NULL where there are none.
JSON = r"""
numbers <- function(x) paste0("[", paste(sprintf("%.17g", as.numeric(x)), collapse = ", "), "]")
quoted <- function(one) encodeString(one, quote = "\"")
texts <- function(x) paste0("[", paste(vapply(x, quoted, ""), collapse = ", "), "]")
report <- function(...) {
  values <- list(...)
  cat(paste0("{", paste(sprintf("\"%s\": %s", names(values), values), collapse = ", "), "}"), file = "found.json")
}
"""


@cache
def has(package: str) -> bool:
    if shutil.which("Rscript") is None:
        return False
    asked = ["Rscript", "-e", f'quit(status = !requireNamespace("{package}", quietly = TRUE))']
    return subprocess.run(asked, capture_output=True).returncode == 0


def needs(package: str):
    return pytest.mark.skipif(not has(package), reason=f"R with {package} is not here")


def run(scripts, folder, ending):
    """Write each script and its table, run all, and read what each reported by `ending`.

    `scripts` is a dict of `bayesmixed.elsewhere.Script`; the answer is one of dicts.
    """
    lines = [JSON]
    for name, script in scripts.items():
        own = folder / name.replace(" ", "_")
        own.mkdir()
        script.write_table(own / script.data)
        (own / "script.R").write_text(script.text + ending, encoding="utf-8")
        lines.append(f'setwd("{own}"); source("script.R", local = new.env())')
    (folder / "all.R").write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(["Rscript", "--vanilla", folder / "all.R"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {name: json.loads((folder / name.replace(" ", "_") / "found.json").read_text()) for name in scripts}
