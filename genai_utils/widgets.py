"""Thin ipywidgets bindings: the picture is a pure function `draw(**state) -> Figure` that lives in the notebook.

Only what ipywidgets 7 and 8 have in common is used.
"""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Control:
    """What the reader moves: `kind` of ipywidget, start value and further arguments."""

    kind: str
    value: object
    label: str
    options: dict = field(default_factory=dict)
    interval: int | None = None  # milliseconds a step, of a player

    def build(self):
        import ipywidgets

        common = {
            "description": self.label,
            "style": {"description_width": "13em"},
            "layout": ipywidgets.Layout(width="32em", max_width="100%"),  # fits a page zoomed to 200 %
        }
        if self.kind != "Dropdown":
            common["continuous_update"] = False  # one redraw per move, not one per pixel of the way
        return getattr(ipywidgets, self.kind)(value=self.value, **common, **self.options)

    def shown(self):
        """The start value as the reader sees it: a drop-down list may show a text for a value."""
        pairs = (option for option in self.options.get("options", ()) if isinstance(option, tuple))
        return next((text for text, value in pairs if value == self.value), self.value)


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


def player(minimum, maximum, value, label="", interval=700):
    """A slider of whole numbers with buttons before it: play, pause, stop. It moves only once the reader says so.

    Args:
        minimum, maximum, value: int, minimum <= value <= maximum.
        label: str, with the unit.
        interval: int, milliseconds from one picture to the next.

    Returns:
        `Control`.

    Raises:
        ValueError: the start value lies outside the range.
    """
    return replace(slider(minimum, maximum, value, label=label), interval=interval)


def _with_buttons(control, widget):
    """The widget; that of a player behind its buttons, which move it."""
    if control.interval is None:
        return widget
    import ipywidgets

    play = ipywidgets.Play(value=widget.value, min=widget.min, max=widget.max, interval=control.interval)
    ipywidgets.jslink((play, "value"), (widget, "value"))
    return ipywidgets.HBox([play, widget], layout=ipywidgets.Layout(flex_flow="row wrap"))


class Explorer:
    """Controls above a figure; where no kernel runs, the figure in its starting state.

    Attributes:
        box: ipywidgets.VBox with the controls and the live figure.
        controls: dict name -> ipywidget.
        figure: matplotlib Figure of the starting state.
    """

    def __init__(self, box, controls, figure, text):
        self.box, self.controls, self.figure, self.text = box, controls, figure, text

    def __repr__(self):
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None):
        """One output with three views; a front end shows the richest one that it can."""
        from genai_utils import plots

        data, metadata = {"text/plain": self.text}, {}
        picture = plots.png(self.figure)
        if picture is not None:
            data["image/png"], metadata["image/png"] = picture
        if self.box.model_id is not None:  # ipywidgets 7 has none outside a kernel
            view = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
            data["application/vnd.jupyter.widget-view+json"] = view
        return data, metadata


def explore(draw, **controls):
    """Redraw a figure whenever the reader moves a control.

    Args:
        draw: function of the controls' names that returns a matplotlib Figure; pure, so it can be tested and exported.
        **controls: name -> `slider(...)`, `choice(...)` or `player(...)`.

    Returns:
        `Explorer`: the controls above the figure; a page without a kernel shows the starting figure instead.

    Raises:
        TypeError: a control is something else, or `draw` does not return a Figure.
    """
    import ipywidgets
    from IPython.display import display
    from matplotlib.figure import Figure

    for name, control in controls.items():
        if not isinstance(control, Control):
            raise TypeError(f"control {name!r}: expected slider(...) or choice(...), got {type(control).__name__}")

    def checked(**state):
        figure = draw(**state)
        if not isinstance(figure, Figure):
            raise TypeError(f"draw: expected a matplotlib Figure, got {type(figure).__name__}")
        return figure

    built = {name: control.build() for name, control in controls.items()}
    # Drawn here, not below: an Output widget would print an error of `draw` and let the cell succeed.
    start = checked(**{name: widget.value for name, widget in built.items()})
    waiting = [start]  # the live figure's first state is the same picture; `draw` is not asked twice

    def show(**state):
        display(waiting.pop() if waiting else checked(**state))

    rows = [_with_buttons(controls[name], widget) for name, widget in built.items()]
    box = ipywidgets.VBox([*rows, ipywidgets.interactive_output(show, built)])
    state = ", ".join(f"{control.label or name} = {control.shown()}" for name, control in controls.items())
    return Explorer(box, built, start, f"{state} (move the controls in a running notebook)")
