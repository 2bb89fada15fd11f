"""A fit whose names try to break a page, and a reader of pages."""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser

import bayesmixed as bm
from tests.fits import QUICK

MARK = "<script>alert('$x_1')</script>"
COLUMN = f'{MARK} & "t" $\\frac$'
FACTOR = "<img src=http://example.org/x>/$"


@cache
def hostile_fit():
    """sleepstudy with HTML, quotes and mathematics in its names, levels and units."""
    rows = bm.load_dataset("sleepstudy").rename(columns={"Days": COLUMN, "Subject": FACTOR})
    rows[FACTOR] = rows[FACTOR] + "<i>$\\alpha"
    formula = f"Reaction ~ `{COLUMN}` + (`{COLUMN}` | `{FACTOR}`)"
    model = bm.MixedModel(formula, rows, units={"Reaction": "<ms>", COLUMN: "$d"})
    return model.fit(random_seed=1, **QUICK)


@dataclass(frozen=True)
class Page:
    """What a parser finds in a page."""

    counts: Counter
    attributes: list
    text: str
    unclosed: list

    @classmethod
    def of(cls, html: str) -> "Page":
        reader = _Reader()
        reader.feed(html)
        reader.close()
        return cls(reader.counts, reader.attributes, "".join(reader.texts), reader.open)

    def values(self, name: str) -> list[str]:
        return [value for tag, key, value in self.attributes if key == name]


class _Reader(HTMLParser):
    VOID = frozenset({"meta", "br", "img", "link", "input"})

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.counts, self.attributes, self.texts, self.open = Counter(), [], [], []

    def handle_starttag(self, tag, attrs):
        self.counts[tag] += 1
        self.attributes += [(tag, key, value) for key, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.counts[tag] += 1
        self.attributes += [(tag, key, value) for key, value in attrs]

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
