"""Convolution and pooling along one axis: a sequence (N, C, L) or (C, L) is an image of height 1."""

from collections.abc import Callable
from typing import Any

from .... import functional as F
from ....errors import ShapeError
from ....nn import Conv2d, ConvTranspose2d
from ....nn.layer import Layer
from ....nn.module import Parameter
from ....nn.pool import _Pool
from ....tensor import Tensor
from .images import adaptive_max_pool2d

One = int | tuple[int]


def _as_image(name: str, function: Callable[..., Tensor], input: Tensor, *arguments: Any) -> Tensor:
    """A function of images, applied to a sequence."""
    if len(getattr(input, "shape", ())) not in (2, 3):
        raise ShapeError(f"{name}: expected a sequence (N, C, L) or (C, L), got {getattr(input, 'shape', input)}")
    try:
        return function(input.unsqueeze(-2), *arguments).squeeze(-2)
    except ShapeError as error:
        raise ShapeError(f"{name}: the input {input.shape} as an image of height 1: {error}") from error


def _pair(value: Any, height: int) -> Any:
    """A setting along the axis as (height, width); words and None stay as they are."""
    if value is None or isinstance(value, str):
        return value
    return height, (value[0] if isinstance(value, (tuple, list)) else value)


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: One = 1,
    padding: One | str = 0,
    dilation: One = 1,
    groups: int = 1,
) -> Tensor:
    """conv2d along one axis: input (N, C, L) or (C, L), weight (O, C / groups, k), bias (O,)."""
    settings = _pair(stride, 1), _pair(padding, 0), _pair(dilation, 1), groups
    return _as_image("conv1d", F.conv2d, input, weight.unsqueeze(-2), bias, *settings)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: One = 1,
    padding: One = 0,
    output_padding: One = 0,
    groups: int = 1,
    dilation: One = 1,
) -> Tensor:
    """conv_transpose2d along one axis: input (N, C, L) or (C, L), weight (C, O / groups, k), bias (O,)."""
    settings = _pair(stride, 1), _pair(padding, 0), _pair(output_padding, 0), groups, _pair(dilation, 1)
    return _as_image("conv_transpose1d", F.conv_transpose2d, input, weight.unsqueeze(-2), bias, *settings)


def max_pool1d(
    input: Tensor,
    kernel_size: One,
    stride: One | None = None,
    padding: One = 0,
    dilation: One = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """max_pool2d along one axis."""
    windows = _pair(kernel_size, 1), _pair(stride, 1), _pair(padding, 0), _pair(dilation, 1)
    return _as_image("max_pool1d", F.max_pool2d, input, *windows, ceil_mode, return_indices)


def avg_pool1d(
    input: Tensor,
    kernel_size: One,
    stride: One | None = None,
    padding: One = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """avg_pool2d along one axis."""
    windows = _pair(kernel_size, 1), _pair(stride, 1), _pair(padding, 0)
    return _as_image("avg_pool1d", F.avg_pool2d, input, *windows, ceil_mode, count_include_pad)


def adaptive_avg_pool1d(input: Tensor, output_size: One) -> Tensor:
    """adaptive_avg_pool2d along one axis."""
    return _as_image("adaptive_avg_pool1d", F.adaptive_avg_pool2d, input, _pair(output_size, 1))


def adaptive_max_pool1d(input: Tensor, output_size: One, return_indices: bool = False) -> Tensor:
    """adaptive_max_pool2d along one axis."""
    return _as_image("adaptive_max_pool1d", adaptive_max_pool2d, input, _pair(output_size, 1), return_indices)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero whole channels of sequences (N, C, L) or (C, L); see dropout2d."""
    batch = input if input.ndim == 3 else input.unsqueeze(0)
    y = _as_image("dropout1d", lambda x: F.dropout2d(x, p, training), batch)
    return y if input.ndim == 3 else y.squeeze(0)


class _Sequences:
    """What Conv1d and ConvTranspose1d change in the layer for images that they inherit from."""

    def _narrow(self: Any) -> None:
        self.weight = Parameter(self.weight.detach().squeeze(2))
        for name in ("kernel_size", "stride", "padding", "dilation", "output_padding"):
            value = getattr(self, name)
            setattr(self, name, value if isinstance(value, str) else value[1:])

    def extra_repr(self: Any) -> str:
        text = super().extra_repr()  # type: ignore[misc]
        for usual in (", padding=(0,)", ", dilation=(1,)", ", output_padding=(0,)"):
            text = text.replace(usual, "")
        return text


class Conv1d(_Sequences, Conv2d):
    """conv1d with learnt weight (out_channels, in_channels / groups, k) and bias, which start as Conv2d's."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: One,
        stride: One = 1,
        padding: One | str = 0,
        dilation: One = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
    ):
        sizes = _pair(kernel_size, 1), _pair(stride, 1), _pair(padding, 0), _pair(dilation, 1)
        super().__init__(in_channels, out_channels, *sizes, groups, bias, padding_mode)
        self._narrow()

    def forward(self, input: Tensor) -> Tensor:
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            total = self.dilation[0] * (self.kernel_size[0] - 1) if padding == "same" else 0
            ends = (total // 2, total - total // 2) if isinstance(padding, str) else padding * 2
            input, padding = F.pad(input, ends, self.padding_mode), 0
        stride, dilation = self.stride, self.dilation  # of one number each
        return conv1d(input, self.weight, self.bias, stride, padding, dilation, self.groups)  # type: ignore[arg-type]


class ConvTranspose1d(_Sequences, ConvTranspose2d):
    """conv_transpose1d with learnt weight (in_channels, out_channels / groups, k) and bias."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: One,
        stride: One = 1,
        padding: One = 0,
        output_padding: One = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: One = 1,
        padding_mode: str = "zeros",
    ):
        sizes = _pair(kernel_size, 1), _pair(stride, 1), _pair(padding, 0), _pair(output_padding, 0)
        super().__init__(in_channels, out_channels, *sizes, groups, bias, _pair(dilation, 1), padding_mode)
        self._narrow()

    def forward(self, input: Tensor) -> Tensor:
        sizes: Any = self.stride, self.padding, self.output_padding
        return conv_transpose1d(input, self.weight, self.bias, *sizes, self.groups, self.dilation)  # type: ignore


class MaxPool1d(_Pool):
    """max_pool1d"""

    function = max_pool1d

    def __init__(
        self,
        kernel_size: One,
        stride: One | None = None,
        padding: One = 0,
        dilation: One = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ):
        super().__init__(kernel_size, stride, padding, dilation, ceil_mode, return_indices)


class AvgPool1d(_Pool):
    """avg_pool1d"""

    function = avg_pool1d

    def extra_repr(self) -> str:
        sizes = {name: _pair(getattr(self, name), 0)[1:] for name in ("kernel_size", "stride", "padding")}
        return ", ".join(f"{name}={size}" for name, size in sizes.items())


class AdaptiveAvgPool1d(Layer):
    """adaptive_avg_pool1d"""

    function = adaptive_avg_pool1d


class AdaptiveMaxPool1d(Layer):
    """adaptive_max_pool1d"""

    function = adaptive_max_pool1d


class Dropout1d(Layer):
    """In training, dropout of whole channels of sequences."""

    function = dropout1d
    inputs = ("input", "training")

    def forward(self, input: Tensor) -> Tensor:
        return self.compute(input, training=self.training)
