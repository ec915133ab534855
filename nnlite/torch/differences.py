"""What is not as in PyTorch, name by name: what docs/from-pytorch.md lists, and what the messages of refusals say.

DIFFERS   names that are here and do something in another way
REFUSED   what names that are here do not take: arguments, kinds of tensors
MISSING   names that are not here, and what to do instead
OURS      names that PyTorch does not have there

Whatever holds for many names at once is in the text of docs/from-pytorch.md. A key is one
name of PyTorch's, or several.
"""

CREATION = "torch.zeros torch.ones torch.empty torch.full torch.rand torch.randn torch.randint torch.tensor"
COLOURS = "torchvision.transforms.ColorJitter torchvision.transforms.RandomGrayscale"
TURNS = "torchvision.transforms.RandomRotation torchvision.transforms.RandomAffine"

DIFFERS = {
    # torch
    "torch.Generator torch.manual_seed": "the numbers are NumPy's: one seed gives others than in PyTorch",
    "torch.Size": "`x.size()` is one, `x.shape` is a plain tuple",
    "torch.compile": "returns its argument as it is, so no `_orig_mod.` comes into names; `nnlite.capture` is for GPUs",
    "torch.device": "one GPU, called 'cuda', 'cuda:0' or 'gpu'; `str(device)` is 'gpu', `device.type` is 'cuda'",
    "torch.dtype torch.finfo torch.iinfo": "dtypes are NumPy's: `str(torch.float32)` is 'float32'",
    "torch.inference_mode": "is no_grad: its tensors may be used in training later",
    "torch.load": "reads safetensors, and only these; `weights_only` changes nothing",
    "torch.logsumexp": "dim=None and dim=() are all axes, as in other sums",
    "torch.lt torch.le torch.gt torch.ge": "the numbers themselves: uint8 < -1 is False; PyTorch takes -1 as 255",
    "torch.remainder": "a gradient also where the divisor is the tensor, as in 2 % x",
    "torch.save": "writes safetensors; of a module its state_dict, with a warning",
    "torch.set_printoptions": "changes how NumPy prints, too",
    "torch.sort torch.argsort torch.topk": "among equal elements the first comes first; PyTorch may name others",
    "torch.sub": "True is a 1 next to numbers; PyTorch refuses to subtract it",
    "torch.use_deterministic_algorithms": "nothing to switch: one seed gives the same bits anyway",
    # tensors
    "torch.Tensor.add_ torch.Tensor.mul_ torch.Tensor.copy_ torch.Tensor.relu_": (
        "recorded where a gradient is required; views made before may not be used afterwards"
    ),
    "torch.Tensor.backward": "frees the whole graph: a second pass always needs retain_graph=True",
    "torch.Tensor.contiguous torch.Tensor.is_contiguous torch.Tensor.stride": (
        "what an operation computes from a permuted tensor counts as lying row by row; PyTorch keeps the order"
    ),
    "torch.Tensor.grad_fn": "the operation itself, called Mul where PyTorch says MulBackward0",
    "torch.Tensor.pin_memory": "returns the tensor itself",
    "torch.Tensor.view torch.Tensor.reshape torch.Tensor.flatten": (
        "of a convolution's weight or result a copy that is closed: a write into it raises"
    ),
    "torch.FloatTensor torch.LongTensor torch.Tensor": "types without instances; new ones are filled with zeros",
    # torch.nn
    "torch.nn.DataParallel": "calls its module: there is one device",
    "torch.nn.KLDivLoss torch.nn.functional.kl_div": "a number as the gradient of a target of 0; PyTorch's is NaN",
    "torch.nn.init.kaiming_normal_ torch.nn.init.xavier_uniform_": "drawn on the CPU, so a GPU gets the same weights",
    # torch.optim
    "torch.optim.Adam torch.optim.SGD": "`foreach` and `fused` change nothing",
    "torch.optim.lr_scheduler.LRScheduler": "no warning if it steps before the optimiser; the rates are PyTorch's",
    # the rest
    "torch.amp.autocast torch.amp.GradScaler": "switched off where there is no GPU, with a warning, as in PyTorch",
    "torch.autograd.Variable": "Variable(x) is a tensor over the same memory, and every tensor is one",
    "torch.autograd.detect_anomaly": "names the operation; nnlite.detect_anomaly looks at forward passes too",
    "torch.autograd.gradcheck": "checks a random direction, then each element; atol and fast_mode change nothing",
    "torch.backends.cudnn.benchmark torch.backends.cudnn.deterministic": "may be set, and change nothing",
    "torch.cuda.memory_allocated torch.cuda.memory_reserved": "what CuPy's memory pool has",
    "torch.distributions.Bernoulli torch.distributions.Categorical torch.distributions.Normal": (
        "arguments are always checked; no expand, cdf or icdf"
    ),
    "torch.utils.data.DataLoader": (
        "`num_workers`, `pin_memory` and the like are accepted and ignored: samples are read in this process"
    ),
    "torch.utils.data.get_worker_info": "always None",
    "torchvision.datasets.MNIST torchvision.datasets.CIFAR10": "raise DataError for files that are missing or changed",
    "torchvision.transforms.Compose": "transforms are plain classes, no Modules; any function of an image will do",
}

REFUSED = {
    # torch
    "torch.Tensor": "a plain tuple of whole numbers, which could be sizes or values: Tensor(2, 3) or Tensor([2, 3])",
    "torch.add torch.sub torch.mul torch.floor_divide": (
        "a Python number that the dtype cannot hold, as -1 in uint8, where PyTorch's becomes 255: use x.long()"
    ),
    "torch.arange": "a whole-number dtype with steps that are floats, which PyTorch rounds first",
    "torch.autocast torch.amp.autocast torch.amp.GradScaler": (
        "nnlite does not mix precisions; pass enabled=False, or convert the model and its inputs with .half()"
    ),
    "torch.div": "`rounding_mode`: use floor_divide, or trunc of the quotient",
    "torch.exp torch.log torch.sqrt torch.sigmoid torch.tanh torch.logsumexp": "whole numbers: use x.float()",
    "torch.load": "pickles, PyTorch's own files, which run code when they are read: convert them where PyTorch is",
    "torch.index_select": "a number or a tensor without axes as the index: write x[i]",
    "torch.logical_and torch.logical_or torch.logical_not": "other than bool tensors, also in x & y, x | y and ~x",
    "torch.mean": "no elements at all, of which PyTorch's mean is NaN",
    "torch.norm": "p=0: count with (x != 0).sum()",
    "torch.pow": "whole numbers to negative whole powers, which are all 0 in PyTorch: use x.float()",
    "torch.save": "whatever needs a pickle: functions, objects of your own classes",
    "torch.set_default_device": "other than 'cpu'",
    "torch.sum": "`dtype`: convert first, x.to(dtype).sum()",
    "torch.unique": "a tensor that requires a gradient: use x.detach()",
    CREATION: "`out=`; layouts other than strided; memory_format=torch.channels_last",
    # tensors
    "torch.Tensor.fill_ torch.Tensor.zero_": "a tensor made by expand, whose elements share one place: use .clone()",
    "torch.Tensor.backward": "`create_graph=True`: there are first derivatives only",
    "torch.Tensor.share_memory_": "processes do not share tensors here; pass arrays through multiprocessing instead",
    "torch.Tensor.storage": "a tensor is an array and has no other storage; use .numpy(), or .flatten() for a copy",
    "torch.Tensor.view": "another dtype: use .to(dtype)",
    # torch.nn
    "torch.nn.CrossEntropyLoss torch.nn.NLLLoss torch.nn.MSELoss": "the mean of no elements, which is NaN in PyTorch",
    "torch.nn.Embedding": "`max_norm`, `sparse` and `scale_grad_by_freq`",
    "torch.nn.HuberLoss torch.nn.functional.huber_loss": "a target of another dtype than the input's",
    "torch.nn.KLDivLoss torch.nn.functional.kl_div": "reduction='batchmean' of single numbers, which have no batch",
    "torch.nn.MaxPool2d torch.nn.AdaptiveMaxPool2d torch.nn.functional.max_pool2d": "`return_indices=True`",
    "torch.nn.LSTM": "`proj_size`",
    "torch.nn.LSTM torch.nn.GRU torch.nn.RNN": "a PackedSequence: pass padded sequences, ignore what is past the end",
    "torch.nn.Upsample torch.nn.functional.interpolate": "modes other than 'nearest', 'bilinear' and 'bicubic'",
    "torch.nn.functional.linear": "a bias that would have to be broadcast",
    "torch.nn.functional.pad": "a border to be filled from an image that other sides of the padding have cut too small",
    "torch.nn.functional.relu torch.nn.functional.relu6 torch.nn.functional.hardtanh": "whole numbers: use x.float()",
    # torch.optim
    "torch.optim.Adadelta torch.optim.Adagrad torch.optim.Adam torch.optim.AdamW torch.optim.RMSprop torch.optim.SGD": (
        "`maximize` (train on -loss instead), `capturable`, `differentiable`; a tensor as `lr`"
    ),
    "torch.optim.SGD": "a parameter given twice, if there is momentum",
    # the rest
    "torch.autograd.Function": "more than one result, ctx.mark_dirty, ctx.mark_non_differentiable",
    "torch.autograd.backward torch.autograd.grad": "`create_graph=True`: there are first derivatives only",
    "torch.cuda.set_device": "another GPU than the first",
    "torch.distributions.Bernoulli torch.distributions.Categorical": "rsample: use sample() and log_prob()",
    "torch.distributions.kl_divergence": "distributions of two kinds",
    COLOURS + " " + TURNS: "tensors: put them before ToTensor",
    "torchvision.transforms.Resize": "tensors, unless with antialias and without a gradient: resize images first",
}

MISSING = {
    "torch.bfloat16": "NumPy has no such numbers; use torch.float32",
    "torch.channels_last": "the order in memory is chosen for you (docs/conventions.md); leave it out",
    "torch.complex64": "tensors hold real numbers; keep the two parts apart",
    "torch.complex128": "tensors hold real numbers; keep the two parts apart",
    "torch.distributed.init_process_group": "one process trains on one device here; leave it out",
    "torch.jit.script": "nothing is compiled here; leave it out and call the function or module itself",
    "torch.jit.trace": "nothing is compiled here; leave it out and call the function or module itself",
    "torch.multiprocessing.Process": "tensors are not shared between processes here; use Python's multiprocessing",
    "torch.multiprocessing.spawn": "one process trains on one device here; call the function itself",
    "torch.nn.BatchNorm3d": "images and sequences only, no volumes",
    "torch.nn.Conv3d": "images and sequences only, no volumes",
    "torch.nn.MaxPool3d": "images and sequences only, no volumes",
    "torch.nn.MultiheadAttention": "write it with Linear, softmax and @",
    "torch.nn.Transformer": "write it with Linear, LayerNorm, softmax and @",
    "torch.nn.TransformerEncoder": "write it with Linear, LayerNorm, softmax and @",
    "torch.nn.parallel.DistributedDataParallel": "one process trains on one device here; use the module itself",
    "torch.nn.utils.weight_norm": "use torch.nn.utils.spectral_norm, or no normalisation of weights",
    "torch.onnx.export": "save the state_dict and export it where PyTorch is",
    "torch.optim.LBFGS": "use SGD with momentum, or Adam",
    "torch.utils.data.DistributedSampler": (
        "nnlite computes in one process; use DataLoader(dataset, shuffle=True), no sampler"
    ),
    "torch.utils.tensorboard.SummaryWriter": (
        "nnlite writes no TensorBoard files; print the losses, or keep them in a list for matplotlib"
    ),
    # whatever else PyTorch has there
    "torchvision.datasets.*": "there are MNIST, FashionMNIST, CIFAR10, CIFAR100; read others with ImageFolder",
    "torchvision.models.*": "the package models has networks, one file each; models/weights.py loads published weights",
    "torchvision.ops.*": "there are batched_nms, box_area, box_iou, nms and roi_align",
    "torchvision.transforms.*": "write it as a function of an image, which Compose takes as well",
    "torchvision.transforms.functional.*": "Pillow and nnlite.functional have much of the rest",
    "torchvision.utils.*": "there are make_grid and save_image",
}

OURS = {
    "torch": "CheckpointError DataError DeviceError GradcheckError GraphError NonFiniteError ShapeError to_device",
    "torch.Tensor": "accumulate_grad array astype gpu laid_out_for replace_",
    "torch.nn.functional": (
        "batched_nms box_area box_iou cast gaussian_kl getitem hinge_loss nms roi_align rsample to_device"
    ),
    "torch.accelerator": "Device GPU",
    "torch.nn.init": "fan_in_and_fan_out",
}


def why_not(name: str) -> str:
    """What is refused of a name of PyTorch's, or what to do if it is not there."""
    return said_of(name, REFUSED | MISSING)


def said_of(name: str, table: dict[str, str]) -> str:
    """The sentences about one name in a table; "" where there is none."""
    return "; ".join(sentence for names, sentence in table.items() if name in names.split())
