"""Networks that one notebook teaches and another uses again. They know arrays, never a data set."""

import keras
from keras import layers

from genai_utils.layers import MaskedConv2D, PixelDense, PositionBias


def residual_block(h, hidden, kernel, activation="relu", dropout=0.0):
    """h + Dense(act(masked convolution of type B(act(h)))): no pixel sees more than itself and earlier ones.

    Args:
        h: float (B, H, W, width), features.
        hidden: int, channels of the masked convolution.
        kernel: odd int or pair of odd ints, its size.
        activation: name of an activation.
        dropout: share in [0, 1) of whole channels that are blanked in training.

    Returns:
        float (B, H, W, width).
    """
    r = layers.Activation(activation)(h)
    r = MaskedConv2D(hidden, kernel, "B", activation=activation)(r)  # (B, H, W, hidden)
    r = layers.SpatialDropout2D(dropout)(r)
    return h + PixelDense(h.shape[-1])(r)  # (B, H, W, width)


def pixelcnn(
    shape, channels, head, *, width=64, blocks=4, hidden=None, first=7, kernel=3,
    activation="relu", dropout=0.0, first_mask="A",
):  # fmt: skip
    """A PixelCNN: from encoded pixels to what `head` makes of features that know earlier pixels only.

        log q(x) = sum over pixels d of  log q(x_d | x_<d)

    Args:
        shape: (H, W), of an image, or of a map of codes; a row of N symbols is (1, N).
        channels: int C, numbers that encode a pixel.
        head: function, float (B, H, W, width) -> float (B, H, W, K), every pixel by itself.
        width: int, channels of the features that the residual blocks add to.
        blocks: int, how many of them.
        hidden: int, channels inside a block; None for `width`.
        first, kernel: odd int or pair of odd ints, sizes of the first masked convolution and of the blocks'.
        activation, dropout: as in `residual_block`.
        first_mask: "A"; "B" shows the pixel that is predicted, a fault to be planted.

    Returns:
        keras.Model, float (B, H, W, C) -> float (B, H, W, K).

    Source: van den Oord et al., Pixel Recurrent Neural Networks (2016), section 3.
    """
    e = keras.Input((*shape, channels))
    h = PositionBias()(MaskedConv2D(width, first, first_mask)(e))  # (B, H, W, width)
    for _ in range(blocks):
        h = residual_block(h, hidden or width, kernel, activation, dropout)
    h = layers.SpatialDropout2D(dropout)(layers.Activation(activation)(h))
    return keras.Model(e, head(h))
