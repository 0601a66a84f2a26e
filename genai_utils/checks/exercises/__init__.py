"""Tables of exercises, a file for each notebook: NOTEBOOK, its name, and EXERCISES, {short name: `engine.Exercise`}."""

import numpy as np


def sign_and_base(right):
    """The slips shared by everything that is a logarithm: a turned sign, and the base 2 or 10."""
    slips = {"the sign is turned around": lambda *a: -right(*a)}
    for base in (2, 10):
        slips[f"this is measured with logarithms to base {base}; nats need the natural logarithm, np.log"] = (
            lambda *a, base=base: right(*a) / np.log(base)
        )
        slips[f"the sign is turned around, and the logarithm has base {base} instead of e"] = lambda *a, base=base: (
            -right(*a) / np.log(base)
        )
    return slips


def plain(*arguments):
    """Keras tensors as float64 arrays."""
    return [np.asarray(a, "float64") for a in arguments]


def of(slip):
    """A slip written for arrays of float64, that takes tensors too."""
    return lambda *arguments: slip(*plain(*arguments))
