"""What a figure shows, in words, for readers who cannot see it."""

import re
import sys
from collections import Counter

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

WRAPPERS = "mathrm mathbf mathcal mathbb mathdefault text operatorname left right big Big"


def plain(text):
    r"""A text without its TeX marks, on one line: r"$-\log p$" becomes "-log p"."""
    text = re.sub(rf"\\(?:{WRAPPERS.replace(' ', '|')})\b|\\[,;:! ]", "", text)
    return " ".join(re.sub(r"[\\${}]", "", text).split())


def describe_axis(axis, name):
    said = [f"{name}: {plain(axis.get_label_text())}"] if axis.get_label_text() else []
    ticks = [plain(tick.get_text()) for tick in axis.get_ticklabels()]
    if len(ticks) <= 12 and any(re.search(r"[^\W\d_]", tick) for tick in ticks):  # names, not numbers
        said.append(f"along {name} " + ", ".join(filter(None, ticks)))
    return said


def describe_legend(legend):
    return "legend " + ", ".join(plain(entry.get_text()) for entry in legend.get_texts())


def describe_panel(ax):
    said = ["plot"]
    if ax.images:  # Matplotlib's own labels begin with an underscore
        label = ax.images[0].get_label()
        said = ["image" if label.startswith("_") else label]
    said += [plain(ax.get_title(loc)) for loc in ("left", "center", "right")]
    if ax.axison:
        said += describe_axis(ax.xaxis, "x") + describe_axis(ax.yaxis, "y")
    if ax.get_legend():
        said.append(describe_legend(ax.get_legend()))
    return ", ".join(filter(None, said))


def describe(fig):
    """Alt text of a figure: one sentence made of its titles, axis labels, legends and number of panels.

    An author's own words win: `fig.set_label("Two rows of digits, ...")`.

    Args:
        fig: matplotlib Figure.

    Returns:
        str, one line without TeX marks.
    """
    if fig.get_label():
        return " ".join(fig.get_label().split())
    bars = [ax for ax in fig.axes if ax.get_label() == "<colorbar>"]
    panels = Counter(describe_panel(ax) for ax in fig.axes if ax not in bars and ax.get_visible())
    said = [plain(fig.get_suptitle()), f"{panels.total()} panels" if panels.total() > 1 else ""]
    said += [f"{number} times {panel}" if number > 1 else panel for panel, number in panels.items()]
    said += [f"colour: {label}" for bar in bars if (label := plain(bar.get_ylabel() or bar.get_xlabel()))]
    said += [describe_legend(legend) for legend in fig.legends]
    return "; ".join(filter(None, said)) + "."


def png(fig):
    """A figure as a notebook shows it.

    Args:
        fig: matplotlib Figure.

    Returns:
        (base64 text of the PNG, {"alt": its description}), or None for a figure without axes.
    """
    from IPython.core.pylabtools import print_figure

    data = print_figure(fig, fmt="png", bbox_inches="tight", base64=True)
    return data and (data, {"alt": describe(fig)})


def register():
    """Wrap the printer of IPython's inline backend: the same PNG, with alt text as metadata. Elsewhere do nothing."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return
    if "inline" in plt.get_backend():
        import matplotlib_inline.backend_inline  # noqa: F401  when loaded it registers its printer; not after ours

    printers = shell.display_formatter.formatters["image/png"]
    inline = printers.for_type(Figure)
    if inline is None or hasattr(inline, "describes"):
        return  # figures are not shown as PNG here, or this was called before

    def described(fig):
        made = inline(fig)
        data, metadata = made if isinstance(made, tuple) else (made, {})
        return None if data is None else (data, {**metadata, "alt": describe(fig)})

    described.describes = True
    printers.for_type(Figure, described)
