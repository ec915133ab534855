"""The methods of Tensor beyond the core: which file has the function, and under which names tensors have it.

tensor.py lists those of the core in the same way. A function is imported when it is first called.
"""

from collections.abc import Callable
from typing import Any

from .tensor import Method, Tensor

# file -> names of its functions; "name=function" where the method is called otherwise
METHODS = {
    "functional.piecewise": "abs __abs__=abs clip clamp maximum minimum",
    "functional.compare": """__eq__=equal __ne__=unequal __invert__=inverse __lt__=lt __le__=le __gt__=gt __ge__=ge
        eq ne lt le gt ge logical_not logical_and logical_or __and__=logical_and __or__=logical_or""",
    "functional.statistics": "max min amax amin argmax argmin var std norm logsumexp",
    "functional.activation": "sigmoid tanh softmax log_softmax",
    "functional.elementary": """sin log1p square sign round floor_divide remainder
        __floordiv__=floor_divide __mod__=remainder __rfloordiv__=floor_divide __rmod__=remainder""",
    "functional.products": "mm bmm dot outer",
    "functional.triangle": "tril diag",
    "functional.repeat": "repeat expand_as",
    "torch.autograd.gradients": "register_hook",
    "torch.cumprod": "cumprod",
    "torch.elementary": "cos tan sinh cosh asin acos atan fmod log2 log10 expm1 rsqrt reciprocal floor ceil trunc",
    "torch.masks": "masked_fill masked_fill_ masked_select scatter_add scatter_add_",
    "torch.random_methods": "bernoulli_ normal_ random_ uniform_",
    "torch.composites": """addmm baddbmm addcmul addcdiv lerp addcmul_ addcdiv_ lerp_ diagonal triu ger mv trace tile
        broadcast_to swapaxes swapdims movedim moveaxis ravel narrow select unbind unflatten repeat_interleave""",
    "torch.truth": "isnan isinf isfinite any all nonzero equal isclose allclose logical_xor count_nonzero",
    "functional.index": "__getitem__=getitem __iter__=iterate split chunk flip roll",
    "functional.cast": "expand clone",
    "conversions": """to cpu gpu cuda astype half float double int long bool tolist where view_as t
        __array__=as_array __format__=formatted requires_grad_ retain_grad detach_""",
    "views": "size dim stride is_contiguous contiguous view laid_out_for",
    "in_place": """add_ sub_ mul_ div_ copy_ fill_ zero_ replace_ __setitem__=setitem
        relu_ sigmoid_ tanh_ exp_ log_ sqrt_ abs_ neg_ pow_ clamp_ clip_ scatter_
        __iadd__=add_ __isub__=sub_ __imul__=mul_ __itruediv__=div_""",
    "functional.cumulative": "cumsum prod",
    "functional.gather": "gather index_select scatter",
    "functional.order": "argsort sort topk unique",
    "functional.sampling": "bernoulli multinomial",
    "torch.tensor_methods": """ndimension nelement element_size is_floating_point is_complex get_device type type_as
        byte char short new new_zeros new_ones new_empty new_full new_tensor
        pin_memory share_memory_ data_ptr storage""",
}
# the same, for properties: x.is_cuda
PROPERTIES = {"conversions": "T=transposed", "torch.tensor_methods": "is_cuda is_mps is_xpu is_sparse is_quantized"}


def _add(table: dict[str, str], made: Callable[[Method], Any] = lambda method: method) -> None:
    for file, names in table.items():
        for name in names.split():
            alias, _, function = name.partition("=")
            swapped = alias.startswith("__r")  # 2 % x: the tensor is the second argument
            setattr(Tensor, alias, made(Method(file, function or alias, swapped)))


_add(METHODS)
_add(PROPERTIES, made=lambda method: property(lambda tensor: method.function(tensor)))
