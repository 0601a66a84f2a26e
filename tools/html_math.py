"""Equations as MathML, with a small math font in the page: no script, no network, the same in every browser."""

import base64
import io
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

# What JupyterLab typesets: $$...$$, \begin{...}...\end{...} and $...$ (in this order), unless the dollar is escaped.
TEX = re.compile(
    r"(?<!\\)\$\$(?P<block>.+?)(?<!\\)\$\$"
    r"|(?P<environment>\\begin\{(?P<name>[a-z]+\*?)\}.+?\\end\{(?P=name)\})"
    r"|(?<![\\$])\$(?P<inline>[^$]+?)(?<!\\)\$",
    re.S,
)
LEFT_ALONE = ("code", "pre", "script", "style", "math")
STYLE = """
/* geometricPrecision: otherwise FreeType's hinter lifts the bar of a small theta to its top. */
@font-face { font-family: "page math"; src: url(data:font/woff;base64,%s) format("woff"); }
math { font-family: "page math", math; font-size: 1.15em; text-rendering: geometricPrecision; }
.equation { display: block; overflow-x: auto; overflow-y: hidden; padding: 0.2em 0; }
"""


@cache
def converter():
    from math_core import LatexToMathML

    return LatexToMathML(annotation=True, fancy_error=False)  # the annotation keeps the TeX source, for copying


def mathml(tex, block):
    """MathML of one equation.

    Args:
        tex: str, without its dollars.
        block: bool, an equation on a line of its own.

    Returns:
        str, a <math> element.

    Raises:
        ValueError: the TeX cannot be converted.
    """
    from math_core import LatexError

    try:
        return converter().convert_with_local_state(tex.strip(), displaystyle=block)
    except LatexError as error:
        raise ValueError(f"the equation {tex.strip()!r} cannot be set: {error}") from None


def typeset(soup):
    """Replace every equation in the prose of a page by MathML, and give the page the font it needs.

    Args:
        soup: BeautifulSoup of the page, changed in place.

    Raises:
        ValueError: an equation cannot be converted.
    """
    for prose in soup.select(".jp-RenderedHTMLCommon"):
        for text in prose.find_all(string=TEX):
            if text.find_parent(LEFT_ALONE) is None:
                text.replace_with(*pieces(soup, str(text)))
    if soup.math is not None:
        style = soup.new_tag("style")
        style.string = STYLE % base64.b64encode(font(letters(soup))).decode("ascii")
        soup.head.append(style)


def pieces(soup, text):
    """The text as a list of strings and <math> elements."""
    from bs4 import BeautifulSoup

    done, end = [], 0
    for match in TEX.finditer(text):
        block = match["inline"] is None
        tex = match["block"] or match["environment"] or match["inline"]
        math = BeautifulSoup(mathml(tex, block), "html.parser").math
        if block:  # wide equations scroll in a box of their own, also with the keyboard
            box = soup.new_tag("span", attrs={"class": "equation", "tabindex": "0"})
            box.append(math)
            math = box
        done += [text[end : match.start()], math]
        end = match.end()
    return [*done, text[end:]]


def letters(soup):
    """Code points that the page's equations show: browsers draw a single letter x in <mi> as the italic U+1D465."""
    shown = set()
    for leaf in soup.select("math mi, math mn, math mo, math mtext"):
        shown |= set(map(ord, leaf.get_text()))
    latin = {code + 0x1D434 - ord("A") for code in shown if chr(code) in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    latin |= {code + 0x1D44E - ord("a") for code in shown if chr(code) in "abcdefghijklmnopqrstuvwxyz"}
    greek = {code + 0x1D6FC - ord("α") for code in shown if ord("α") <= code <= ord("ω")}
    return frozenset(shown | latin | greek | {0x210E, 0x1D716, 0x1D717, 0x1D719, 0x1D71A, 0x1D71B})  # h, ϵ, ϑ, ϕ, ϱ, ϖ


@cache
def font(codes):
    """STIX Two Math with these code points and the larger forms of their brackets and braces, as WOFF bytes."""
    from fontTools import subset

    options = subset.Options(flavor="woff", hinting=False, layout_features=["ssty"], drop_tables=["DSIG"])
    package = find_spec("ziamath")  # wanted for the font in it, not for its code
    if package is None:
        raise ModuleNotFoundError("no ziamath", name="ziamath")
    stix = subset.load_font(Path(package.origin).parent / "fonts" / "STIXTwoMath-Regular.ttf", options)
    chosen = subset.Subsetter(options)
    chosen.populate(unicodes=codes)
    chosen.subset(stix)
    woff = io.BytesIO()
    subset.save_font(stix, woff, options)
    return woff.getvalue()
