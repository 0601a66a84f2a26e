"""Figures hold what was given and say it in words; colours can be told apart; widgets redraw the pure function."""

import base64
import json
import os
import random
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from genai_utils import plots, widgets

# Machado, Oliveira & Fernandes 2009, severity 1.0: linear-RGB matrices that simulate colour-blind vision.
DEFICIENCY = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(rgb):
    rgb = np.asarray(rgb)
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("kind", DEFICIENCY)
def test_first_six_colours_stay_apart_for_colour_blind_readers(kind):
    seen = np.clip([np.array(DEFICIENCY[kind]) @ linear(to_rgb(c)) for c in plots.CYCLE[:6]], 0, 1)
    gaps = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(gaps) > 0.1


def test_a_red_green_pair_would_fail_that_test():
    red, green = (np.clip(np.array(DEFICIENCY["deutan"]) @ linear(to_rgb(c)), 0, 1) for c in ("#d62728", "#7f7f00"))
    assert np.linalg.norm(red - green) < 0.1


def contrast_with_white(color):
    """WCAG 2.2: (L1 + 0.05) / (L2 + 0.05) with relative luminance L."""
    return 1.05 / (linear(to_rgb(color)) @ [0.2126, 0.7152, 0.0722] + 0.05)


def test_lines_can_be_seen_on_white():
    assert contrast_with_white("#767676") == pytest.approx(4.54, abs=0.01)  # the grey known to just pass 4.5:1
    assert min(map(contrast_with_white, plots.CYCLE[:6])) >= 3
    assert contrast_with_white(plots.COLORS["orange"]) < 3  # a palette with it among the six would fail


def test_tile_puts_every_image_in_its_place():
    images = np.linspace(0, 1, 5)[:, None, None] * np.ones((5, 2, 3))
    canvas = plots.tile(images, cols=2)
    assert canvas.shape == (3 * 3 + 1, 2 * 4 + 1, 1)
    for i in range(5):
        top, left = 1 + (i // 2) * 3, 1 + (i % 2) * 4
        np.testing.assert_allclose(canvas[top : top + 2, left : left + 3, 0], images[i], atol=1e-6)


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((0, 8, 8)),
        np.zeros((8, 8)),
        np.zeros((2, 8, 8, 2)),
        np.full((1, 8, 8), 255.0),
        np.full((1, 8, 8), -0.5),
        np.full((1, 8, 8), np.nan),
    ],
)
def test_tile_refuses_what_is_not_an_image_batch(bad):
    with pytest.raises(ValueError, match="expected"):
        plots.tile(bad, 4)


def test_figures_are_returned_closed_so_that_they_show_once():
    for fig in (
        plots.image_grid(np.zeros((3, 8, 8, 1)), row_labels=["a"]),
        plots.heatmap(np.eye(3), marks=[(1, 1)]),
        plots.curves({"a": [3, 2, 1], "b": ([0, 1], [1, 2])}, xlabel="epoch", ylabel="nats", levels={"floor": 1}),
    ):
        assert isinstance(fig, Figure)
    assert plt.get_fignums() == []
    with pytest.raises(ValueError, match="expected 1 row labels, got 2"):
        plots.image_grid(np.zeros((3, 8, 8)), row_labels=["a", "b"])
    with pytest.raises(ValueError, match="expected a matrix"):
        plots.heatmap(np.zeros(3))
    plt.close("all")


def test_a_figure_is_described_by_what_it_holds():
    fig = plots.curves({"a": [3, 2], "b": [2, 1]}, xlabel="epoch", ylabel="loss (nats)", levels={"floor": 1})
    assert plots.describe(fig) == "plot, x: epoch, y: loss (nats), legend a, b, floor."
    fig = plots.heatmap(np.eye(3), title="$-\\log\\, p$\nof x", label="nats")
    assert plots.describe(fig) == "image, -log p of x, x: column, y: row; colour: nats."
    fig = plots.image_grid(np.zeros((4, 8, 8)), 2, row_labels=["real", "fake"], title="digits")
    assert plots.describe(fig) == "4 images, 2 rows of 2, digits, along y real, fake."
    fig, axes = plt.subplots(2, 3)
    for ax in axes.flat[:5]:
        ax.imshow(np.eye(2))
    axes.flat[5].plot([1, 2], label="q")
    fig.suptitle(r"$\mathrm{KL}(p\,\|\,q)$")
    fig.legend()
    assert plots.describe(plots.finish(fig)) == "KL(p|q); 6 panels; 5 times image; plot; legend q."
    fig.set_label("The author's own\nwords.")
    assert plots.describe(fig) == "The author's own words."


IN_A_NOTEBOOK = """
import json
import matplotlib.pyplot as plt
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
from genai_utils import plots, widgets
def draw(x=1):
    fig, ax = plt.subplots()
    ax.plot([0, x], label="line"), ax.set(title="A title", facecolor="0.9"), ax.legend()
    return plots.finish(fig)
seen = []
plots.use_style(), seen.append(shell.display_formatter.format(draw()))
plots.use_style(), seen.append(shell.display_formatter.format(draw()))
import matplotlib_inline.backend_inline as inline
inline.set_matplotlib_formats("png")  # the backend registers its own printer again
seen.append(shell.display_formatter.format(draw()))
seen.append(shell.display_formatter.format(widgets.explore(draw, x=widgets.slider(0, 2, 1, label="end"))))
try:
    widgets.explore(lambda x: 1 / 0, x=widgets.slider(0, 2, 1))
except ZeroDivisionError:
    print(json.dumps(seen))
"""


def test_notebooks_show_the_plain_picture_with_alt_text_and_a_widget_s_error_stops_the_cell(tmp_path):
    env = os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "IPYTHONDIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", IN_A_NOTEBOOK], env=env, capture_output=True, text=True)
    assert run.returncode == 0 and run.stdout, run.stderr
    (once, alt), (twice, alt_again), (untouched, nothing), (widget, alt_of_widget) = json.loads(
        run.stdout.splitlines()[-1]
    )
    expected = {"image/png": {"alt": "plot, A title, legend line."}}
    assert once["image/png"] == twice["image/png"] == untouched["image/png"] == widget["image/png"]
    assert alt == alt_again == alt_of_widget == expected and nothing == {}
    assert widget["application/vnd.jupyter.widget-view+json"].keys() == {"version_major", "version_minor", "model_id"}
    assert widget["text/plain"] == "end = 1 (move the controls in a running notebook)"


def draw(shift, kind):
    draw.calls.append((shift, kind, random.random()))
    fig, ax = plt.subplots()
    ax.plot([0, shift])
    ax.set_title(f"shift {shift}")
    return plots.finish(fig)


def test_explore_redraws_when_a_control_moves():
    draw.calls = []
    random.seed(0)
    seen = widgets.explore(
        draw, shift=widgets.slider(0.0, 2.0, 1.0, label="shift"), kind=widgets.choice({"A": 1, "B": 2}, 1, "kind")
    )
    assert [call[:2] for call in draw.calls] == [(1.0, 1)]
    seen.controls["shift"].value = 1.5
    seen.controls["kind"].value = 2
    assert [call[:2] for call in draw.calls[1:]] == [(1.5, 1), (1.5, 2)]
    random.seed(0)
    assert [call[2] for call in draw.calls] == [random.random() for _ in range(3)]
    assert seen.box.children[:2] == tuple(seen.controls.values())
    for control in seen.controls.values():  # one redraw a move; no wider than a page zoomed to 200 %
        assert getattr(control, "continuous_update", False) is False
        assert (control.layout.width, control.layout.max_width) == ("32em", "100%")


def test_a_player_has_buttons_that_move_its_slider_and_waits_for_the_reader():
    draw.calls = []
    seen = widgets.explore(
        draw, shift=widgets.player(1, 9, 2, "t", interval=500), kind=widgets.choice([1, 2], 1, "kind")
    )
    play, slider = seen.box.children[0].children
    assert slider is seen.controls["shift"] and type(play).__name__ == "Play"
    assert (play.min, play.max, play.value, play.interval) == (1, 9, 2, 500)
    assert not getattr(play, "playing", getattr(play, "_playing", False))
    slider.value = 3
    assert [call[0] for call in draw.calls] == [2, 3]
    with pytest.raises(ValueError, match="got 10"):
        widgets.player(1, 9, 10)


def test_without_a_kernel_a_widget_is_its_starting_picture():
    draw.calls = []
    seen = widgets.explore(draw, shift=widgets.slider(0.0, 2.0, 1.0), kind=widgets.choice({"A": 1, "B": 2}, 2, "kind"))
    seen.controls["shift"].value = 2.0
    data, metadata = seen._repr_mimebundle_()
    assert data["text/plain"] == "shift = 1.0, kind = B (move the controls in a running notebook)"
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata == {"image/png": {"alt": "plot, shift 1.0."}}
    assert len(draw.calls) == 2  # showing it draws nothing anew


def test_controls_refuse_values_outside():
    with pytest.raises(ValueError, match="got 5"):
        widgets.slider(0, 2, 5, label="x")
    with pytest.raises(ValueError, match="expected one of"):
        widgets.choice(["a"], "b")
    with pytest.raises(TypeError, match="control 'x'"):
        widgets.explore(draw, x=3)
    with pytest.raises(TypeError, match="expected a matplotlib Figure, got int"):
        widgets.explore(lambda x: 3, x=widgets.slider(0, 2, 1))
    assert widgets.slider(0, 5, 1).kind == "IntSlider" and widgets.slider(0, 1, 0.5).options["step"] == 0.02


def test_outlines_surround_the_pixels_of_the_mask_and_no_others():
    mask = np.zeros((3, 4, 4), bool)
    mask[1, 0, 2] = mask[2, 3, 0] = True  # in the second column of the first row, and below
    fig = plots.image_grid(np.zeros((3, 4, 4)), 2, outlines=mask)
    paths = [path for drawn in fig.axes[0].collections for path in drawn.get_paths()]
    corners = sorted({tuple(map(float, path.vertices.min(0))) for path in paths})
    assert len(paths) == 4 and all((np.ptp(path.vertices, axis=0) == 1).all() for path in paths)
    assert corners == [(0.5, 8.5), (7.5, 0.5)]  # 1 + 5 columns of the first image, then column 2; half a pixel off
    with pytest.raises(ValueError, match="expected outlines of shape"):
        plots.image_grid(np.zeros((3, 4, 4)), 2, outlines=mask[:2])
    with pytest.raises(ValueError, match="mask of booleans"):
        plots.outline(np.zeros((4, 4)), fig.axes[0])


def test_a_diagram_says_the_shapes_and_weights_that_keras_says():
    import keras

    from genai_utils.plots.diagram import stages

    layers = keras.layers
    x = keras.Input((8, 8, 1))
    h = layers.Activation("relu")(layers.Conv2D(4, 3, padding="same")(x))
    h = h + layers.Conv2D(4, 1)(h)
    inner = keras.Sequential([keras.Input((8, 8, 4)), layers.Flatten(), layers.Dense(3), layers.BatchNormalization()])
    model = keras.Model(x, inner(h))
    found = stages(model)
    assert [shape for _, shape, _ in found] == [(8, 8, 1), (8, 8, 4), (8, 8, 4), (256,), (3,)]
    assert found[2][0] == ["Conv2D", "+ skip"] and found[1][0] == ["Conv2D", "Activation"]
    assert sum(weights for *_, weights in found) == model.count_params()
    words = [text.get_text() for text in plots.shapes(model).axes[0].texts]
    assert "8 × 8 × 4" in words and any("Flatten" in word for word in words)
    with pytest.raises(ValueError, match="built Keras model"):
        plots.shapes(keras.Sequential([layers.Dense(3)]))
