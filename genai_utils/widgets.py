"""Thin ipywidgets bindings: the picture is a pure function `draw(**state) -> Figure` that lives in the notebook.

Only what ipywidgets 7 and 8 have in common is used.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Control:
    """What the reader moves: `kind` of ipywidget, start value and further arguments."""

    kind: str
    value: object
    label: str
    options: dict = field(default_factory=dict)

    def build(self):
        import ipywidgets

        common = {
            "description": self.label,
            "style": {"description_width": "11em"},
            "layout": ipywidgets.Layout(width="32em"),
        }
        if self.kind != "Dropdown":
            common["continuous_update"] = False  # one redraw per move, not one per pixel of the way
        return getattr(ipywidgets, self.kind)(value=self.value, **common, **self.options)


def slider(minimum, maximum, value, step=None, label=""):
    """A slider; whole numbers if all arguments are whole.

    Args:
        minimum, maximum, value, step: int or float, minimum <= value <= maximum.
        label: str, with the unit.

    Returns:
        `Control`.

    Raises:
        ValueError: the start value lies outside the range.
    """
    if not minimum <= value <= maximum:
        raise ValueError(f"slider {label!r}: expected {minimum} <= value <= {maximum}, got {value}")
    whole = all(isinstance(v, int) for v in (minimum, maximum, value, step if step is not None else 1))
    step = step if step is not None else (1 if whole else (maximum - minimum) / 50)
    return Control(
        "IntSlider" if whole else "FloatSlider", value, label, {"min": minimum, "max": maximum, "step": step}
    )


def choice(options, value, label=""):
    """A drop-down list.

    Args:
        options: list of values, or dict text -> value.
        value: one of them.
        label: str.

    Returns:
        `Control`.

    Raises:
        ValueError: `value` is not among the options.
    """
    values = list(options.values()) if isinstance(options, dict) else list(options)
    if value not in values:
        raise ValueError(f"choice {label!r}: expected one of {values}, got {value!r}")
    return Control(
        "Dropdown", value, label, {"options": list(options.items()) if isinstance(options, dict) else values}
    )


def explore(draw, **controls):
    """Redraw a figure whenever the reader moves a control.

    Args:
        draw: function of the controls' names that returns a matplotlib Figure; pure, so it can be tested and exported.
        **controls: name -> `slider(...)` or `choice(...)`.

    Returns:
        ipywidgets.VBox: the controls above the figure.

    Raises:
        TypeError: a control is something else, or `draw` does not return a Figure.
    """
    import ipywidgets
    from IPython.display import display
    from matplotlib.figure import Figure

    for name, control in controls.items():
        if not isinstance(control, Control):
            raise TypeError(f"control {name!r}: expected slider(...) or choice(...), got {type(control).__name__}")
    built = {name: control.build() for name, control in controls.items()}

    def show(**state):
        figure = draw(**state)
        if not isinstance(figure, Figure):
            raise TypeError(f"draw: expected a matplotlib Figure, got {type(figure).__name__}")
        display(figure)

    return ipywidgets.VBox([*built.values(), ipywidgets.interactive_output(show, built)])
