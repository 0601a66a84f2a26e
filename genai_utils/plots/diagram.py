"""A network as a row of blocks: what shape goes in, what each step makes of it, how many weights that takes."""

import math

import matplotlib.pyplot as plt

QUIET = ("InputLayer", "GetItem", "Cast")  # steps that a reader need not see
PLAIN = {"Add": "+ skip", "OneHot": "one-hot"}  # names of operations, in words


def steps_of(model):
    """The layers and operations of a model in order, those of models inside it included."""
    for step in getattr(model, "operations", None) or model.layers:
        if hasattr(step, "layers"):
            yield from steps_of(step)
        else:
            yield step


def stages(model):
    """[(names of layers, output shape without the batch, weights)]: steps without weights of their own join the last.

    Raises:
        ValueError: the model is not built, so its shapes are not known.
    """
    try:
        first = tuple(model.inputs[0].shape[1:])
    except (AttributeError, TypeError, IndexError):
        raise ValueError("expected a built Keras model (Sequential with an Input, or functional)") from None
    found = [(["input"], first, 0)]
    for step in steps_of(model):
        name, shape = type(step).__name__, tuple(step.output.shape[1:])
        if name in QUIET:
            continue
        name, weights = PLAIN.get(name, name), step.count_params() if hasattr(step, "count_params") else 0
        names, last, before = found[-1]
        if (weights == 0 or "Normalization" in name) and shape == last and len(found) > 1:
            found[-1] = (names if name in names else [*names, name], last, before + weights)
        else:
            found.append(([name], shape, weights))
    return found


def shapes(model, *, title=None, cols=7):
    """Draw a network as blocks: height for the side of an image, width for its channels, on scales of their own.

    Args:
        model: Keras model, built.
        title: str or None.
        cols: int, blocks in a row of the figure.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: the model is not built.
    """
    blocks = stages(model)
    rows = -(-len(blocks) // cols)
    side = max([shape[0] for _, shape, _ in blocks if len(shape) > 1], default=1)
    fig, axes = plt.subplots(rows, 1, figsize=(1.5 * min(cols, len(blocks)), 2.1 * rows), squeeze=False)
    for r, ax in enumerate(axes[:, 0]):
        part = blocks[r * cols : (r + 1) * cols]
        for i, (names, shape, weights) in enumerate(part):
            height = 0.2 + 0.6 * (shape[0] / side if len(shape) > 1 else 0.5)
            width = min(0.12 + 0.05 * math.log2(max(shape[-1] if shape else 1, 1)), 0.75)
            corner = (i - width / 2, 0.5 - height / 2)
            ax.add_patch(plt.Rectangle(corner, width, height, facecolor="#56B4E9", edgecolor="0.3", alpha=0.6))
            size = " × ".join(map(str, shape)) or "1"
            ax.text(i, 1.0, size, ha="center", va="bottom", fontsize=9)
            label = "\n".join(names[:4]) + (f"\n{weights:,} weights" if weights else "")
            ax.text(i, 0.0, label, ha="center", va="top", fontsize=7.5)
            if i + 1 < len(part) or r + 1 < rows:
                ax.annotate("", (i + 0.58, 0.5), (i + 0.42, 0.5), arrowprops={"arrowstyle": "->", "color": "0.35"})
        ax.set(xlim=(-0.6, min(cols, len(blocks)) - 0.4), ylim=(-0.75, 1.2))
        ax.axis("off")
    fig.suptitle(title or f"{model.count_params():,} weights", fontsize=10)
    plt.close(fig)
    return fig
