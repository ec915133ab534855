"""functional/norm.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, op
from tests.operations.arguments import maybe, numbers, tensors, whole

C = (3,)
GROUPED = (2, 6, 3, 2)


def running(lib, x):
    """Running statistics of three channels."""
    return lib.tensor([0.5, -1, 0], dtype=x.dtype), lib.tensor([0.5, 2, 3], dtype=x.dtype)


OPERATIONS = {
    "batch_norm": op(lambda lib, F, x, w, b: F.batch_norm(x, None, None, w, b, True), IMAGE, C, C),
    "batch_norm plain": op(lambda lib, F, x: F.batch_norm(x, None, None, training=True, eps=1e-3), (6, 3)),
    "batch_norm weight": op(lambda lib, F, x, w: F.batch_norm(x, None, None, w, training=True), (4, 3), C),
    "batch_norm bias": op(lambda lib, F, x, b: F.batch_norm(x, None, None, None, b, True), (2, 3, 4), C),
    "batch_norm sequence": op(lambda lib, F, x, w, b: F.batch_norm(x, None, None, w, b, True), (2, 3, 4), C, C),
    "batch_norm tracked": op(
        lambda lib, F, x, w, b: F.batch_norm(x, *running(lib, x), w, b, True, 0.3, 0.1), IMAGE, C, C
    ),
    "batch_norm fixed": op(lambda lib, F, x, w, b: F.batch_norm(x, *running(lib, x), w, b), IMAGE, C, C),
    "batch_norm fixed plain": op(lambda lib, F, x: F.batch_norm(x, *running(lib, x), eps=0.5), (2, 3, 4)),
    "instance_norm": op(lambda lib, F, x, w, b: F.instance_norm(x, None, None, w, b), IMAGE, C, C),
    "instance_norm plain": op(lambda lib, F, x: F.instance_norm(x, eps=1e-3), IMAGE),
    "instance_norm sequence": op(lambda lib, F, x, w, b: F.instance_norm(x, weight=w, bias=b), (2, 3, 4), C, C),
    "instance_norm tracked": op(
        lambda lib, F, x, w, b: F.instance_norm(x, *running(lib, x), w, b, True, 0.3, 0.1), IMAGE, C, C
    ),
    "instance_norm fixed": op(
        lambda lib, F, x, w, b: F.instance_norm(x, *running(lib, x), w, b, use_input_stats=False), IMAGE, C, C
    ),
    "layer_norm": op(lambda lib, F, x, w, b: F.layer_norm(x, (5,), w, b), (2, 3, 5), (5,), (5,)),
    "layer_norm plain": op(lambda lib, F, x: F.layer_norm(x, (5,), eps=1e-3), (4, 5)),
    "layer_norm weight": op(lambda lib, F, x, w: F.layer_norm(x, (4,), w), (4,), (4,)),
    "layer_norm images": op(lambda lib, F, x, w, b: F.layer_norm(x, IMAGE[1:], w, b), IMAGE, IMAGE[1:], IMAGE[1:]),
    "layer_norm rows": op(lambda lib, F, x, b: F.layer_norm(x, [5, 4], None, b), IMAGE, (5, 4)),
    "group_norm": op(lambda lib, F, x, w, b: F.group_norm(x, 3, w, b), GROUPED, (6,), (6,)),
    "group_norm plain": op(lambda lib, F, x: F.group_norm(x, 2, eps=1e-3), GROUPED),
    "group_norm in one": op(lambda lib, F, x, w, b: F.group_norm(x, 1, w, b), IMAGE, C, C),
    "group_norm each": op(lambda lib, F, x, w, b: F.group_norm(x, 3, w, b), IMAGE, C, C),
    "group_norm rows": op(lambda lib, F, x, w: F.group_norm(x, 2, w), (3, 6), (6,)),
    "group_norm sequence": op(lambda lib, F, x, w, b: F.group_norm(x, 2, w, b), (2, 6, 3), (6,), (6,)),
    "group_norm volume": op(lambda lib, F, x, w, b: F.group_norm(x, 2, w, b), (2, 4, 3, 1, 2), (4,), (4,)),
}

MODULES = {
    "BatchNorm1d": (lambda nn: nn.BatchNorm1d(3), (4, 3)),
    "BatchNorm1d sequence": (lambda nn: nn.BatchNorm1d(3, 1e-3, None), (4, 3, 5)),
    "BatchNorm2d": (lambda nn: nn.BatchNorm2d(3, 1e-4, 0.2), IMAGE),
    "BatchNorm2d plain": (lambda nn: nn.BatchNorm2d(3, affine=False), IMAGE),
    "BatchNorm2d untracked": (lambda nn: nn.BatchNorm2d(3, track_running_stats=False), IMAGE),
    "InstanceNorm1d": (lambda nn: nn.InstanceNorm1d(3), (2, 3, 5)),
    "InstanceNorm1d tracked": (lambda nn: nn.InstanceNorm1d(3, 1e-3, 0.3, track_running_stats=True), (2, 3, 5)),
    "InstanceNorm2d": (lambda nn: nn.InstanceNorm2d(3), IMAGE),
    "InstanceNorm2d affine": (lambda nn: nn.InstanceNorm2d(3, affine=True), IMAGE),
    "InstanceNorm2d all": (lambda nn: nn.InstanceNorm2d(3, 1e-4, 0.2, True, True), IMAGE),
    "LayerNorm": (lambda nn: nn.LayerNorm(5), (2, 3, 5)),
    "LayerNorm images": (lambda nn: nn.LayerNorm([3, 5, 4], 1e-3), IMAGE),
    "LayerNorm plain": (lambda nn: nn.LayerNorm((4,), elementwise_affine=False), IMAGE),
    "LayerNorm without bias": (lambda nn: nn.LayerNorm((5, 4), bias=False), IMAGE),
    "GroupNorm": (lambda nn: nn.GroupNorm(3, 6), GROUPED),
    "GroupNorm plain": (lambda nn: nn.GroupNorm(2, 6, 1e-3, affine=False), (2, 6, 4)),
    "spectral_norm Conv2d": (lambda nn: nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 4, 2)), IMAGE),
    "spectral_norm ConvTranspose2d": (
        lambda nn: nn.utils.parametrizations.spectral_norm(nn.ConvTranspose2d(3, 4, 2, bias=False)),
        IMAGE,
    ),
    "spectral_norm Linear": (lambda nn: nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3)), (2, 4)),
    "spectral_norm LayerNorm": (lambda nn: nn.utils.parametrizations.spectral_norm(nn.LayerNorm(4)), (2, 4)),
}

ARGUMENTS = {
    "batch_norm": (tensors, maybe, maybe, maybe, maybe, st.booleans(), numbers, numbers),
    "instance_norm": (tensors, maybe, maybe, maybe, maybe, st.booleans(), numbers, numbers),
    "layer_norm": (tensors, st.one_of(whole, st.lists(whole, max_size=3), st.none()), maybe, maybe, numbers),
    "group_norm": (tensors, st.one_of(whole, st.just(0.5), st.none()), maybe, maybe, numbers),
}
