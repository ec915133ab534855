"""Where nnlite does not do as PyTorch, on purpose. Whatever is not listed here must be the same.

REFUSALS    PyTorch computes it, nnlite refuses it by name
EXTENSIONS  PyTorch refuses it, nnlite computes it
DIFFERS     both compute it, and not the same
OURS        public names that PyTorch has not, or has with another meaning
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Known(NamedTuple):
    """A call (its name, a pattern), the message of the one that raises (a pattern), why, and an example."""

    name: str
    message: str
    reason: str
    example: Callable[[Any], Any]


class Differs(NamedTuple):
    """A call (its name, a pattern), what differs, when (a function of the Difference), why, and an example."""

    name: str
    kind: str
    when: Callable[[Any], bool]
    reason: str
    example: Callable[[Any], Any]


REFUSALS = [
    Known(
        "",
        "TypeError: .*expected floating-point numbers, got (u?int|bool)",
        "whole numbers in a function of real ones are a mistake more often than not",
        lambda lib: lib.tensor([4]).exp(),
    ),
    Known(
        "linspace",
        "expected a floating-point dtype",
        "PyTorch's whole numbers depend on its order of rounding",
        lambda lib: lib.linspace(0, 4, 5, dtype=lib.int64),
    ),
    Known(
        "",
        "out of bounds for u?int|uint8 cannot hold",
        "PyTorch wraps around: 255 for -1",
        lambda lib: lib.tensor([1], dtype=lib.uint8) + -1,
    ),
    Known(
        r"pow|\*\*",
        "Integers to negative integer powers are not allowed",
        "PyTorch's are all 0",
        lambda lib: lib.tensor([2]) ** lib.tensor([-2]),
    ),
    Known(
        "",
        "(no elements along|are too few|too few elements|holds no values)",
        "PyTorch's mean of nothing is NaN",
        lambda lib: lib.zeros(0).mean(),
    ),
    Known(
        "(cross_entropy|nll_loss|CrossEntropyLoss|NLLLoss)",
        "nothing to take the mean of",
        "PyTorch's mean of nothing is NaN",
        lambda lib: lib.nn.functional.cross_entropy(lib.zeros(1, 2), lib.tensor([-100])),
    ),
    Known(
        "(cross_entropy|nll_loss|CrossEntropyLoss|NLLLoss)",
        "none of them 0",
        "a loss of no examples",
        lambda lib: lib.nn.functional.nll_loss(lib.zeros(0, 3), lib.zeros(0, dtype=lib.int64), reduction="sum"),
    ),
    Known(
        "(cross_entropy|nll_loss|CrossEntropyLoss|NLLLoss)",
        r"target has shape \(1,\), expected \(\)",
        "scores (C,) have one class, without an axis",
        lambda lib: lib.nn.functional.nll_loss(lib.zeros(3), lib.tensor([0])),
    ),
    Known(
        "(kl_div|KLDivLoss)",
        "has no batch",
        "a number has no batch size to divide by",
        lambda lib: lib.nn.functional.kl_div(lib.tensor(0.5), lib.tensor(0.5), reduction="batchmean"),
    ),
    Known(
        "norm",
        "p must be a number above 0",
        "the number of non-zero elements is no norm",
        lambda lib: lib.norm(lib.ones(2), p=0),
    ),
    Known(
        "split",
        "split_size must be a whole number of at least 1",
        "PyTorch takes 0 for an axis of size 0",
        lambda lib: lib.split(lib.zeros(0), 0),
    ),
    Known(
        "roll",
        "IndexError: dim",
        "PyTorch does not look at the axes of a tensor without elements",
        lambda lib: lib.roll(lib.zeros(0), 1, 1),
    ),
    Known(
        "linear",
        "computes nothing|bias has shape",
        "a layer without outputs; a bias that would be broadcast",
        lambda lib: lib.nn.functional.linear(lib.ones(1, 2), lib.ones(2, 2), lib.ones(1)),
    ),
    Known(
        "",
        "read-only|more than one place",
        "a write into an expanded tensor is a write into every copy",
        lambda lib: lib.zeros(1).expand(2).zero_(),
    ),
    Known(
        "conv_transpose2d|ConvTranspose2d",
        "leaves an output of size",
        "images without pixels",
        lambda lib: lib.nn.ConvTranspose2d(1, 1, 2, stride=2, padding=1)(lib.ones(3, 1, 2, 1)),
    ),
    Known(
        "",
        "changed in place makes|a change in place makes",
        "PyTorch casts the value, and drops its gradient without a word",
        lambda lib: lib.tensor([1]).__setitem__(0, lib.tensor(2.5, requires_grad=True)),
    ),
    Known(
        "^program",
        "changed in place later|was changed in place after",
        "PyTorch computes the view again from what was changed; here the newer tensor has to be used",
        lambda lib: stale_view(lib),
    ),
    Known(
        "logical_|[&|~]",
        "expected bool tensors|expected a Tensor, got (bool|int)",
        "masks only; a whole number there is often a slip",
        lambda lib: lib.tensor([1]) & lib.tensor([2]),
    ),
    Known(
        "^unique|unique$",
        "unique has no gradient",
        "PyTorch says so in backward",
        lambda lib: lib.unique(lib.ones(2, requires_grad=True)),
    ),
    Known(
        "pad|Pad2d",
        "cannot be (circular|reflect|replicate)",
        "borders larger than the image, after cropping",
        lambda lib: lib.nn.functional.pad(lib.ones(1, 1, 1), (-1, 2), mode="replicate"),
    ),
    Known(
        "",
        "arange: .* cannot hold steps",
        "PyTorch rounds the step first, even to 0",
        lambda lib: lib.arange(0.0, 3.0, 1.0, dtype=lib.int64),
    ),
    Known(
        "",
        "unexpected keyword argument '(dtype|rounding_mode)'",
        "a sum or a quotient has one dtype: convert it, or what it is made of",
        lambda lib: lib.ones(2).sum(dtype=lib.float64),
    ),
    Known(
        "init.normal_|randn",
        "expected a floating-point (dtype|Tensor)",
        "PyTorch refuses it too, unless there are no elements",
        lambda lib: lib.randn(0, dtype=lib.int64),
    ),
    Known(
        "bmm|matmul|@",
        "dtypes .* must be equal",
        "PyTorch refuses it too, unless there are no elements",
        lambda lib: lib.ones(0, 1, 2) @ lib.ones(0, 2, 1, dtype=lib.float64),
    ),
    Known(
        "instance_norm",
        "expected an input of shape .N, C, L",
        "values without pixels have no mean of their own",
        lambda lib: lib.nn.functional.instance_norm(lib.ones(1, 2), lib.ones(2), lib.ones(2), use_input_stats=False),
    ),
    Known(
        "index_select",
        "index_select: expected|too many indices",
        "one index, or a number, is written x[i]",
        lambda lib: lib.index_select(lib.ones(2), 0, lib.tensor(1)),
    ),
    Known(
        "smooth_l1|Smooth",
        "bools cannot be subtracted",
        "a mask is no number",
        lambda lib: lib.nn.functional.smooth_l1_loss(lib.ones(1), lib.tensor([True])),
    ),
    Known(
        "huber|Huber",
        "input is float.., target",
        "PyTorch's gradient fails for other dtypes",
        lambda lib: lib.nn.functional.huber_loss(lib.ones(1), lib.ones(1, dtype=lib.float64)),
    ),
    Known(
        "setitem|ropout",
        "a leaf that requires a gradient",
        "PyTorch allows it where nothing is assigned",
        lambda lib: lib.ones(1, requires_grad=True).__setitem__(False, 1.0),
    ),
    Known(
        "dropout2d|Dropout2d",
        "expected images .N, C, H, W",
        "(C, H, W) or (N, C, L)? PyTorch warns of its guess",
        lambda lib: lib.nn.functional.dropout2d(lib.ones(1, 1, 1)),
    ),
    Known(
        "nn.(Log)?Softmax",
        "dim must be a whole number",
        "PyTorch warns of the axis that it guesses, and so does nnlite.torch.nn",
        lambda lib: lib.nn.Softmax()(lib.ones(2)),
    ),
    Known(
        "cross_entropy|CrossEntropyLoss",
        "input is float.., weight float..",
        "PyTorch refuses it too, unless the target holds probabilities",
        lambda lib: lib.nn.functional.cross_entropy(lib.ones(1, 2), lib.ones(1, 2), lib.ones(2, dtype=lib.float64)),
    ),
    Known(
        "floor_divide|remainder|fmod|//|%",
        "whole numbers divided by 0",
        "PyTorch refuses it too, unless nothing is divided",
        lambda lib: lib.zeros(0, 1, dtype=lib.int64) // lib.tensor([0]),
    ),
    Known(
        "GroupNorm",
        "expected .N, C, .* with C =",
        "the channels are not those that the layer was made for; PyTorch looks only if it has weights",
        lambda lib: lib.nn.GroupNorm(1, 1, affine=False)(lib.ones(2, 3, 2)),
    ),
    Known(
        "multinomial",
        "no . samples of weights",
        "nothing is drawn from nothing; PyTorch takes no rows of no weights",
        lambda lib: lib.multinomial(lib.zeros(0, 0), 1, True),
    ),
]

EXTENSIONS = [
    Known(
        "",
        "TypeError: .*(invalid combination of arguments|missing [0-9]+ required|unexpected keyword argument)",
        "PyTorch has several signatures for one name; here there is one, with defaults",
        lambda lib: lib.ones(2).sum(keepdim=True),
    ),
    Known(
        "logsumexp",
        "must be tuple of ints, not NoneType|doesn't match the broadcast shape",
        "dim=None and dim=() are all axes, as in other reductions",
        lambda lib: lib.logsumexp(lib.ones(2), None),
    ),
    Known(
        "layer_norm",
        "must be tuple of ints, not int",
        "a number is taken for a tuple of it, as nn.LayerNorm does",
        lambda lib: lib.nn.functional.layer_norm(lib.ones(2), 2),
    ),
    Known(
        "(set|get)item",
        "Index put requires the source and destination dtypes match|can't assign a|only supports boolean masks|"
        "shape mismatch: value tensor|got numpy.bool|too many indices for tensor of dimension 0",
        "whatever can be cast may be assigned, by every kind of index",
        lambda lib: lib.ones(2).__setitem__([0], lib.tensor([1])),
    ),
    Known(
        "",
        "one of the variables needed for gradient computation has been modified",
        "where backward needs something else than what was changed, it gives the gradient",
        lambda lib: changed_output(lib),
    ),
    Known(
        "",
        "some elements of the input tensor and the written-to tensor refer to a single memory location",
        "NumPy copies what overlaps first",
        lambda lib: overlapping(lib),
    ),
    Known(
        "^backward of",
        "Autograd not support dtype|returned an invalid gradient|derivative for .* is not implemented|"
        "Subtraction, the `-` operator, with a bool|INTERNAL ASSERT|tensor does not have a device|must be contiguous",
        "PyTorch fails in backward, of what it has computed",
        lambda lib: lib.nn.functional.nll_loss(*permuted(lib)).backward(),
    ),
    Known(
        "",
        "output of a function that returns multiple views",
        "the parts that unbind, split and iteration return are views as others are",
        lambda lib: (lib.ones(2, requires_grad=True) * 1).split(1)[0].mul_(2),
    ),
    Known(
        "orthogonal_",
        "view size is not compatible",
        "init takes any memory order",
        lambda lib: lib.nn.init.orthogonal_(lib.zeros(2, 3, 2, 5)[..., ::2]),
    ),
    Known(
        "NLLLoss|HuberLoss",
        "must be contiguous",
        "PyTorch fails in backward, of what it has computed",
        lambda lib: lib.nn.functional.nll_loss(*permuted(lib)).backward(),
    ),
    Known(
        "",
        "not implemented for '",
        "PyTorch has no such loop for this dtype",
        lambda lib: lib.tensor([True]).abs(),
    ),
    Known(
        "",
        "Subtraction, the `-` operator, with a bool",
        "True is a 1 next to numbers",
        lambda lib: lib.ones(1) - True,
    ),
    Known(
        "",
        "argument alpha must not be a floating point number",
        "a sum of whole numbers and others is floating-point",
        lambda lib: lib.tensor([1]).add(lib.tensor([1]), alpha=0.5),
    ),
    Known(
        "randint",
        "out of bounds for bool",
        "numbers are not 0, and so True",
        lambda lib: lib.randint(0, 5, (2,), dtype=lib.bool),
    ),
    Known(
        "pad$",
        "Padding size 0 is not supported",
        "no border is no change",
        lambda lib: lib.nn.functional.pad(lib.ones(2), [], mode="circular"),
    ),
    Known(
        "",
        "Autograd not support dtype",
        "whole numbers pass no gradient on",
        lambda lib: lib.cumsum(lib.ones(2, requires_grad=True), 0, dtype=lib.int64),
    ),
    Known(
        "detach_",
        "Can't detach views",
        "detached, it shares memory as before",
        lambda lib: lib.ones(2)[:1].detach_(),
    ),
    Known(
        "^backward of",
        "inplace.* with a negative slope|In-place .* with a negative slope",
        "the input is kept where the output does not tell",
        lambda lib: negative_slope(lib),
    ),
    Known(
        "norm",
        "dim must be a 2-tuple",
        "the norm of all elements along the axes",
        lambda lib: lib.norm(lib.ones(1, 1, 1, 2), dim=(0, 1, 2)),
    ),
    Known(
        "tensor$",
        "only integer tensors of a single element",
        "a number is taken from each tensor in a list",
        lambda lib: lib.tensor([lib.tensor(1.5)], dtype=lib.int64),
    ),
    Known(
        "nflatten",
        "unflatten got an unexpected error",
        "a single number is one along any axis",
        lambda lib: lib.nn.Unflatten(0, (1, -1))(lib.tensor(1.5)),
    ),
    Known(
        "Pad2d|pad$",
        "is too small. Calculated output",
        "an image may be cropped to nothing in every mode, as with zeros",
        lambda lib: lib.nn.ReplicationPad2d((0, -1, 0, -1))(lib.ones(1, 2, 1, 1)),
    ),
]

DIFFERS = [
    Differs(
        "^program",
        "form",
        lambda d: False,  # the programs stop there
        "sums and copies of a permuted tensor lie row by row here; PyTorch keeps the order in memory",
        lambda lib: (lib.ones(2, 3).T * 2).is_contiguous(),
    ),
    Differs(
        "pixel_shuffle|PixelShuffle",
        "sharing of memory",
        lambda d: True,
        "a rearrangement that moves nothing is a view here, a copy there",
        lambda lib: written(lib, lambda x: lib.nn.functional.pixel_shuffle(x, 1)),
    ),
    Differs(
        "lt|le|gt|ge|[<>]",
        "value",
        lambda d: "uint8" in repr(d.call) and "-1" in repr(d.call),
        "a number that the dtype does not have: PyTorch compares with 255 for -1",
        lambda lib: (lib.tensor([1], dtype=lib.uint8) < -1).tolist(),
    ),
    Differs(
        "var|std",
        "gradient",
        lambda d: any(value in ((), []) for value in [*d.call.arguments[1:], d.call.keywords.get("dim")]),
        "dim=() is all axes: PyTorch takes it for none in backward",
        lambda lib: gradient(lib, lambda x: x.var(())),
    ),
    Differs(
        "kl_div|KLDivLoss",
        "gradient",
        lambda d: "nan" in repr(d.theirs),
        "the target's gradient where it is 0: PyTorch's is NaN",
        lambda lib: gradient(lib, lambda x: lib.nn.functional.kl_div(lib.ones(2), x * 0, reduction="sum")),
    ),
]


def gradient(lib: Any, function: Callable[[Any], Any]) -> Any:
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    function(x).backward()
    return x.grad.tolist()


def written(lib: Any, function: Callable[[Any], Any]) -> Any:
    x = lib.zeros(1, 1, 2, 2)
    function(x).fill_(1)
    return x.tolist()


def negative_slope(lib: Any) -> None:
    x = lib.ones(2, requires_grad=True) * 1
    lib.nn.functional.leaky_relu(x, -0.5, inplace=True).sum().backward()


def stale_view(lib: Any) -> None:
    x = lib.ones(2, requires_grad=True) * 1
    view = x.view(2, 1)
    x.mul_(2)
    (view * 2).sum().backward()


def changed_output(lib: Any) -> None:
    x = lib.ones(2, requires_grad=True) * 1
    lib.nn.functional.relu(x, inplace=True)
    lib.nn.functional.relu(x, inplace=True)
    x.sum().backward()


def overlapping(lib: Any) -> None:
    x = lib.ones(2)
    x[1:].mul_(x[:1])
    x.mul_(x[0])


def permuted(lib: Any) -> Any:
    return lib.ones(2, 2, 1, 3, requires_grad=True).permute(0, 3, 1, 2), lib.zeros(2, 2, 1, dtype=lib.int64)


OURS = {
    "nnlite": {
        "CheckpointError DataError DeviceError GradcheckError GraphError NonFiniteError ShapeError": "errors of ours",
        "Function": "PyTorch's has static methods and a context; docs/write-your-own-layer.md",
        "capture gpu_available set_num_threads": "how nnlite runs, not what it computes",
        "gradcheck detect_anomaly no_grad enable_grad is_grad_enabled": "tools, tested in tests/nnlite",
        "load load_metadata save": "safetensors, no pickles",
        "manual_seed get_rng_state set_rng_state": "random numbers of ours",
        "get_default_dtype set_default_dtype device": "settings, tested in tests/nnlite/test_creation.py",
        "DataLoader": "tested in tests/nnlite/test_data.py",
        "Tensor": "its methods have entries of their own",
        "to_device unbroadcast": "functions of the engine",
    },
    "nnlite.functional": {
        "cast to_device getitem": "functions behind the methods `to` and x[...]",
        "gaussian_kl hinge_loss rsample": "of models/; PyTorch has no functions of these names",
        "batched_nms box_area box_iou nms roi_align": "torchvision's; tested in tests/nnlite/test_functional_boxes.py",
    },
    "nnlite.nn": {
        "Module ModuleList ModuleDict Parameter": "tested in tests/nnlite/test_nn_module.py and test_nn_container.py",
    },
    "nnlite.Tensor": {
        "array": "the NumPy or CuPy array, which PyTorch does not have",
        "accumulate_grad": "of the engine",
        "astype": "NumPy's name of `to`",
        "gpu cuda": "need a GPU",
        "replace_ laid_out_for": "behind other methods",
        "data_ptr pin_memory share_memory_ storage": "of memory: answered or refused, tested with nnlite.torch",
        "register_hook device grad grad_fn": "tested in tests/nnlite/test_autograd.py and test_tensor.py",
        "backward retain_grad": "tested in tests/nnlite/test_autograd.py",
        "__array_ufunc__ __slots__ __weakref__ __module__": "of Python and NumPy",
    },
}
