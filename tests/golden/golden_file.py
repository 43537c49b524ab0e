"""Golden cases and their files; used by every program that makes golden values.

A case = a function, inputs filled by name, parameters. Its file holds outputs and the gradients of
loss = sum over outputs of sum(output * fill("<case>/grad_<output>", shape, -1, 1)).
Rank-4 inputs and outputs are NHWC in the file and NCHW in the function; parameters keep PyTorch's layouts.
"""

import json
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from fill import fill

FORMAT = "duhdr-golden-1"
PARAMETER_SAMPLES = 256
INPUT_SAMPLES = 8192
TYPES = {"float32": "F32", "float64": "F64"}


@dataclass
class Input:
    """Shape (NHWC if rank 4) and range of an input; its values are fill("<case>/<input>", shape, lo, hi)."""

    shape: tuple
    lo: float = 0.0
    hi: float = 1.0


@dataclass
class Case:
    """`run(*inputs)` returns a tensor or a dict of tensors; those named aux/... are stored but take no gradient.

    `parameters` (name -> tensor) get gradients, `buffers` (name -> tensor) are stored as they are after the run.
    Gradients of the parameters in `zero_gradients` are zero by construction, all others must not vanish. The file is
    in `stored`. No ReLU may be nearer to its kink than `clear_of_kinks`, in units of its layer's root mean square.
    """

    name: str
    run: object
    inputs: dict
    parameters: dict = field(default_factory=dict)
    buffers: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    zero_gradients: tuple = ()
    stored: torch.dtype = torch.float32
    clear_of_kinks: float = 0.0


class NearestKink(TorchFunctionMode):
    """How near to its kink a ReLU's argument comes, in units of its layer's root mean square."""

    distance = float("inf")

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if getattr(function, "__name__", "") in ("relu", "leaky_relu"):
            x = args[0].detach()
            self.distance = min(self.distance, float(x.abs().min() / x.square().mean().sqrt()))
        return function(*args, **(kwargs or {}))


def to_nchw(x):
    return x.permute(0, 3, 1, 2) if x.dim() == 4 else x


def to_nhwc(x):
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


def filled(name, shape, lo, hi):
    """float64 tensor of fill's float32 values."""
    return torch.from_numpy(fill(name, shape, lo, hi)).double()


def sample(x, limit):
    """Flat tensor of at most `limit` values: all, or those at indices floor(j * n / limit)."""
    flat = x.detach().reshape(-1)
    if flat.numel() <= limit:
        return flat
    return flat[torch.arange(limit) * flat.numel() // limit]


def check_gradients(case, gradients):
    """Every gradient must be finite, and not vanish unless the case says so."""
    for name, gradient in gradients.items():
        largest = gradient.abs().max().item()
        if not np.isfinite(largest):
            raise ValueError(f"{case.name}: gradient of {name} is not finite")
        if (largest < 1e-9) != (name in case.zero_gradients):
            raise ValueError(f"{case.name}: gradient of {name} has the largest value {largest}")


def evaluate(case):
    """Name -> tensor of everything the case's file holds."""
    inputs = {k: filled(f"{case.name}/{k}", i.shape, i.lo, i.hi).requires_grad_() for k, i in case.inputs.items()}
    with NearestKink() as nearest:
        outputs = case.run(*(to_nchw(x) for x in inputs.values()))
    if nearest.distance < case.clear_of_kinks:
        raise ValueError(f"{case.name}: a ReLU is {nearest.distance:.1e} from its kink; rounding may turn it")
    outputs = outputs if isinstance(outputs, dict) else {"out": outputs}
    outputs = {k: to_nhwc(x) for k, x in outputs.items()}
    targets = {k: x for k, x in outputs.items() if not k.startswith("aux/")}
    loss = sum((x * filled(f"{case.name}/grad_{k}", tuple(x.shape), -1, 1)).sum() for k, x in targets.items())
    wanted = inputs | case.parameters
    gradients = dict(zip(wanted, torch.autograd.grad(loss, list(wanted.values()))))
    check_gradients(case, gradients)
    for name in case.zero_gradients:
        gradients[name] = torch.zeros_like(gradients[name])
    result = dict(outputs)
    result |= {f"grad/{k}": sample(gradients[k], INPUT_SAMPLES) for k in inputs}
    result |= {f"grad/{k}": sample(gradients[k], PARAMETER_SAMPLES) for k in case.parameters}
    result |= {f"buffer/{k}": sample(b, PARAMETER_SAMPLES) for k, b in case.buffers.items()}
    return {k: x.detach().to(case.stored).contiguous().numpy() for k, x in result.items()}


def metadata(case):
    """Strings of the file's __metadata__."""
    inputs = {k: {"shape": list(i.shape), "range": [i.lo, i.hi]} for k, i in case.inputs.items()}
    return {
        "format": FORMAT,
        "torch": torch.__version__,
        "case": case.name,
        "options": json.dumps(case.options),
        "inputs": json.dumps(inputs),
        "zero_gradients": json.dumps(list(case.zero_gradients)),
    }


def write_safetensors(path, tensors, meta):
    """safetensors file of float32 and float64 arrays; written here so that equal values give equal bytes."""
    header, offset = {"__metadata__": meta}, 0
    for name, x in tensors.items():
        header[name] = {"dtype": TYPES[x.dtype.name], "shape": list(x.shape), "data_offsets": [offset, offset + x.nbytes]}
        offset += x.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for x in tensors.values():
            file.write(x.astype(x.dtype.newbyteorder("<")).tobytes())


def write_case(folder, case):
    """Evaluate the case and write folder/<case>.safetensors; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{case.name}.safetensors"
    write_safetensors(path, evaluate(case), metadata(case))
    return path
