# SPDX-License-Identifier: Apache-2.0
"""Write the golden files of training, ten steps of every stage: python make_training.py [part of a name].

    python make_training.py --check [part of a name]    # gradients against differences, float32 against float64

All math is float64, stored as float64. Weights and batches come from fill.py, so the files hold results only.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch

import expandnet_twin
import hdrcnn_twin
import operations
import twin
import vgg_twin
from fill import fill, parameter
from golden_file import FORMAT, PARAMETER_SAMPLES, sample, to_nchw, write_safetensors
from make_golden import cancelled_biases, load
from training_twin import STAGES, Batch, Options, Training, loss_of, train, trained_parameters

FOLDER = Path(__file__).resolve().parent / "data" / "training"
STEPS = 10
IMAGES, SIDE, CELL = 2, 64, 8
CURVE_SAMPLES = 1024
WIDTHS = {  # crfnet takes the first two of "response"
    "dnet": (4, 4, 8, 8, 8),
    "itnet": (4, 8, 8, 16, 16),
    "oonet": (16, 16, 16, 16, 16),
    "response": (8, 8, 16, 16),
    "vgg16": (8, 8, 8),
}
TINY_WIDTHS = WIDTHS | {"dnet": (4, 4, 4, 8, 8), "oonet": (4, 4, 8, 8, 8), "response": (4, 4, 8, 8)}
TINY = {"down": "conv", "widths": TINY_WIDTHS}  # an architecture
EXPANDNET_WIDTHS = {"local": (5, 7), "dilated": 6, "global": 5, "fused": 6}
GAINS = {"itnet_residual": "gain", "oonet_residual": "gain"}
HIGHLIGHTS = {"log": 1.0, "structure": 0.5, "energy": 0.25, "gradient": 0.125, "colour": 2.0}  # weights
HDRCNN_WIDTHS = (4, 8, 8, 16, 16)


# ------------------------------------------------------------------------------------------------------------- cases


def learning_rate(stage):
    """Ten steps at 1e-4 make rounding errors of small networks with batch statistics grow a million times."""
    return 1e-4 if STAGES[stage] in (("dnet",), ("expandnet",)) else 1e-5


def cases():
    """(case name, options, architecture)."""
    variants = [("", stage, {}, {}) for stage in STAGES]
    variants += [("paired", s, {"paired": True}, {}) for s in ("dnet", "nnet", "innet", "dnm-joint", "itnet")]
    variants += [
        ("paired", "itnet-joint", {"paired": True}, {}),
        ("ema", "dnet", {"ema_decay": 0.9}, {}),
        ("clip_norm", "dnet-joint", {"clip_norm": 0.05}, {}),
        ("curve", "innet", {"curve_weight": 0.1}, {}),
        ("l1_tv_raw", "itnet", {"log_loss": "l1", "tv_weight": 0.01, "raw_perceptual": True}, {}),
        ("literal", "itnet-joint", {"literal": True}, {}),
        ("log_l1", "oonet", {"oonet_loss": "log_l1"}, {}),
        ("crfnet_conv", "finetune", {}, {"trunk": "crfnet", "down": "conv"}),
        ("log", "innet", {"response_loss": "log"}, TINY),
        ("gain", "itnet", {"highlights": HIGHLIGHTS}, TINY | GAINS),
        ("gain", "finetune", {"oonet_loss": "log", "highlights": HIGHLIGHTS}, TINY | GAINS),
    ]
    for variant, stage, options, architecture in variants:
        name = stage + (f"_{variant}" if variant else "")
        yield name, Options(stage, learning_rate=learning_rate(stage), **options), architecture


def start_bottleneck(network, name):
    """Gain 1, not 1/255: batch statistics remove the scale, and small weights would leap with every step of Adam."""
    weight = network.bottleneck.conv.weight
    bound = math.sqrt(6 / math.prod(weight.shape[1:]))
    with torch.no_grad():
        weight.copy_(torch.from_numpy(fill(f"{name}.bottleneck.conv.weight", tuple(weight.shape), -bound, bound)))


def make_expandnet():
    """The small ExpandNet as the only network of its model."""
    model = torch.nn.Module()
    model.expandnet = expandnet_twin.ExpandNet(EXPANDNET_WIDTHS)
    return load(model, "")


def make_hdrcnn():
    """The small HDRCNN as the only network of its model."""
    model = torch.nn.Module()
    model.hdrcnn = hdrcnn_twin.Hdrcnn(HDRCNN_WIDTHS)
    load(model, "")
    start_bottleneck(model.hdrcnn, "hdrcnn")
    return model


def make_duhdr(stage, architecture):
    """The small DuHDR."""
    widths = {network: w for network, w in widths_of(stage, architecture).items() if network != "vgg16"}
    if architecture.get("trunk") == "crfnet":
        widths["response"] = widths["response"][:2]
    model = load(twin.DuHdr(**architecture | {"widths": widths}), "")
    if "itnet" in STAGES[stage]:
        start_bottleneck(model.itnet, "itnet")
    return model


PEERS = {"expandnet": (make_expandnet, EXPANDNET_WIDTHS), "hdrcnn": (make_hdrcnn, HDRCNN_WIDTHS)}  # stage -> its model


def widths_of(stage, architecture):
    widths = architecture.get("widths", WIDTHS)
    return widths | {stage: PEERS[stage][1]} if stage in PEERS else widths


def make_model(stage, architecture, dtype=torch.float64):
    """The small model of the stage's family and the small VGG features with their start values."""
    model = PEERS[stage][0]() if stage in PEERS else make_duhdr(stage, architecture)
    features = load(vgg_twin.Vgg16Features(WIDTHS["vgg16"]), "vgg16.")
    return model.to(dtype), features.to(dtype)


# ----------------------------------------------------------------------------------------------------------- batches


def smooth(name, scale=1.0):
    """float32 image [N,H,W,3] in [0, scale): 3/4 of a coarse grid enlarged bilinearly, alike in all channels, and 1/4
    of noise. Every product and sum is exact in double before the rounding to float32."""
    nodes = SIDE // CELL + 1
    grid = fill(f"{name}/coarse", (IMAGES, nodes, nodes), 0, 1).astype(np.float64)
    position = np.arange(SIDE)
    low, part = position // CELL, position % CELL / CELL
    rows = (1 - part)[:, None] * grid[:, low] + part[:, None] * grid[:, low + 1]
    enlarged = (1 - part) * rows[:, :, low] + part * rows[:, :, low + 1]
    noise = fill(name, (IMAGES, SIDE, SIDE, 3), 0, 1)
    return (scale * (0.75 * enlarged[..., None] + 0.25 * noise)).astype(np.float32)


def inverse_curves(name):
    """float32 [N,S]: x + a (x^2 - x), a in [0.4, 0.9): rises from 0 to 1."""
    x = np.arange(CURVE_SAMPLES, dtype=np.float64) / (CURVE_SAMPLES - 1)
    a = fill(name, (IMAGES, 1), 0.4, 0.9).astype(np.float64)
    return (x + a * (x * x - x)).astype(np.float32)


def batch(case, step, paired, dtype=torch.float64):
    """Batch `step` of a case; step 3 drops the second image."""
    prefix = f"train/{case}/{step}"
    ldr = np.floor(255 * smooth(f"{prefix}/ldr").astype(np.float64) + 0.5) / 255
    hdr = smooth(f"{prefix}/hdr", 2)
    arrays = {
        "ldr": ldr.astype(np.float32),
        "hdr": hdr,
        "weight": np.array([1, 0 if step == 3 else 1], dtype=np.float32),
    }
    if not paired:
        arrays["encoded"] = smooth(f"{prefix}/encoded")
        arrays["clipped"] = np.minimum(hdr, 1)
        arrays["inverse_curve"] = inverse_curves(f"{prefix}/inverse_curve")
    return Batch(**{name: to_nchw(torch.from_numpy(x).to(dtype)) for name, x in arrays.items()})


# ------------------------------------------------------------------------------------------------------------- files


def zero_gradients(model, stage):
    """Names of parameters that a BatchNorm cancels."""
    return [n for network in STAGES[stage] for n in cancelled_biases(getattr(model, network), f"{network}.")]


def run(name, options, architecture, dtype=torch.float64):
    """Ten steps; returns {tensor: float64 array}, all values of a tensor, and the model."""
    model, features = make_model(options.stage, architecture, dtype)
    batches = (batch(name, step, options.paired, dtype) for step in range(STEPS))
    records, ema = train(model, features, options, batches)
    tensors = {record: torch.tensor(values, dtype=torch.float64) for record, values in records.items()}
    for network in STAGES[options.stage]:
        for key, tensor in twin.state(getattr(model, network), f"{network}.").items():
            if not key.endswith(("curve.mean", "curve.basis")):
                tensors[("buffer/" if ".running_" in key else "weight/") + key] = tensor.detach().double()
    tensors |= {f"ema/{key}": tensor.double() for key, tensor in ema.items()}
    return tensors, model


def check_moved(name, tensors, zero):
    """Every value must be finite; weights must have moved, but for those without gradient."""
    for key, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise ValueError(f"{name}: {key} is not finite")
        kind, _, parameter_name = key.partition("/")
        if kind == "weight":
            start = torch.from_numpy(parameter(parameter_name, tuple(tensor.shape))).double()
            moved = (tensor - start).abs().max().item()
            if (moved < 1e-6) != (parameter_name in zero):
                raise ValueError(f"{name}: {parameter_name} moved by {moved}")


def write(name, options, architecture):
    """Train and write one file; returns its size."""
    tensors, model = run(name, options, architecture)
    zero = zero_gradients(model, options.stage)
    check_moved(name, tensors, zero)
    meta = {
        "format": FORMAT,
        "torch": torch.__version__,
        "case": name,
        "options": json.dumps(options.changed() | {k: v for k, v in architecture.items() if k != "widths"}),
        "widths": json.dumps(widths_of(options.stage, architecture)),
        "zero_gradients": json.dumps(zero),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.safetensors"
    write_safetensors(path, {key: sample(x, PARAMETER_SAMPLES).numpy() for key, x in tensors.items()}, meta)
    return path.stat().st_size


# ------------------------------------------------------------------------------------------------------------ checks


def through(x):
    """What the gradient of `quantise` is the derivative of."""
    return x.clamp(0, 1)


def directional(name, options, architecture, step=1e-7):
    """Relative difference of the gradient and central differences, each parameter moving by a share of its size."""
    model, features = make_model(options.stage, architecture)
    trained = trained_parameters(model, options.stage)
    training = Training(model, features, options)
    data = batch(name, 0, options.paired)
    truth = training.truth(data)
    training.truth = lambda _: truth  # a constant, though Nnet may be trained
    quantise, operations.quantise = operations.quantise, through
    shares = {name: torch.from_numpy(fill(f"direction/{name}", tuple(p.shape), -1, 1)) for name, p in trained.items()}
    direction = [p.detach() * shares[name] for name, p in trained.items()]

    gradients = torch.autograd.grad(loss_of(training.terms(data)), list(trained.values()))
    analytic = sum((g * d).sum().item() for g, d in zip(gradients, direction))
    losses = []
    with torch.no_grad():
        for distance in (step, -2 * step):
            for p, d in zip(trained.values(), direction):
                p += distance * d
            losses.append(loss_of(training.terms(data)).item())
    numeric = (losses[0] - losses[1]) / (2 * step)
    operations.quantise = quantise
    return abs(analytic - numeric) / abs(numeric)


def worst(errors):
    """The largest of {name: error}, as text."""
    name = max(errors, key=errors.get)
    return f"{errors[name]:.1e} {name}"


def float_difference(name, options, architecture):
    """How far a float32 run is from float64: losses, weights as a share of their way, running statistics."""
    exact, model = run(name, options, architecture)
    rough, _ = run(name, options, architecture, torch.float32)
    start = twin.state(make_model(options.stage, architecture)[0])
    zero = zero_gradients(model, options.stage)
    loss = ((rough["loss"] - exact["loss"]).abs() / exact["loss"].abs()).max().item()
    weights, buffers = {}, {"none": 0.0}
    for key, x in exact.items():
        kind, _, parameter_name = key.partition("/")
        error = (rough[key] - x).norm()
        if kind in ("weight", "ema") and parameter_name not in zero:
            weights[key] = (error / (x - start[parameter_name]).norm()).item()
        if kind == "buffer":
            buffers[key] = (error / x.norm()).item()
    return f"loss {loss:.1e}, weights {worst(weights)}, statistics {worst(buffers)}"


def main():
    torch.set_num_threads(1)
    arguments = sys.argv[1:]
    check = "--check" in arguments
    wanted = next((a for a in arguments if not a.startswith("--")), "")
    total = 0
    for name, options, architecture in cases():
        if wanted not in name:
            continue
        if check:
            slope = directional(name, options, architecture)
            print(f"{name:21s} gradient {slope:.1e}  float32: {float_difference(name, options, architecture)}")
        else:
            size = write(name, options, architecture)
            total += size
            print(f"{name:24s} {size:9,d} bytes")
    if not check:
        print(f"{total:,d} bytes")


if __name__ == "__main__":
    main()
