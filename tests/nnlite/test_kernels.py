"""The kernels, on the stand-in (compiled for the CPU) or with `--device gpu` on a GPU, against NumPy and by hand."""

import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
from nnlite import backend as backends
from nnlite import nn, optim
from nnlite.backend.cpu import Cpu
from tests import fake_cuda
from tests.helpers import LibraryOn, assert_close, in_order, window_geometry
from tests.operations import OPERATIONS, RANDOM

ALL = {**OPERATIONS, **RANDOM}

pytestmark = pytest.mark.usefixtures("needs_kernels")
several = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def needs_kernels(gpu):
    if not gpu.formulas.KERNELS:
        pytest.skip("g++ is needed to run kernels on the CPU")


# All together


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-11), ("float32", 1e-5)])
def test_the_kernels_compute_what_the_plain_backend_does(gpu, name, dtype, tolerance, monkeypatch):
    """Every operation and its gradients, on the GPU both times."""
    if name in RANDOM:  # plain and kernels draw other numbers: give both the same
        monkeypatch.setattr(backends.random, "_gpus_own", lambda device: None)
    arrays, results = ALL[name].arrays(dtype=dtype), []
    for way in ("plain", "fast"):
        nnlite.backends.use(way)
        nnlite.manual_seed(1)
        leaves = [nnlite.Tensor(nnlite.tensor(a, device="gpu").array, requires_grad=True) for a in arrays]
        y = ALL[name].call(LibraryOn("gpu"), F, *leaves)
        u = np.random.default_rng(2).standard_normal(y.shape).astype(dtype)
        y.backward(nnlite.tensor(u, device="gpu"))
        results.append([t.cpu().numpy() for t in (y.detach(), *(leaf.grad for leaf in leaves))])
    for i, (plain, fast) in enumerate(zip(*results, strict=True)):
        assert fast.dtype == plain.dtype == dtype
        assert_close(fast, plain, tolerance, terms=np.linalg.norm(u) if i else 0.0)


@pytest.mark.parametrize("chunk", [1, 500, 2**26])
@pytest.mark.parametrize("plain", [False, True])
def test_the_primitives_give_what_the_cpu_gives(gpu, rng, chunk, plain, monkeypatch):
    monkeypatch.setattr(gpu, "WINDOWS_CHUNK", chunk)
    if plain:
        monkeypatch.setattr(gpu.formulas, "KERNELS", False)
        monkeypatch.setattr(gpu.cublas, "_library", lambda: None)
    x, w, bias = rng.standard_normal((3, 6, 5, 2)), rng.standard_normal((3 * 3 * 2, 4)), rng.standard_normal(4)
    rows = rng.standard_normal((30, 4))

    def primitives(b, to, back):
        view = b.windows(to(x), window_geometry((3, 3), (1, 2)))
        product = b.rows_matmul(view, to(w), to(bias))
        out = to(np.zeros((3, 4, 4, 4)))
        b.rows_matmul(view, to(w), out=out[:, :, ::2])
        p, g = to(in_order(x, "C").copy()), to(x)

        def step(p, g, lr):
            p -= lr * g

        b.update(step, p, g, constants=(0.5,))
        return [
            back(a)
            for a in (
                product,
                out,
                b.rows_outer(view, product),
                b.matmul(to(rows), to(rows.T.copy())),
                b.elementwise(lambda a, s: a * s, to(x), constants=(to(x[0, 0, 0, 0] + np.arange(6.0)),)),
                b.column_sums(lambda a, c: a * a + c, to(rows), constants=(1.0,)),
                p,
            )
        ]

    on_cpu = primitives(Cpu(), lambda a: a, lambda a: a)
    on_gpu = primitives(gpu.Gpu(), gpu.asarray, gpu.to_numpy)
    for a, b in zip(on_cpu, on_gpu, strict=True):
        assert_close(b, a, 1e-13)


# Products of matrices


layouts = st.sampled_from(["rows", "columns", "wider", "gaps"])


@several
@given(
    sizes=st.tuples(*[st.integers(1, 5)] * 3), layouts=st.tuples(layouts, layouts, layouts),
    dtype=st.sampled_from(["float32", "float64"]), accumulate=st.booleans(),
)  # fmt: skip
def test_matmul_reads_and_writes_matrices_as_they_lie(gpu, sizes, layouts, dtype, accumulate):
    m, k, n = sizes
    rng = np.random.default_rng(0)
    a, b, c = (_laid_out(gpu, rng.standard_normal(s).astype(dtype), how)
               for s, how in zip([(m, k), (k, n), (m, n)], layouts, strict=True))  # fmt: skip
    before = gpu.to_numpy(c)
    expected = gpu.to_numpy(a) @ gpu.to_numpy(b) + (before if accumulate else 0.0)
    assert gpu.cublas.matmul(a, b, c, accumulate=accumulate) is c
    tolerance = 1e-5 if dtype == "float32" else 1e-13
    assert_close(gpu.to_numpy(c), expected, tolerance)
    assert_close(gpu.to_numpy(gpu.cublas.matmul(a, b)), gpu.to_numpy(a) @ gpu.to_numpy(b), tolerance)


def _laid_out(gpu, matrix, how):
    rows, columns = matrix.shape
    if how == "columns":
        view = gpu.cupy.zeros((columns, rows), matrix.dtype).T
    elif how == "wider":
        view = gpu.cupy.zeros((rows, columns + 3), matrix.dtype)[:, 1 : columns + 1]
    elif how == "gaps":
        view = gpu.cupy.zeros((2 * rows, 2 * columns), matrix.dtype)[::2, ::2]
    else:
        view = gpu.cupy.zeros((rows, columns), matrix.dtype)
    view[...] = gpu.asarray(matrix)
    return view


def test_no_transposed_matrix_is_copied(gpu, monkeypatch):
    monkeypatch.setattr(gpu.cupy, "ascontiguousarray", None, raising=False)
    a, b = gpu.cupy.ones((3, 4)), gpu.cupy.ones((3, 5))
    assert (gpu.to_numpy(gpu.Gpu().matmul(a.T, b)) == 3.0).all()
    assert gpu.Gpu().matmul(b.T, a).shape == (5, 4)


def test_an_error_of_cublas_is_raised(gpu, monkeypatch):
    class Broken(fake_cuda.Cublas):
        def cublasGemmEx(self, *_):
            return 13

    monkeypatch.setattr(gpu.cublas, "_library", Broken)
    monkeypatch.setattr(gpu.cublas, "_handle", lambda library: 0)
    with pytest.raises(RuntimeError, match=r"\(2, 2\) by \(2, 2\) in float32 failed with status 13"):
        gpu.Gpu().matmul(gpu.cupy.ones((2, 2), "float32"), gpu.cupy.ones((2, 2), "float32"))


@pytest.mark.parametrize("switch", ["cudnn", "matmul"])
def test_tf32_leaves_11_bits_of_each_factor(gpu, switch, rng, monkeypatch, request):
    """Each kind of product has its own switch."""
    at = nnlite.backends.cudnn if switch == "cudnn" else nnlite.backends.cuda.matmul
    a, b = (rng.standard_normal((256, 256)).astype(np.float32) for _ in "ab")
    x, y = nnlite.tensor(a, device="gpu"), nnlite.tensor(b, device="gpu")
    image, weight = x.T.reshape(1, 256, 16, 16), y.T.reshape(256, 256, 1, 1)
    errors = []
    for allowed in (False, True):
        monkeypatch.setattr(at, "allow_tf32", allowed)
        product = F.conv2d(image, weight).reshape(256, 256).T if switch == "cudnn" else x @ y
        exact = a.astype(float) @ b
        errors.append(np.linalg.norm(product.cpu().numpy() - exact) / np.linalg.norm(exact))
        if request.config.getoption("--device") == "cpu":
            assert gpu.cublas._library().compute_types[-1] == (77 if allowed else 68)
    assert errors[0] < 1e-6
    if request.config.getoption("--device") == "gpu":
        assert 1e-5 < errors[1] < 1e-2


# Windows


@several
@given(
    channels=st.sampled_from([1, 2, 3, 4, 8]), kernel=st.tuples(*[st.integers(1, 3)] * 2), dtype=st.sampled_from("fdi"),
    stride=st.tuples(*[st.integers(1, 2)] * 2), dilation=st.tuples(*[st.integers(1, 2)] * 2), skipped=st.integers(0, 1),
)  # fmt: skip
def test_windows_are_copied_side_by_side(gpu, channels, kernel, stride, dilation, dtype, skipped):
    x = np.arange(2 * 6 * 5 * (channels + skipped)).reshape(2, 6, 5, -1).astype(dtype)
    view = gpu.Gpu().windows(gpu.asarray(x)[..., skipped:], window_geometry(kernel, stride, dilation))
    columns = gpu.kernels.columns(view)
    expected = Cpu().windows(x[..., skipped:], window_geometry(kernel, stride, dilation))
    assert np.array_equal(gpu.to_numpy(columns), expected.reshape(-1, columns.shape[1]))
    assert gpu.kernels.columns(view[:, :, :, :, :, ::-1]) is None or channels == 1


# Formulas

FORMULAS = {
    "numbers and signs": lambda xp, x, y: (1.0 - x) / (2.0 + y * y) - 3 / y + -x,
    "comparisons": lambda xp, x, y: x * (x > 0) + y * (x <= 0.5) - (y != x) * x + ((y >= 1) & (x == x) & (x < 2.0)) * y,
    "bools": lambda xp, x, y: xp.where((x > 0) & (y > 0) | (x < -1), x, 2.0 * y),
    "larger and smaller": lambda xp, x, y: xp.maximum(x, y) + xp.minimum(x, 0.5) * xp.maximum(y, y > 0),
    "functions": lambda xp, x, y: xp.exp(x) + xp.log(abs(y)) + xp.tanh(x) + xp.expm1(y) + xp.log1p(abs(x)) - xp.sign(x),
    "powers": lambda xp, x, y: x**2 + abs(y) ** 0.5 + abs(y) ** -1.5 + xp.sqrt(abs(x)) + (abs(x) + 0.1) ** y,
    "cut": lambda xp, x, y: xp.clip(x, -0.5, 0.5) * y.astype(x.dtype),
    "a bool": lambda xp, x, y: x > y,
}  # fmt: skip


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_formula_is_one_kernel_with_the_same_result(gpu, rng, name, dtype):
    x, y = (rng.standard_normal((13, 3)).astype(dtype) for _ in "xy")
    x[0] = 0.0
    matrices = [gpu.asarray(a) for a in (x, y)]
    result = gpu.formulas.elementwise(lambda x, y: FORMULAS[name](gpu.cupy, x, y), matrices, ())
    assert result is not None, "it was traced"
    expected = FORMULAS[name](np, x, y)
    assert result.dtype == expected.dtype
    tolerance = 1e-5 if dtype == "float32" else 1e-13
    np.testing.assert_allclose(gpu.to_numpy(result), expected, rtol=tolerance, atol=tolerance)


def test_not_a_number_comes_through_where_numpy_lets_it(gpu):
    x, nan = gpu.asarray(np.array([[1.0, np.nan, -np.inf]])), gpu.asarray(np.array([[np.nan, 1.0, np.inf]]))
    for formula, expected in (
        (gpu.cupy.maximum, [np.nan, np.nan, np.inf]),
        (gpu.cupy.minimum, [np.nan, np.nan, -np.inf]),
        (lambda x, y: gpu.cupy.clip(x, 0.0, 2.0), [1.0, np.nan, 0.0]),
        (lambda x, y: gpu.cupy.sign(x), [1.0, np.nan, -1.0]),
    ):
        result = gpu.to_numpy(gpu.formulas.elementwise(formula, [x, nan], ()))
        assert np.array_equal(result[0], expected, equal_nan=True)


def test_one_value_a_channel(gpu, rng):
    x, scale = rng.standard_normal((50, 3)), rng.standard_normal(3)
    there = [gpu.asarray(a) for a in (x, scale, scale[:1])]
    for vector in (1, 2):
        y = gpu.formulas.elementwise(lambda x, s: x * s, there[:1], (there[vector],))
        np.testing.assert_allclose(gpu.to_numpy(y), x * (scale if vector == 1 else scale[0]), rtol=1e-14)


@pytest.mark.parametrize("small", [0, 2**30])
@pytest.mark.parametrize("shape", [(1, 1), (40, 1), (1000, 3), (7, 70), (5000, 2)])
def test_column_sums_are_added_up_in_float64(gpu, rng, shape, small, monkeypatch):
    monkeypatch.setattr(gpu.formulas, "SMALL", small)  # both kinds of index
    x = (1e4 + rng.standard_normal(shape)).astype(np.float32)
    centre = x.mean(axis=0)
    sums = gpu.formulas.column_sums(lambda x, c: (x - c) ** 2, [gpu.asarray(x)], (gpu.asarray(centre),))
    assert sums.dtype == np.float64 and sums.shape == shape[1:]
    np.testing.assert_allclose(gpu.to_numpy(sums), ((x - centre) ** 2).sum(axis=0, dtype=float), rtol=1e-6)


def test_what_a_symbol_cannot_do_is_left_to_cupy(gpu):
    x = gpu.cupy.ones((4, 2))
    for formula in (
        lambda x: x if x.sum() > 0 else -x,
        lambda x: x + gpu.cupy.ones((4, 2)),
        lambda x: (x > 0) + 1.0,
        lambda x: gpu.cupy.floor(x),
        lambda x: gpu.cupy.maximum(0.1, x > 0),
        lambda x: gpu.cupy.where(x > 0, 1.0, 2.0),
        lambda x: -x if x else x,
        lambda x: x.__setitem__(0, 1.0),
    ):
        assert gpu.formulas.elementwise(formula, [x], ()) is None
    assert (gpu.to_numpy(gpu.Gpu().elementwise(lambda x: gpu.cupy.floor(x + 0.5), x)) == 1.0).all()
    assert gpu.formulas.elementwise(lambda x: x, [gpu.cupy.ones((4, 2), "float16")], ()) is None
    with pytest.raises(ZeroDivisionError):
        gpu.Gpu().elementwise(lambda x: x / (1 / 0), x)


@pytest.mark.parametrize("kernels", [True, False])
@pytest.mark.parametrize("scale", [1.0, "float32", "float64"])
def test_a_mean_in_two_parts_keeps_the_digits_of_numbers_far_from_zero(gpu, rng, kernels, scale, monkeypatch):
    monkeypatch.setattr(gpu.formulas, "KERNELS", kernels)
    x = (1e4 + 0.01 * rng.standard_normal((40, 3))).astype(np.float32)
    mean, shift = x.mean(axis=0, dtype=float), np.array([1.0, 2.0, 3.0], np.float32)
    factor = scale if scale == 1.0 else np.array([50.0, 60.0, 70.0], scale)
    constants = [c if c is factor and scale == 1.0 else gpu.asarray(c) for c in (mean, factor, shift)]
    y = gpu.Gpu().elementwise(lambda x, m, f, s: (x - m) * f + s, gpu.asarray(x), constants=constants)
    assert y.dtype == np.float32
    assert_close(gpu.to_numpy(y), ((x - mean) * factor + shift).astype(np.float32), 1e-6)
    sums = gpu.Gpu().column_sums(lambda x, m: x * (x - m), gpu.asarray(x), constants=constants[:1])
    np.testing.assert_allclose(gpu.to_numpy(sums), (x * (x - mean)).sum(0), rtol=1e-4, atol=0.1)


def test_a_kernel_reads_only_the_vectors_in_its_formula(gpu, monkeypatch):
    """The low part of a vector that is only multiplied with is not among its arguments."""
    sources = []
    monkeypatch.setattr(gpu.formulas, "kernel", lambda source, name: lambda *_: sources.append(source))
    vector = gpu.asarray(np.ones(3))
    gpu.Gpu().elementwise(lambda x, v, unused: x * v, gpu.cupy.ones((4, 3), "float32"), constants=(vector, vector))
    assert sources[0].count("const T *") == 2


# Updates


def test_many_tensors_of_all_sizes_and_orders_move_in_one_launch(gpu, rng, monkeypatch):
    monkeypatch.setattr(gpu.updates, "CHUNK", 5)
    shapes = [(1,), (5,), (6,), (3, 4, 2, 2), (2, 3), (40,), ()]
    values, slopes = ([rng.standard_normal(s).astype(np.float32) for s in shapes] for _ in "pg")
    parameters = [nnlite.tensor(v, device="gpu", requires_grad=True) for v in values]
    parameters[3].array = parameters[3].array.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2)  # channels last
    gap = gpu.cupy.zeros((2, 6), "float32")[:, ::2]  # does not lie in one piece
    gap[...] = parameters[4].array
    parameters[4].array = gap
    launches = []
    run = gpu.updates.Launch.run
    monkeypatch.setattr(gpu.updates.Launch, "run", lambda self: (launches.append(self), run(self)))
    optimizer = nnlite.optim.SGD(parameters, 0.5)
    for p, g in zip(parameters, slopes, strict=True):
        p.grad = nnlite.tensor(g, device="gpu")
    optimizer.step()
    assert len(launches) == 1 and len(launches[0].tensors) == len(shapes) - 1
    for p, v, g in zip(parameters, values, slopes, strict=True):
        np.testing.assert_allclose(p.detach().cpu().numpy(), v - np.float32(0.5) * g, rtol=1e-6)


@pytest.mark.parametrize(
    "name", ["SGD", "momentum", "Adagrad", "RMSprop", "centered", "Adadelta", "Adam", "amsgrad", "AdamW"]
)
def test_optimisers_step_as_on_the_cpu(gpu, name):
    def make(p):
        if name in ("SGD", "momentum"):
            settings = {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1} if name == "momentum" else {}
            return nnlite.optim.SGD(p, 0.1, **settings)
        if name == "centered":
            return nnlite.optim.RMSprop(p, 0.01, momentum=0.5, centered=True)
        if name == "amsgrad":
            return nnlite.optim.AdamW(p, 0.01, (0.5, 0.6), weight_decay=0.1, amsgrad=True)
        return getattr(nnlite.optim, name)(p, 0.01, weight_decay=0.1)

    results = []
    for device in ("cpu", "gpu"):
        rng = np.random.default_rng(0)
        parameters = [nnlite.tensor(rng.standard_normal(s), device=device, requires_grad=True) for s in ((4, 3), (5,))]
        optimizer = make(parameters)
        for step in range(4):
            for p in parameters[: 1 + step % 2]:  # so that their numbers of steps differ
                p.grad = nnlite.tensor(rng.standard_normal(p.shape), device=device)
            optimizer.step()
        results.append([p.detach().cpu().numpy() for p in parameters])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-12)


@pytest.mark.parametrize("count", [1, 8, 9, 20])
def test_numbers_are_written(gpu, count):
    out = gpu.cupy.zeros(count + 1, "float64")
    gpu.kernels.write_numbers(out, [i + 0.5 for i in range(count)])
    assert gpu.to_numpy(out).tolist() == [*(i + 0.5 for i in range(count)), 0.0]


# Random numbers


def test_philox_is_the_one_of_the_paper():
    """The known answers that its authors publish, for three counters and keys (Random123, kat_vectors)."""
    from nnlite.backend.gpu import philox

    code = philox._SOURCE.format(real="float", at_once=4, convert="") + """
    extern "C" __global__ void words(long long *out, unsigned long long low, unsigned long long high,
                                     unsigned long long key)
    {
        unsigned int c[4] = {(unsigned int)low, (unsigned int)(low >> 32), (unsigned int)high,
                             (unsigned int)(high >> 32)};
        philox(c, (unsigned int)key, (unsigned int)(key >> 32));
        for (int k = 0; k < 4; k++) out[k] = c[k];
    }
    """  # fmt: skip
    full = 2**64 - 1
    for low, high, key, expected in (
        (0, 0, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        (full, full, full, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (0x85A308D3243F6A88, 0x0370734413198A2E, 0x299F31D0A4093822, "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ):
        out = philox.cupy.zeros(4, "int64")
        philox.cupy.RawKernel(code, "words")((1,), (1,), (out, *map(np.uint64, (low, high, key))))
        assert " ".join(f"{n:08x}" for n in philox.cupy.asnumpy(out)) == expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_random_numbers_follow_their_distribution(gpu, dtype):
    from nnlite.backend.gpu import philox

    generator = philox.Generator(seed=5, place=0)
    u, z = (gpu.to_numpy(a) for a in (generator.uniform((20_000,), dtype), generator.normal((20_000,), dtype)))
    assert u.dtype == z.dtype == dtype and u.min() >= 0.0 and u.max() < 1.0
    # largest distance between what was drawn and the distribution function: 1.95 / sqrt(n) in one case of a thousand
    assert np.abs(np.sort(u) - np.arange(20_000) / 20_000).max() < 1.95 / np.sqrt(20_000)
    assert abs(z.mean()) < 0.03 and abs(z.std() - 1.0) < 0.03 and abs((z**3).mean()) < 0.1
    assert abs((z**4).mean() - 3.0) < 0.3 and abs((np.abs(z) < 1.0).mean() - 0.6827) < 0.015
    assert abs(np.corrcoef(z[::2], z[1::2])[0, 1]) < 0.03


def test_draws_go_on_where_the_last_ended_whatever_their_sizes(gpu):
    from nnlite.backend.gpu import philox

    generator = philox.Generator(seed=2**63 + 9, place=2**33)
    parts = [gpu.to_numpy(generator.uniform((n,), "float32")) for n in (4, 8, 4)]
    assert generator.where() == (2**63 + 9, 2**33 + 4)
    generator.start(2**63 + 9, 2**33)
    assert np.array_equal(np.concatenate(parts), gpu.to_numpy(generator.uniform((4, 4), "float32")).ravel())
    assert generator.uniform((0, 3), "float32").shape == (0, 3) and generator.where()[1] == 2**33 + 4


# A real GPU


@pytest.mark.gpu
def test_a_real_gpu_has_all_that_the_fast_ways_need(gpu, request):
    """cuBLAS is found and kernels compile, or products would be CuPy's and nothing could be captured."""
    if request.config.getoption("--device") == "cpu":
        pytest.skip("a GPU is needed")
    assert gpu.cublas._library() is not None

    def train(wrap):
        nnlite.manual_seed(5)
        net = nn.Sequential(
            nn.Conv2d(3, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.LeakyReLU(0.2), nn.Dropout(0.5),
            nn.ConvTranspose2d(8, 3, 4, 2, 1),
        ).to("gpu")  # fmt: skip
        adam = optim.Adam(net.parameters(), 1e-3)

        def step(x):
            adam.zero_grad()
            loss = F.mse_loss(net(x).tanh(), x)
            loss.backward()
            adam.step()
            return loss

        step, batches = wrap(step), np.random.default_rng(0).standard_normal((6, 4, 3, 32, 32)).astype(np.float32)
        losses = [step(nnlite.tensor(x, device="gpu")) for x in batches]
        return [loss.item() for loss in losses], [p.detach().cpu().numpy() for p in net.parameters()]

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is captured
        captured = train(nnlite.capture)
    eager = train(lambda step: step)
    np.testing.assert_allclose(captured[0], eager[0], rtol=1e-4)
    for a, b in zip(captured[1], eager[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


# The same sources for GPUs


@pytest.mark.slow
def test_the_sources_compile_for_gpus(gpu, request):
    """With CUDA's own compiler, where it is installed: for A100 and H200."""
    compiler = fake_cuda.shutil.which("nvcc")
    if compiler is None or request.config.getoption("--device") == "gpu":
        pytest.skip("nvcc is needed to compile for GPUs, and the stand-in to note the sources")
    sources = []
    original = fake_cuda.compiled
    fake_cuda.compiled = lambda code: (sources.append(code), original(code))[1]
    try:
        x = nnlite.randn(2, 4, 5, 5, device="gpu", requires_grad=True)
        w = nnlite.Tensor(nnlite.randn(4, 4, 3, 3).gpu().array, requires_grad=True)
        y = nnlite.functional.gelu(nnlite.functional.conv2d(x.double().float(), w).double()).float()
        nnlite.functional.dropout(nnlite.functional.batch_norm(y, None, None, training=True)).sum().backward()
        nnlite.optim.Adam([w]).step()
    finally:
        fake_cuda.compiled = original
    assert len(set(sources)) > 8
    with tempfile.TemporaryDirectory() as folder:
        for i, source in enumerate(sorted(set(sources))):
            path = Path(folder) / f"{i}.cu"
            path.write_text(source)
            for chip in ("sm_80", "sm_90"):
                strict = "-Werror", "all-warnings"
                subprocess.run([compiler, "-cubin", f"-arch={chip}", *strict, "-o", f"{path}.out", path], check=True)
