"""Figures from arrays. Every function returns a matplotlib Figure that a notebook shows as the last line of a cell."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import PolyCollection

from genai_utils.plots.alt_text import describe, png, register
from genai_utils.plots.diagram import shapes

__all__ = [
    "COLORS",
    "CYCLE",
    "curves",
    "describe",
    "finish",
    "heatmap",
    "image_grid",
    "outline",
    "png",
    "shapes",
    "tile",
    "use_style",
]

# Okabe & Ito's palette, told apart with every common form of colour blindness, and in grey by lightness; and plum.
COLORS = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
    "plum": "#7A0177",
}
# Lines on white: the first six reach the contrast of 3:1 (WCAG 1.4.11). Orange and sky do not, so they come last.
CYCLE = [COLORS[name] for name in ("blue", "vermillion", "green", "purple", "black", "plum", "orange", "sky")]


def use_style():
    """Set the look of the course's figures: colour-blind-safe cycle, light grid, readable sizes, alt text in notebooks.

    Inside IPython every figure's PNG carries metadata {"image/png": {"alt": describe(figure)}}.
    """
    register()
    plt.rcParams.update(
        {
            "axes.prop_cycle": plt.cycler(color=CYCLE),
            "axes.grid": True,
            "grid.alpha": 0.25,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 11,
            "axes.labelsize": 10,
            "font.size": 10,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "figure.dpi": 90,
            "figure.constrained_layout.use": True,
            "image.interpolation": "nearest",
            "image.cmap": "gray",
        }
    )


def finish(fig):
    """Hand a figure over: out of pyplot's list, so that it is shown once, where it is returned."""
    plt.close(fig)
    return fig


def tile(images, cols, pad=1, background=1.0):
    """Lay images side by side on one canvas.

    Args:
        images: float, (n, H, W), (n, H, W, 1) or (n, H, W, 3), in [0, 1].
        cols: int, images in a row.
        pad: int, pixels between images.
        background: float, level of the gaps.

    Returns:
        float array (rows * (H + pad) + pad, cols * (W + pad) + pad, C).

    Raises:
        ValueError: wrong rank, no image, or values outside [0, 1].
    """
    images = np.asarray(images, dtype=np.float32)
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or len(images) == 0:
        raise ValueError(
            f"expected images of shape (n, H, W), (n, H, W, 1) or (n, H, W, 3) with n >= 1, got {images.shape}"
        )
    if not (np.isfinite(images).all() and images.min() >= -1e-6 and images.max() <= 1 + 1e-6):
        raise ValueError(f"expected values in [0, 1], got [{np.min(images):.3g}, {np.max(images):.3g}]")
    n, height, width, channels = images.shape
    rows = -(-n // cols)
    canvas = np.full((rows * (height + pad) + pad, cols * (width + pad) + pad, channels), background, np.float32)
    for i, image in enumerate(images):
        top, left = pad + (i // cols) * (height + pad), pad + (i % cols) * (width + pad)
        canvas[top : top + height, left : left + width] = image
    return np.clip(canvas, 0, 1)


def outline(mask, ax, *, left=0, top=0):
    """Draw a line around each pixel of a mask, in vermillion.

    Args:
        mask: bool, (H, W).
        ax: matplotlib Axes that shows an image.
        left, top: column and row of the image's first pixel on these axes.
    """
    mask = np.asarray(mask)
    if mask.ndim != 2 or mask.dtype != bool:
        raise ValueError(f"expected a mask of booleans (H, W), got {mask.dtype} {mask.shape}")
    corners = np.argwhere(mask)[:, ::-1] + [left - 0.5, top - 0.5]  # (n, 2), x and y
    squares = corners[:, None] + [[0, 0], [1, 0], [1, 1], [0, 1]]  # (n, 4, 2)
    # Each square twice, white below, so that it is seen on any colour; thousands of patches would be slow.
    lines = {"edgecolors": ["white", COLORS["vermillion"]], "linewidths": [2.4, 1.2], "joinstyle": "miter"}
    ax.add_collection(PolyCollection(squares.repeat(2, axis=0), facecolors="none", **lines))


def image_grid(images, cols=10, *, row_labels=None, title=None, scale=0.62, outlines=None):
    """Show images on a regular grid.

    Args:
        images: float, (n, H, W), (n, H, W, 1) or (n, H, W, 3), in [0, 1].
        cols: int, images in a row.
        row_labels: list of str, one for each row, or None.
        title: str or None.
        scale: float, inches for one image.
        outlines: bool, (n, H, W), pixels to draw a line around, or None.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: wrong rank or range, a number of labels that is not the number of rows, or a mask of another shape.
    """
    cols = min(cols, len(images))
    canvas = tile(images, cols)
    rows = -(-len(images) // cols)
    fig, ax = plt.subplots(
        figsize=(cols * scale + (1.4 if row_labels else 0.1), rows * scale + (0.35 if title else 0.1))
    )
    shown = ax.imshow(canvas if canvas.shape[-1] == 3 else canvas[..., 0], vmin=0, vmax=1, cmap="gray")
    shown.set_label(f"{len(images)} images, {rows} rows of {cols}")
    ax.grid(False)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    if outlines is not None:
        if np.shape(outlines) != np.shape(images)[:3]:
            raise ValueError(f"expected outlines of shape {np.shape(images)[:3]}, got {np.shape(outlines)}")
        height, width = np.shape(images)[1:3]
        for i, mask in enumerate(outlines):
            outline(mask, ax, left=1 + (i % cols) * (width + 1), top=1 + (i // cols) * (height + 1))
    if row_labels is not None:
        if len(row_labels) != rows:
            raise ValueError(f"expected {rows} row labels, got {len(row_labels)}")
        step = canvas.shape[0] / rows
        ax.set_yticks([(r + 0.5) * step for r in range(rows)], row_labels)
        ax.tick_params(length=0)
    if title:
        ax.set_title(title)
    return finish(fig)


def curves(series, *, xlabel, ylabel, title=None, levels=None, size=(6.4, 3.2)):
    """Draw named curves, with horizontal reference lines.

    Args:
        series: dict name -> y (n,) or (x, y), each (n,).
        xlabel, ylabel: str, with the unit.
        title: str or None.
        levels: dict name -> float, drawn as dashed horizontal lines (a floor, a baseline), or None.
        size: (width, height) in inches.

    Returns:
        matplotlib Figure.
    """
    fig, ax = plt.subplots(figsize=size)
    for name, values in series.items():
        x, y = values if isinstance(values, tuple) else (np.arange(1, len(values) + 1), values)
        ax.plot(x, y, label=name)
    for i, (name, level) in enumerate((levels or {}).items()):
        ax.axhline(level, linestyle=("--", ":", "-.")[i % 3], color="0.35", linewidth=1.2, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title or "")
    if len(series) + len(levels or {}) > 1:
        ax.legend()
    return finish(fig)


def heatmap(values, *, title=None, label="", marks=(), ax=None, cmap="cividis", vmin=None, vmax=None, size=(3.4, 3.0)):
    """Show a matrix as colours with a scale; rows go down.

    Args:
        values: float, (H, W).
        title: str or None.
        label: str, what the colour means, with its unit.
        marks: list of (row, column), each drawn as a cross.
        ax: matplotlib Axes to draw on, or None for a new figure.

    Returns:
        matplotlib Figure.
    """
    values = np.asarray(values)
    if values.ndim != 2:
        raise ValueError(f"expected a matrix (H, W), got shape {values.shape}")
    own = ax is None
    fig, ax = plt.subplots(figsize=size) if own else (ax.figure, ax)
    image = ax.imshow(values, cmap=cmap, vmin=vmin, vmax=vmax)
    ax.grid(False)
    fig.colorbar(image, ax=ax, label=label, shrink=0.85)
    for row, column in marks:
        ax.plot(column, row, marker="x", color=COLORS["vermillion"], markersize=9, markeredgewidth=2.2)
    ax.set(xlabel="column", ylabel="row", title=title or "")
    return finish(fig) if own else fig
