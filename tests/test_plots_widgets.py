"""Figures hold what was given; colours can be told apart; widgets redraw the pure function."""

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
def test_first_four_colours_stay_apart_for_colour_blind_readers(kind):
    seen = np.clip([np.array(DEFICIENCY[kind]) @ linear(to_rgb(c)) for c in plots.CYCLE[:4]], 0, 1)
    gaps = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(gaps) > 0.1


def test_a_red_green_pair_would_fail_that_test():
    red, green = (np.clip(np.array(DEFICIENCY["deutan"]) @ linear(to_rgb(c)), 0, 1) for c in ("#d62728", "#7f7f00"))
    assert np.linalg.norm(red - green) < 0.1


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


def draw(shift, kind):
    draw.calls.append((shift, kind))
    fig, ax = plt.subplots()
    ax.plot([0, shift])
    return plots.finish(fig)


def test_explore_redraws_when_a_control_moves():
    draw.calls = []
    box = widgets.explore(
        draw, shift=widgets.slider(0.0, 2.0, 1.0, label="shift"), kind=widgets.choice(["a", "b"], "a", "kind")
    )
    slider, choice, out = box.children
    assert draw.calls == [(1.0, "a")]
    slider.value = 1.5
    choice.value = "b"
    assert draw.calls[1:] == [(1.5, "a"), (1.5, "b")]
    assert slider.continuous_update is False


def test_controls_refuse_values_outside():
    with pytest.raises(ValueError, match="got 5"):
        widgets.slider(0, 2, 5, label="x")
    with pytest.raises(ValueError, match="expected one of"):
        widgets.choice(["a"], "b")
    with pytest.raises(TypeError, match="control 'x'"):
        widgets.explore(draw, x=3)
    assert widgets.slider(0, 5, 1).kind == "IntSlider" and widgets.slider(0, 1, 0.5).options["step"] == 0.02
