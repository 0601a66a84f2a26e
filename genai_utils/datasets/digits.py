"""Handwritten digits, 8x8 pixels, 17 grey levels: ships with scikit-learn, so it needs no network."""

from genai_utils.datasets.base import Dataset, Split


def load_digits():
    """Load the 1,797 digits of scikit-learn in the split used in the literature.

    No shuffling: train = first 1,000, val = next 350, test = last 447 (Tomczak, Deep Generative Modeling, 2022),
    so that likelihoods compare with published ones.

    Returns:
        Dataset: x uint8 (n, 8, 8) in 0..16, labels int64 in 0..9.
    """
    from sklearn.datasets import load_digits as sklearn_digits

    bunch = sklearn_digits()
    x, labels = bunch.images.astype("uint8"), bunch.target.astype("int64")  # (1797, 8, 8), (1797,)
    parts = (slice(0, 1000), slice(1000, 1350), slice(1350, None))
    return Dataset(
        "digits",
        *(Split(x[part], labels[part]) for part in parts),
        levels=17,
        source="UCI Optical Recognition of Handwritten Digits (Alpaydin & Kaynak 1998, CC BY 4.0), from scikit-learn",
        label_names=tuple("0123456789"),
    )
