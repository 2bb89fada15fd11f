"""Draw the pictures of docs/pictures.md by the code of that page: python docs/images/make_pictures.py"""

import re
from pathlib import Path

import matplotlib.pyplot as plt

from bayesmixed.report.plots import figure_of

HERE = Path(__file__).parent
#: ``fit.plot_data()  # picture: data`` in the page draws pictures-data.png.
PICTURE = re.compile(r"^(?P<code>\w+\.plot_\w+\(.*\))  # picture: (?P<name>[\w-]+)$", flags=re.MULTILINE)


def main() -> None:
    page = (HERE.parent / "pictures.md").read_text(encoding="utf-8")
    names: dict = {}
    for block in re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL):
        exec(PICTURE.sub("", block), names)
        for found in PICTURE.finditer(block):
            save(eval(found["code"], names), found["name"])


def save(picture: object, name: str) -> None:
    """A small file: 256 colours are enough for lines and areas."""
    from PIL import Image

    path = HERE / f"pictures-{name}.png"
    figure_of(picture).savefig(path, dpi=100, facecolor="white")
    plt.close("all")
    Image.open(path).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
