"""Write the golden files of the networks, both chains and the camera path: python make_golden.py [part of a name].

All math is float64, stored as float32 unless the case says otherwise. Weights and inputs come from fill.py, so the files hold results only.
"""

import sys
from pathlib import Path

import torch

import expandnet_twin
import hdrcnn_twin
import operations
import response_twin
import twin
import vgg_twin
from fill import parameter
from golden_file import Case, Input, write_case

FOLDER = Path(__file__).resolve().parent / "data" / "networks"


def load(module, prefix):
    """Fill parameters and buffers by their names, in float64; returns the module."""
    module.double()
    with torch.no_grad():
        for name, tensor in twin.state(module, prefix).items():
            tensor.copy_(torch.from_numpy(parameter(name, tuple(tensor.shape))))
    return module


# Pictures of these sizes keep every ReLU farther from its kink than float32's rounding reaches, so that a test in float
# decides as double does. Large networks have too many ReLUs for that.
CLEAR = 1e-6

# Of the cases of gains; RFB needs 16 channels.
SMALL = {"dnet": (3, 4, 6, 8, 8), "response": (8, 8, 16, 16), "itnet": (4, 6, 8, 8, 8), "oonet": (4, 6, 8, 8, 8)}
SMALL_RFB = SMALL | {"oonet": (16, 16, 16, 32, 16)}

# A BatchNorm in training mode cancels the biases that reach it through pointwise linear layers only.
CANCELLED = (
    "conv.bias",
    "trunk.conv1.bias",
    "fuse5.bias",
    "branch0.1.bn.bias",
    "branch1.2.bn.bias",
    "branch2.3.bn.bias",
)


def cancelled_biases(module, prefix):
    """Names of parameters whose gradient is zero in training mode."""
    return tuple(prefix + name for name, _ in module.named_parameters() if name.endswith(CANCELLED))


def network_case(name, module, prefix, inputs, options, run=None, train=False, clear_of_kinks=0.0):
    """Case of one network; in training mode with batch statistics and the updated running ones."""
    load(module, prefix).train(train)
    mode = {"mode": "train" if train else "eval"}
    return Case(
        name=name,
        run=run or module,
        inputs=inputs,
        parameters={prefix + k: p for k, p in module.named_parameters()},
        buffers={prefix + k: b for k, b in module.named_buffers() if k.endswith(("mean", "var")) and "running" in k}
        if train
        else {},
        options=options | mode,
        zero_gradients=cancelled_biases(module, prefix) if train else (),
        clear_of_kinks=clear_of_kinks,
    )


def dnet():
    inputs = {"input": Input((1, 64, 48, 3))}
    return network_case("dnet", twin.Dnet(), "dnet.", inputs, {"network": "dnet"}, clear_of_kinks=CLEAR)


def response(net, trunk, train):
    module = response_twin.ResponseNet(trunk)

    def run(x):
        coefficients = module.coefficients(x)
        return {"out": operations.monotone_curve(module.curve(coefficients)), "aux/coefficients": coefficients}

    name = f"{net}_{trunk}_{'train' if train else 'eval'}"
    inputs = {"input": Input((2, 61, 83, 3) if train else (1, 53, 71, 3))}
    options = {"network": net, "trunk": trunk}
    return network_case(name, module, f"{net}.", inputs, options, run, train, 0.0 if train else CLEAR)


def itnet(iterations, train, literal=False):
    module = twin.ITnet()
    name = "itnet" + (f"_{iterations}_iterations" if iterations > 1 else "") + ("_literal" if literal else "")
    return network_case(
        f"{name}_{'train' if train else 'eval'}",
        module,
        "itnet.",
        {"input": Input((2 if train else 1, 64, 96, 3))},
        {"network": "itnet", "iterations": iterations, "literal": literal, "alpha": module.alpha},
        lambda x: module(x, iterations, literal),
        train,
    )


def oonet(down, train):
    shape = (2, 32, 64, 3) if train else (1, 32, 96, 3)
    inputs = {"hdr": Input(shape, 0.0, 4.0), "clip": Input(shape), "n": Input(shape)}
    options = {"network": "oonet", "down": down}
    name = f"oonet_{down}_{'train' if train else 'eval'}"
    return network_case(name, twin.OOnet(down), "oonet.", inputs, options, train=train, clear_of_kinks=CLEAR)


def itnet_gain(train):
    """In training the mask stays below 0.2 and gains below ten; residuals reach 12, so that some are held at 5."""
    module = twin.ITnet(SMALL["itnet"], residual="gain")
    return network_case(
        f"itnet_gain_{'train' if train else 'eval'}",
        module,
        "itnet.",
        {"input": Input((2, 96, 64, 3), 0.0, 0.96) if train else Input((1, 64, 64, 3))},
        {"network": "itnet", "iterations": 1, "literal": False, "alpha": module.alpha, "itnet_residual": "gain"}
        | {"widths": SMALL},
        train=train,
        clear_of_kinks=CLEAR,
    )


def itnet_half(train):
    """Half the resolution and an encoder with BatchNorm. In training the mask stays below 0.1."""
    options = {"itnet_residual": "gain", "itnet_scale": 2, "itnet_encoder": "vgg16_bn"}
    module = twin.ITnet(SMALL["itnet"], residual="gain", scale=2, encoder="vgg16_bn")
    return network_case(
        f"itnet_half_{'train' if train else 'eval'}",
        module,
        "itnet.",
        {"input": Input((2, 128, 64, 3), 0.0, 0.955) if train else Input((1, 64, 128, 3))},
        {"network": "itnet", "iterations": 1, "literal": False, "alpha": module.alpha, "widths": SMALL} | options,
        train=train,
        clear_of_kinks=CLEAR,
    )


def oonet_gain(train):
    shape = (3, 32, 32, 3) if train else (1, 32, 64, 3)
    return network_case(
        f"oonet_gain_{'train' if train else 'eval'}",
        twin.OOnet("rfb", SMALL_RFB["oonet"], "gain"),
        "oonet.",
        {"hdr": Input(shape, 0.0, 4.0), "clip": Input(shape), "n": Input(shape)},
        {"network": "oonet", "down": "rfb", "oonet_residual": "gain", "widths": SMALL_RFB},
        train=train,
        clear_of_kinks=CLEAR,
    )


def expandnet(batch, height, width):
    widths = {"local": (5, 7), "dilated": 6, "global": 5, "fused": 6}
    module = expandnet_twin.ExpandNet(widths)
    case = network_case(
        f"expandnet_{height}x{width}",
        module,
        "expandnet.",
        {"input": Input((batch, height, width, 3))},
        {"network": "expandnet", "widths": widths},
        lambda x: {"out": module(x), "aux/global": module.vector(x).flatten(1)},
    )
    case.stored = torch.float64
    return case


def hdrcnn(train):
    widths = (4, 5, 6, 8, 7)
    shape = (2, 64, 96, 3) if train else (1, 64, 96, 3)
    return network_case(
        f"hdrcnn_{'train' if train else 'eval'}",
        hdrcnn_twin.Hdrcnn(widths),
        "hdrcnn.",
        {"input": Input(shape)},
        {"network": "hdrcnn", "widths": widths},
        train=train,
        clear_of_kinks=0.0 if train else CLEAR,
    )


def hdrcnn_chain(height, width):
    """The whole way from a photograph, its brightest codes clipped."""
    widths = (4, 5, 6, 8, 7)
    net = hdrcnn_twin.Hdrcnn(widths)
    return network_case(
        f"hdrcnn_chain_{height}x{width}",
        net,
        "hdrcnn.",
        {"input": Input((1, height, width, 3), 0.6, 1.0)},
        {"network": "hdrcnn_chain", "widths": widths},
        lambda x: hdrcnn_twin.light_of(net, x),
    )


def vgg16():
    module = vgg_twin.Vgg16Features()
    inputs = {"input": Input((1, 40, 56, 3))}
    return network_case("vgg16", module, "vgg16.", inputs, {"network": "vgg16"}, lambda x: pools(module(x)))


def pools(features):
    return {f"pool{i}": x for i, x in enumerate(features, 1)}


def with_aux(result):
    """`out` as the output, all else stored without gradient."""
    return {k if k == "out" else f"aux/{k}": x for k, x in result.items()}


def chain_range(forward, size):
    """Input range; a single LDR pixel must be bright to pass the mask."""
    if not forward:
        return 0.0, 4.0
    return (0.95 if size == (1, 1) else 0.0), 1.0


def chain(direction, trunk, down, size, max_side, itnet_iterations=1, variant="", clear_of_kinks=0.0, **architecture):
    """A whole direction; the case's parameters are those of the networks that it runs."""
    model = load(twin.DuHdr(trunk, down, itnet_iterations, max_side, **architecture), "").eval()
    forward = direction == "ldr_to_hdr"
    used = ("dnet.", "innet.", "itnet.", "oonet.") if forward else ("nnet.",)
    height, width = size
    name = f"{direction}{variant}_{trunk}" + (f"_{down}" if forward else "") + f"_{height}x{width}"
    name += f"_side{max_side}" if max_side != 1024 else ""
    options = {"network": direction, "trunk": trunk, "response_max_side": max_side, "mode": "eval"}
    if forward:
        options |= {"down": down, "itnet_iterations": itnet_iterations, "alpha": model.itnet.alpha}
    options |= architecture
    return Case(
        name=name,
        run=lambda x: with_aux(getattr(model, direction)(x)),
        inputs={"input": Input((1, height, width, 3), *chain_range(forward, size))},
        parameters={k: p for k, p in model.named_parameters() if k.startswith(used)},
        options=options,
        clear_of_kinks=clear_of_kinks,
    )


def camera_case(name, run, inputs, **options):
    return Case(name=name, run=run, inputs=inputs, options=options | {"network": "camera"})


def image(height, width, lo=0.0, hi=1.0, channels=3):
    return Input((1, height, width, channels), lo, hi)


def truncation(name, height, width, hi):
    """Input in [0, hi]; 1e-6 reaches the floor of the base layer."""
    inputs = {"input": image(height, width, 0.0, hi)}
    return camera_case(f"truncation_{name}", operations.truncate, inputs, op="truncate")


def pad(height, width, padding):
    """Padding = (top, bottom, left, right)."""
    inputs = {"input": image(height, width)}
    run = lambda x: operations.reflect_pad(x, *padding)
    return camera_case(f"reflect_pad_{height}x{width}", run, inputs, op="reflect_pad", padding=padding)


def shrink(height, width, max_side):
    run = lambda x: operations.area_shrink(x, max_side)
    name = f"area_shrink_{height}x{width}_to_{max_side}"
    return camera_case(name, run, {"input": image(height, width)}, op="area_shrink", max_side=max_side)


def monotone(name, samples, lo, hi, slope):
    """Input around a line of this slope, so that the steps fall or all rise."""
    line = slope * torch.arange(samples, dtype=torch.float64)
    run = lambda x: operations.monotone_curve(x + line)
    return camera_case(f"monotone_{name}", run, {"input": Input((2, samples), lo, hi)}, op="monotone", slope=slope)


def monotone_constant():
    """A constant curve becomes the identity, without gradient."""
    inputs = {"input": Input((1, 1024), 0.5, 0.5)}
    case = camera_case("monotone_constant", operations.monotone_curve, inputs, op="monotone", slope=0.0)
    case.zero_gradients = ("input",)
    return case


def curve_application():
    inputs = {"curve": Input((2, 1024)), "input": Input((2, 9, 13, 3), -0.25, 1.25)}
    return camera_case("apply_curve", operations.apply_curve, inputs, op="apply_curve")


def features(height, width):
    inputs = {"input": image(height, width, -0.1, 1.1)}
    return camera_case(f"features_{height}x{width}", operations.camera_features, inputs, op="features")


def curve_bound(x):
    """All pixels exactly at x; the slope is that of the first segment at 0 and zero at 1."""
    inputs = {"curve": Input((1, 1024)), "input": image(2, 3, x, x)}
    case = camera_case(f"apply_curve_at_{x:.0f}", operations.apply_curve, inputs, op="apply_curve")
    case.zero_gradients = ("input",) if x == 1 else ()
    return case


def quantiser(name, lo, hi):
    return camera_case(f"quantise{name}", operations.quantise, {"input": image(7, 11, lo, hi)}, op="quantise")


def mask():
    run = lambda x: operations.overexposure_mask(x, operations.ALPHA)
    return camera_case("mask", run, {"input": image(7, 11, 0.85, 1.05)}, op="mask", alpha=operations.ALPHA)


def chains():
    """Makers of the chain cases."""
    for trunk, down in (("resnet18", "rfb"), ("crfnet", "conv")):
        for size, max_side in (((45, 37), 32), ((1, 1), 32), ((33, 70), 32), ((45, 37), 1024)):
            yield lambda t=trunk, d=down, s=size, m=max_side: chain("ldr_to_hdr", t, d, s, m)
        yield lambda t=trunk, d=down: chain("hdr_to_ldr", t, d, (45, 37), 32)
    gains = {"itnet_residual": "gain", "oonet_residual": "gain", "widths": SMALL}
    yield lambda: chain("ldr_to_hdr", "resnet18", "conv", (45, 37), 32, variant="_gain", clear_of_kinks=CLEAR, **gains)


def makers():
    """Functions that make one case each, so that only one model is in memory."""
    yield dnet
    for net, trunk in (("innet", "resnet18"), ("innet", "crfnet"), ("nnet", "resnet18")):
        for train in (False, True):
            yield lambda n=net, t=trunk, m=train: response(n, t, m)
    for iterations, train in ((1, False), (1, True), (3, False), (3, True)):
        yield lambda i=iterations, m=train: itnet(i, m)
    yield lambda: itnet(3, False, literal=True)
    for down, train in (("rfb", False), ("rfb", True), ("conv", False)):
        yield lambda d=down, m=train: oonet(d, m)
    for train in (False, True):
        yield lambda m=train: itnet_gain(m)
        yield lambda m=train: itnet_half(m)
        yield lambda m=train: oonet_gain(m)
    for size in ((2, 33, 45), (1, 1, 1), (1, 5, 290)):
        yield lambda s=size: expandnet(*s)
    for train in (False, True):
        yield lambda m=train: hdrcnn(m)
    for size in ((45, 37), (1, 1)):
        yield lambda s=size: hdrcnn_chain(*s)
    yield vgg16
    yield from chains()
    for height, width in ((17, 23), (1, 5), (2, 3)):
        yield lambda h=height, w=width: truncation(f"{h}x{w}", h, w, 4.0)
    yield lambda: truncation("dark_5x7", 5, 7, 1e-6)
    for height, width, padding in ((5, 7, (2, 2, 2, 2)), (3, 2, (0, 29, 0, 30)), (1, 1, (1, 3, 2, 4))):
        yield lambda h=height, w=width, p=padding: pad(h, w, p)
    for height, width, side in ((45, 37, 16), (5, 70, 9), (1, 70, 16)):
        yield lambda a=(height, width, side): shrink(*a)
    yield lambda: monotone("falling", 1024, 0.0, 1.0, 1e-3)
    yield lambda: monotone("rising", 1024, 0.0, 1e-3, 1e-3)
    yield monotone_constant
    yield curve_application
    yield lambda: features(11, 13)
    yield lambda: features(1, 2)
    yield lambda: quantiser("", -0.25, 1.25)
    for bound in (0.0, 1.0):
        yield lambda b=bound: quantiser(f"_at_{b:.0f}", b, b)
        yield lambda b=bound: curve_bound(b)
    yield mask


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    total = 0
    for make in makers():
        case = make()
        if wanted in case.name:
            size = write_case(FOLDER, case).stat().st_size
            total += size
            print(f"{case.name:45s} {size:9,d} bytes")
    print(f"{total:,d} bytes")


if __name__ == "__main__":
    main()
