"""A coverage-guided fuzzer for formulas: ``make fuzz``.

libFuzzer, by way of atheris, keeps the inputs that reach lines of the parser, the encoder or formulae which no
other has reached, and changes them further. An input is taken as a sum of terms, which mostly get past the
parser, or in a quarter of the cases as text or as a row of words of the language. Whatever is no error of this
package is written to FOLDER/findings and the search goes on. No part of the tests: what it found is in
test_formulas.py.
"""

import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from tests.faults.watch import watched

WORDS = (
    *("y", "x", "z", "k", "g", "h", "`a b`", "`a\nb`", "`x|y`", "sigma", "np", "np.save", "__import__", "_"),
    *(
        "~",
        "+",
        "-",
        "*",
        "/",
        ":",
        "^",
        "**",
        "|",
        "||",
        "(",
        ")",
        "[",
        "]",
        ",",
        "=",
        "==",
        "!=",
        "<",
        "<=",
        ">",
    ),
    *(
        "0",
        "1",
        "2",
        "3",
        "9",
        "10",
        "1.5",
        "1e3",
        "1e308",
        "1e400",
        ".5",
        "'a'",
        '"b"',
        "'",
        "`",
        "\\",
        "\0",
        "{",
    ),
    *("True", "False", "None", "lambda", "if", "in", ":=", ".", "@", "%", "é", "²", "١", "\u202e", "\ud800", "\n"),
    *("C(", "I(", "log(", "log2(", "log10(", "exp(", "sqrt(", "abs(", "scale(", "center(", "poly(", "bs("),
    *(
        "Treatment(",
        "Sum(",
        "offset(",
        "standardize(",
        "B(",
        "binary(",
        "p(",
        "prop(",
        "S(",
        "T(",
        "open(",
        "eval(",
    ),
    *("df=", "degree=", "knots=", "raw=", "reference=", "omit=", "x=", "data=", "contrast=", "intercept=", "out="),
    *("lower_bound=", "upper_bound=", "y ~ ", " + (1 | g)", "(x | g)", "(1 | g:h)", "(0 + x || g)", "C(k, Sum)"),
    *(
        "poly(x, 2)",
        "bs(x, df=4)",
        "I(x ** 2)",
        'C(k, Treatment("u"))',
        "offset(z)",
        "log(y)",
        "x:z",
        "x*k",
        "x/k",
    ),
)
SEEDS = (
    "y ~ x + (1 | g)",
    "y ~ x*k + (x | g)",
    "log(y) ~ scale(x) + center(z) + (scale(x) || g)",
    "y ~ poly(x, 3, raw=True) + bs(z, df=4) + (1 | g)",
    'y ~ C(k, Treatment("u")) + offset(z) + (1 | g:h)',
    "y ~ (x + z + k)^2 - x:z + I(x^2 > 1) + (0 + x | g) + (1 | g)",
    "y ~ C(h, Sum) + `a b` / k + abs(-x ** 2) + (1 | g)",
)
TERMS = (
    *(
        "x",
        "z",
        "k",
        "h",
        "`a b`",
        "x:z",
        "x*k",
        "k/h",
        "1",
        "0",
        "(x | g)",
        "(0 + z || g)",
        "(k | g)",
        "(1 | g:h)",
    ),
    *("offset(z)", "offset(x / 2)", "C(k)", "C(k, Sum)", 'C(k, Treatment("v"))', "C(z, Sum(3))", 'C(h, Sum("q"))'),
    *("poly(x, 2)", "poly(z, 9, raw=True)", "poly(k, 2)", "bs(x, df=4)", "bs(z, df=3, degree=0, intercept=True)"),
    *("bs(x, df=30)", "bs(x, df=5, lower_bound=-9, upper_bound=9)", "poly(x, 30)", "bs(h, df=4)", "`a b`:h:k"),
    *(
        "I(x > 0)",
        "I(k == 'u')",
        "I(x + z * 2)",
        "I(h == True)",
        "I(1 / z)",
        "I(x ** z)",
        "I(k + 'a')",
        "I(`a b`)",
    ),
    *("(x + k + h)^2", "(x + z)**3", "I(x < None)", "I(1e308 * 1e10 * x)", "I(k)", "I(z - -z)", "I('u' == k)"),
)
WRAPS = ("log", "exp", "sqrt", "abs", "scale", "center", "I", "C", "log2", "log10")
OPERATORS = (" + ", " - ", ":", "*", "/", " + ", " + ", " + ")
COMMON = "y ~ {} + (1 | g)"


def table() -> pd.DataFrame:
    """Few rows with each kind of column."""
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "y": rng.uniform(1.0, 2.0, 24),
            "x": rng.normal(size=24),
            "z": rng.integers(0, 9, 24),
            "k": np.tile(["u", "v", "w"], 8),
            "g": np.repeat(list("abcdef"), 4),
            "h": pd.Categorical(np.tile([True, True, False, False], 6)),
            "a b": rng.uniform(size=24) > 0.5,
        }
    )


def formula_of(data: bytes) -> str:
    """Terms, or text, or words of the language; bits of the first byte say which."""
    if not data:
        return ""
    how, rest = data[0], data[1:]
    if how & 24:
        return COMMON.format(_sum(rest))
    text = rest.decode("utf-8", "surrogatepass" if how & 4 else "replace") if how & 1 else _words(rest)
    return COMMON.format(text) if how & 2 else text


def _words(data: bytes) -> str:
    return " ".join(WORDS[byte % len(WORDS)] for byte in data)


def _sum(data: bytes) -> str:
    """Three bytes to a term: which, which call around it if any, which operator after it."""
    text = ""
    for k in range(0, len(data) - 2, 3):
        term = TERMS[data[k] % len(TERMS)]
        for digit in f"{data[k + 1]:o}" if data[k + 1] & 128 else "":
            term = f"{WRAPS[int(digit)]}({term})"
        text += term + OPERATORS[data[k + 2] % len(OPERATORS)]
    return text + "x"


class Target:
    """Reads one formula, builds its design, and knows what may come of it."""

    def __init__(self, folder: Path):
        import bayesmixed as bm
        from bayesmixed.design import build_design
        from bayesmixed.formula import parse_formula

        self.parse, self.build, self.own = parse_formula, build_design, bm.BayesmixedError
        self.caution = bm.BayesmixedWarning
        self.table = table()
        self.folder = folder / "findings"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.counts = {"refused by the parser": 0, "refused by the table": 0, "designs": 0}
        self.seen: set[str] = set()
        for seed in SEEDS:  # numba reads its cache, which is written with pickle
            self.run(seed)
        self.started = time.monotonic()

    def __call__(self, data: bytes) -> None:
        try:
            text = formula_of(data)
        except UnicodeDecodeError:
            return
        start = time.process_time()
        try:
            with watched() as events, warnings.catch_warnings():
                warnings.simplefilter("error")
                warnings.simplefilter("ignore", self.caution)
                self.run(text)
            if events:
                self.report(text, f"did what no formula may: {events}", events[0].partition("(")[0])
        except Exception as error:
            self.report(text, traceback.format_exc(), _place(error))
        if time.process_time() - start > 5.0:
            self.report(text, f"took {time.process_time() - start:.0f} s", "slow")
        if sum(self.counts.values()) % 1000 == 0:  # libFuzzer ends the process without a goodbye
            (self.folder.parent / "summary.txt").write_text(f"{self.summary()}\n")

    def run(self, text: str) -> None:
        try:
            specification = self.parse(text)
        except self.own as error:
            self.counts["refused by the parser"] += 1
            self.check(error)
            return
        try:
            self.build(specification, self.table)
            self.counts["designs"] += 1
        except self.own as error:
            self.counts["refused by the table"] += 1
            self.check(error)

    def check(self, error: Exception) -> None:
        text = str(error)
        if not text.strip() or not all(one.isprintable() or one.isspace() for one in text) or "\n" in text:
            raise AssertionError(f"not one printable line: {text!r}")

    def report(self, text: str, what: str, key: str) -> None:
        if key in self.seen:
            return
        self.seen.add(key)
        name = sha256(key.encode()).hexdigest()[:12]
        (self.folder / f"{name}.txt").write_text(f"{text!r}\n{key}\n{what}", encoding="utf-8", errors="replace")
        print(f"finding {name}: {key}: {text!r:.200}", flush=True)

    def summary(self) -> str:
        seconds = time.monotonic() - self.started
        counts = ", ".join(f"{count:,} {name}" for name, count in self.counts.items())
        return f"{sum(self.counts.values()):,} formulas in {seconds:,.0f} s: {counts}; {len(self.seen)} findings"


def _place(error: Exception) -> str:
    """Kind and line, so that one fault is reported once."""
    frames = traceback.extract_tb(error.__traceback__)
    last = next((one for one in reversed(frames) if "/bayesmixed/" in one.filename), frames[-1])
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno} from {frames[-1].name}"


def _not_of_formulas() -> Iterator[str]:
    """Modules without counters: they say nothing about formulas, and numba could not compile them."""
    root = Path(__file__).parents[2]
    for path in (root / "bayesmixed").rglob("*.py"):
        parts = path.relative_to(root).with_suffix("").parts
        if parts[1] not in ("formula", "encoding"):
            yield ".".join(part for part in parts if part != "__init__")


def main(arguments: list[str]) -> None:
    import atheris

    folder = Path(arguments[0]) if arguments else Path(".fuzz/formulas")
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for place, seed in enumerate(SEEDS):
        (corpus / f"seed{place}").write_bytes(b"\x01" + seed.encode())
    for place in range(len(TERMS)):
        (corpus / f"term{place}").write_bytes(bytes([8, place, 0, 0, place // 2, 128 + place, 0]))
    words = "\n".join(
        f'"{"".join(f"\\x{byte:02x}" for byte in word.encode("utf-8", "surrogatepass"))}"' for word in WORDS
    )
    (folder / "words").write_text(words + "\n")
    with atheris.instrument_imports(include=["bayesmixed", "formulae"], exclude=list(_not_of_formulas())):
        target = Target(folder)
    options = ["-max_len=200", f"-dict={folder / 'words'}", f"-artifact_prefix={folder}/", *arguments[1:]]
    atheris.Setup([sys.argv[0], str(corpus), *options], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
