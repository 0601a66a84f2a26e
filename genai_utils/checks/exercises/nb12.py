"""Exercises of notebook 12: straight-through quantisation that trains, the entropies of a code, digits of a number."""

import numpy as np

from genai_utils.checks.engine import Exercise

NOTEBOOK = "12_vqvae"
rng = np.random.default_rng(12)


def ops():
    from keras import ops  # here, so that the package loads without a framework

    return ops


def squared(h, book):
    """|h_n - e_nk|^2, (B, N, K)."""
    return ops().sum((h[:, :, None] - book) ** 2, axis=-1)


def chosen(score, book):
    """The vectors whose score is lowest, (B, N, d)."""
    return ops().einsum("bnk,nkd->bnd", ops().one_hot(ops().argmin(score, axis=-1), book.shape[1]), book)


def quantize(h, book):
    """Value of the nearest vector, gradient of h, (B, N, d)."""
    return h + ops().stop_gradient(chosen(squared(h, book), book) - h)


def entropies(p, z):
    """H(Z) and H(X | Z), nats."""
    return of_codes(p, names(z))


def names(z):
    """One number for each different row of z, (n,)."""
    return np.unique(z, axis=0, return_inverse=True)[1].reshape(-1)


def entropy(p):
    p = p[p > 0]
    return -np.sum(p * np.log(p))


def of_codes(p, name):
    h_z = entropy(np.bincount(name, p))
    return h_z, entropy(p) - h_z


def code_number(digits, levels):
    """d_1 + L_1 (d_2 + L_2 (d_3 + ...)), (n,)."""
    return digits @ steps(levels)


def steps(levels):
    return np.concatenate([[1], np.cumprod(levels)[:-1]]).astype(int)


def outputs(*shape):
    """An encoder's output (B, N, d) and a book (N, K, d), float32."""
    B, N, K, d = shape
    return rng.normal(size=(B, N, d)).astype("float32"), rng.normal(size=(N, K, d)).astype("float32")


def coded(n, N, K):
    """Probabilities of n images, and their codes (n, N); some share one."""
    z = rng.integers(K, size=(n, N))
    z[n // 2 :] = z[: n - n // 2]
    return rng.dirichlet(np.ones(n)), z


def in_levels(n, *levels):
    return rng.integers(levels, size=(n, len(levels))), np.array(levels)


EXERCISES = {
    "quantize": Exercise(
        quantize,
        cases=[outputs(5, 3, 4, 2), outputs(1, 1, 3, 4), outputs(3, 4, 2, 1), outputs(4, 2, 6, 3)],
        returns="one vector for each image and place",
        otherwise="not the nearest vectors of the book; test yourself: an h that equals a vector of its place's book "
        "comes back as it is",
        laws={
            "every vector that is returned must stand in the book of its place": (
                lambda value, h, book: np.abs(value[:, :, None] - book).max(-1).min(-1).max() < 1e-3
            )
        },
        trains=True,
        slope="the values are right, but not the gradient: with respect to `h` it must be that of the identity, and "
        "none may reach `book`; start from h, and stop the gradient of what is added",
        slips={
            "this is h itself: nothing was quantised": lambda h, book: h,
            "these are the farthest vectors, not the nearest": lambda h, book: chosen(-squared(h, book), book),
            "distances are added up as absolute values; nearest means the smallest sum of squares": (
                lambda h, book: chosen(ops().sum(ops().abs(h[:, :, None] - book), axis=-1), book)
            ),
            "this compares coordinate sums: square the differences before you add them up": (
                lambda h, book: chosen(ops().sum(h[:, :, None] - book, axis=-1) ** 2, book)
            ),
            "this is the vector with the largest inner product; a long vector wins although it is far away": (
                lambda h, book: chosen(-ops().einsum("bnd,nkd->bnk", h, book), book)
            ),
            "all places use the first place's book; each has its own": (
                lambda h, book: chosen(squared(h, book[:1]), np.repeat(book[:1], len(book), axis=0))
            ),
            "this is the difference e - h; add h again, outside of stop_gradient": (
                lambda h, book: chosen(squared(h, book), book) - h
            ),
            "the difference has the wrong sign: h + (h - e) lies on the other side of h": (
                lambda h, book: 2 * h - chosen(squared(h, book), book)
            ),
            "h is counted twice: h + e is returned": lambda h, book: h + chosen(squared(h, book), book),
            "this is the numbers of the nearest vectors, not the vectors": (
                lambda h, book: ops().argmin(squared(h, book), axis=-1)
            ),
        },
    ),
    "entropies": Exercise(
        entropies,
        cases=[
            coded(6, 2, 3),
            coded(9, 1, 4),
            coded(7, 3, 2),
            (np.array([0.5, 0.25, 0.125, 0.125]), np.array([[0, 1], [1, 0], [1, 0], [1, 1]])),
            (np.array([0.4, 0.3, 0.2, 0.1]), np.array([[0, 2], [1, 1], [2, 0], [1, 1]])),
            (np.array([0.3, 0.7, 0.0]), np.array([[2], [2], [1]])),
        ],
        returns="two numbers, in nats",
        otherwise="the two entropies differ; test yourself: they add up to H(X), and H(X|Z) is 0 if no two images "
        "share a code",
        laws={
            "the two must add up to the entropy of p": lambda value, p, z: abs(value.sum() - entropy(p)) < 1e-3,
        },
        slips={
            "every image is taken for a code of its own; images that share a code must be added up first": (
                lambda p, z: (entropy(p), 0.0)
            ),
            "this adds the entropies of the places; they would have to be independent": (
                lambda p, z: (h := sum(entropy(np.bincount(c, p)) for c in z.T), entropy(p) - h)
            ),
            "codes with the same symbols in another order are one code here; the order counts": (
                lambda p, z: of_codes(p, names(np.sort(z, axis=1)))
            ),
            "the sum of the symbols does not name a code: different codes share a sum": (
                lambda p, z: of_codes(p, z.sum(1))
            ),
            "codes are counted, not weighted: each image has its own probability p": (
                lambda p, z: (h := entropy(np.bincount(names(z)) / len(z)), entropy(p) - h)
            ),
            "all codes are taken for equally likely: this is log of their number": (
                lambda p, z: (h := np.log(names(z).max() + 1), entropy(p) - h)
            ),
            "the second number is H(X), not what Z leaves open of it": lambda p, z: (entropies(p, z)[0], entropy(p)),
            "the two numbers are exchanged": lambda p, z: entropies(p, z)[::-1],
            "these are bits; use the natural logarithm": lambda p, z: np.array(entropies(p, z)) / np.log(2),
            "0 log 0 is taken for NaN: leave out what has probability 0, or use np.where": (
                lambda p, z: (entropies(p, z)[0], -np.sum(p * np.log(p)) - entropies(p, z)[0])
            ),
        },
    ),
    "code_number": Exercise(
        code_number,
        cases=[
            in_levels(6, 3, 3),
            in_levels(5, 8, 5, 2),
            in_levels(4, 2, 3, 4, 5),
            in_levels(1, 7),
            in_levels(9, 2, 5),
        ],
        returns="one number for each row of digits",
        otherwise="not the number whose first digit counts ones; test yourself on the digits (0, 1): that is L_1",
        laws={
            "rows of digits and numbers must match one to one, so a number lies below the product of the levels": (
                lambda value, digits, levels: (value >= 0).all() and (value < np.prod(levels)).all()
            )
        },
        slips={
            "the digits are added up: different digits get the same number": lambda d, levels: d.sum(1),
            "the last digit counts ones here; the task wants the first to": (
                lambda d, levels: d[:, ::-1] @ steps(levels[::-1])
            ),
            "all digits count in steps of one and the same base; each has its own number of levels": (
                lambda d, levels: d @ levels[0] ** np.arange(len(levels)),
                lambda d, levels: d @ levels.max() ** np.arange(len(levels)),
            ),
            "every step is one digit late: a digit counts in steps of the product of the levels before it": (
                lambda d, levels: d @ np.cumprod(levels)
            ),
            "a digit counts in steps of its own levels; take the product of the levels before it": (
                lambda d, levels: d @ levels
            ),
            "digits are multiplied with each other: one 0 hides the others": lambda d, levels: d.prod(1),
        },
    ),
}
