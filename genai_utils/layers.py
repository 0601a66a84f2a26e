"""Keras layers that more than one notebook uses. They know arrays, never a data set."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="genai_utils")
class MaskedConv2D(keras.layers.Conv2D):
    """Convolution whose output at a pixel depends only on pixels that come before it in raster-scan order.

        y[i, j] = b + sum over (r, c) of  (W * mask)[r, c] . x[i + r - kh // 2, j + c - kw // 2],   x = 0 outside

    Rows below the current pixel would always be multiplied by zero, so they are neither stored nor computed:
    the kernel has shape (kh // 2 + 1, kw, in, filters), and only its last row needs a mask. With the current pixel at
    (i, j) = (kh // 2, kw // 2),

        mask[r, c] = 1  if r < i, or r = i and c < j, or (r, c) = (i, j) and mask_type is "B",   else 0.

    All channels of one pixel are masked together: no channel of the current pixel is seen with mask "A", every one
    with mask "B". (The split of mask types by colour channel in the paper is not made; an image with several
    channels is then a sequence of pixels, and the channels of a pixel are conditionally independent or need a head
    of their own.)

    Args:
        filters: int, channels of the output.
        kernel_size: odd int or pair of odd ints (kh, kw), the size of the kernel before masking.
        mask_type: "A" for the first layer, which must not see the pixel it predicts; "B" for all later ones.
        dilation_rate: int or pair of ints, distance between the taps.
        **kwargs: every other argument of `keras.layers.Conv2D` except `strides` (always 1), `padding` (always
            "same": output and input have the same height and width) and `data_format` (always channels last).

    Call: x float (B, H, W, C) -> float (B, H, W, filters).

    Raises:
        ValueError: an even kernel size, another mask type, a stride, a padding or a data format that is not possible.

    Source: van den Oord et al., Pixel Recurrent Neural Networks (2016), section 3.4 and figure 2.
    """

    def __init__(self, filters, kernel_size, mask_type="B", *, dilation_rate=1, **kwargs):
        if kwargs.setdefault("padding", "same") != "same":
            raise ValueError(f'padding: expected "same" (every pixel gets a prediction), got {kwargs["padding"]!r}')
        if kwargs.setdefault("data_format", "channels_last") != "channels_last":
            raise ValueError(f'data_format: expected "channels_last", got {kwargs["data_format"]!r}')
        super().__init__(filters, kernel_size, dilation_rate=dilation_rate, **kwargs)
        if self.strides != (1, 1):
            raise ValueError(f"strides: expected 1 (every pixel gets a prediction), got {self.strides}")
        self.mask_type = mask_type
        self.mask = self._causal_mask()  # (kh // 2 + 1, kw, 1, 1)

    def _causal_mask(self):
        if self.mask_type not in ("A", "B"):
            raise ValueError(
                f'mask_type: expected "A" (hides the current pixel) or "B" (shows it), got {self.mask_type!r}'
            )
        kh, kw = self.kernel_size
        if kh % 2 == 0 or kw % 2 == 0:
            raise ValueError(f"kernel_size: expected odd numbers, so that there is a middle pixel, got {(kh, kw)}")
        mask = np.ones((kh // 2 + 1, kw, 1, 1), "float32")
        mask[-1, kw // 2 + (self.mask_type == "B") :] = 0.0
        return mask

    def build(self, input_shape):
        whole = self.kernel_size
        self.kernel_size = self.mask.shape[:2]  # so that Conv2D creates, and initialises for, the causal rows alone
        super().build(input_shape)
        self.kernel_size = whole

    def margin(self):
        """How many rows above, and how many columns to each side, the kernel sees: two int."""
        (kh, kw), (dh, dw) = self.kernel_size, self.dilation_rate
        return kh // 2 * dh, kw // 2 * dw

    def convolution_op(self, inputs, kernel):
        above, side = self.margin()
        inputs = ops.pad(inputs, ((0, 0), (above, 0), (side, side), (0, 0)))  # (B, above + H, side + W + side, C)
        kernel = kernel * ops.cast(self.mask, kernel.dtype)
        return ops.conv(inputs, kernel, padding="valid", dilation_rate=self.dilation_rate)  # (B, H, W, filters)

    def at_pixel(self, taps):
        """What `call` returns at one pixel.

        Args:
            taps: float (B, kh // 2 + 1, kw, C), the input at that pixel's taps; 0 outside of the image.

        Returns:
            float (B, 1, 1, filters).
        """
        y = ops.einsum("brci,rcio->bo", taps, self.kernel * self.mask)[:, None, None]
        return self.activation(y if self.bias is None else y + self.bias)

    def get_config(self):
        return {**super().get_config(), "mask_type": self.mask_type}


@keras.saving.register_keras_serializable(package="genai_utils")
class PositionBias(keras.layers.Layer):
    """Add a learned number for each position and channel, so that equal surroundings need not mean the same.

        y = x + b

    Call: x float (B, H, W, C), or (B, H, C) -> float of the same shape.
    """

    def build(self, input_shape):
        self.bias = self.add_weight(shape=input_shape[1:], initializer="zeros", name="bias")

    def call(self, x):
        return x + self.bias


@keras.saving.register_keras_serializable(package="genai_utils")
class PixelDense(keras.layers.Dense):
    """`Dense` on every pixel alone; a single row of pixels goes through as a sequence, and comes back as a row.

        y[i, j] = act(x[i, j] W + b)

    The same numbers as `Dense`, whose gradient ends the process on TensorFlow 2.20 for inputs (B, 1, W, C).

    Call: x float (B, H, W, C) -> float (B, H, W, units).
    """

    def call(self, x, training=None):
        if x.shape[1] != 1:
            return super().call(x, training=training)
        return ops.expand_dims(super().call(ops.squeeze(x, 1), training=training), 1)
