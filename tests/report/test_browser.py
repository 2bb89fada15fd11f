"""The page in a real browser: Debian's Chromium, without a window and without a network."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import bayesmixed as bm
from tests import fits
from tests.fits import QUICK
from tests.report.hostile import hostile_fit

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]

#: WCAG 2.2, level AA: of text, and of large text and of what pictures are made of.
TEXT, LARGE = 4.5, 3.0

# Text and the colour behind it, wherever there is text; (R, G, B, alpha) from the computed colours.
COLOURS = """() => {
  const rgba = text => text.match(/[\\d.]+/g).map(Number).concat(1).slice(0, 4);
  const behind = element => {
    for (let one = element; one; one = one.parentElement) {
      const colour = rgba(getComputedStyle(one).backgroundColor);
      if (colour[3] > 0) return colour;
    }
    return [255, 255, 255, 1];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement;
    if (!node.data.trim() || element.closest("script, style, title")) continue;
    if (!element.checkVisibility()) continue;
    const drawn = element.closest("svg") !== null;
    const style = getComputedStyle(element);
    const ink = rgba(drawn ? style.fill : style.color);
    found.push([node.data.trim().slice(0, 40), drawn, ink, behind(element)]);
  }
  return found;
}"""


def dyestuff2():
    model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff2"))
    return model.fit(random_seed=1, **QUICK)


FITS: dict[str, Callable[[], bm.Fit]] = {
    "slope": lambda: fits.fit("slope"),
    "factor": lambda: fits.fit("factor"),
    "singular": dyestuff2,
    "hostile": hostile_fit,
}


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=list(FITS))
def path(request, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("report") / f"{request.param}.html"
    FITS[request.param]().report(path)
    return path


@pytest.fixture
def opened(chromium, path):
    """Opens the page and gives it with what it said, asked for and did wrong."""
    contexts = []

    def open_page(width: int = 1280, scheme: str = "light", **options):
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options)
        contexts.append(context)
        page, heard = context.new_page(), []
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: heard.append(request.url) if request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        return page, heard

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_goes_wrong_nothing_is_asked_for_and_nothing_overflows(opened, width, scheme):
    page, heard = opened(width, scheme)
    page.mouse.wheel(0, 100_000)
    assert heard == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.body.scrollWidth") <= width


def test_sections_tables_and_pictures_are_seen(opened):
    page, _ = opened()
    assert page.locator("section > h2").count() == 16
    assert page.locator("table").count() == 13
    for found in ("section > h2", "table", "figure svg", "figcaption"):
        assert all(one.is_visible() for one in page.locator(found).all())
    sizes = [picture.bounding_box()["height"] for picture in page.locator("figure svg").all()]
    assert len(sizes) == 7
    assert min(sizes) > 80


def test_links_lead_to_sections(opened):
    page, _ = opened()
    for link in page.locator("nav a").all():
        link.click()
        assert page.evaluate("document.querySelector(location.hash) !== null")


def test_pictures_speak(opened):
    """A screen reader is told a name for each picture, and each has its caption."""
    page, _ = opened()
    for figure in page.locator("figure").all():
        assert figure.locator("figcaption").inner_text().strip()
        (title,) = [one.text_content() for one in figure.locator("svg > title").all()]
        assert len(title) > 20
    assert page.get_by_role("img").count() == page.locator("figure").count()


def test_the_words_are_text(opened):
    page, _ = opened()
    text = page.locator("body").inner_text()
    assert all(word in text for word in ("R-hat", "ICC", "REML", "prior"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(opened, scheme):
    page, _ = opened(scheme=scheme)
    assert len(page.evaluate(COLOURS)) > 300
    assert _pale(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scheme_is_that_of_the_reader(opened, scheme):
    page, _ = opened(scheme=scheme)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[scheme]


def test_print_is_black_on_white_and_whole(opened):
    page, _ = opened(width=700, scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()
    assert not any(button.is_visible() for button in page.locator("button").all())
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    printed = page.pdf(format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "15mm"))
    assert printed.startswith(b"%PDF")
    assert 4 < len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) < 30
    assert _pale(page) == []


def test_a_table_copies_into_a_spreadsheet(chromium, path):
    """What the button copies, read back as the columns of a spreadsheet."""
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator("button").count() == page.locator("table").count()
    page.locator("#fixed button").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    rows = [[cell.strip() for cell in line.split("\t")] for line in copied.splitlines() if "\t" in line]
    table = page.locator("#fixed tr").all()
    wanted = [[cell.inner_text() for cell in row.locator("th, td").all()] for row in table]
    context.close()
    assert rows == wanted
    assert all(_is_number(cell) for row in rows[1:] for cell in row[2:])


def test_without_script_the_page_is_whole(opened):
    page, heard = opened(java_script_enabled=False)
    assert heard == []
    assert page.locator("table").count() == 13
    assert page.locator("button").count() == 0


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# ---------------------------------------------------------------- colours
def _pale(page) -> list[tuple[str, float]]:
    """Text that hardly stands out from what is behind it."""
    return [
        (text, ratio)
        for text, drawn, ink, paper in page.evaluate(COLOURS)
        if (ratio := contrast(_over(ink, paper), paper)) < (LARGE if drawn else TEXT)
    ]


def _over(ink: list[float], paper: list[float]) -> list[float]:
    """A transparent ink on its paper."""
    return [ink[3] * a + (1.0 - ink[3]) * b for a, b in zip(ink[:3], paper[:3], strict=True)]


def contrast(ink: list[float], paper: list[float]) -> float:
    """WCAG's ratio of luminances, from 1 to 21."""
    light, dark = sorted((_luminance(ink), _luminance(paper)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: list[float]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255.0 for v in colour[:3])]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
