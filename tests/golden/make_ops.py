# SPDX-License-Identifier: Apache-2.0
"""Write the golden files of the op case table: bin/op_golden_test --list-cases | python make_ops.py [part of a name].

The table (JSON on stdin) gives the name of each row, the shapes and ranges of its inputs, and a convolution's options.
What an op computes is said here a second time, in PyTorch and float64. Tensors of rank 4 are NHWC.
"""

import json
import re
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

import operations
from golden_file import FORMAT, filled, to_nchw, to_nhwc, write_safetensors

FOLDER = Path(__file__).resolve().parent / "data" / "ops"

ACTIVATIONS = {
    "none": lambda x: x,
    "relu": F.relu,
    "leaky_relu": operations.leaky,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "selu": F.selu,
}


def images(function):
    """The op `function` of NCHW tensors, for rows of NHWC tensors."""
    return lambda row, *inputs: to_nhwc(function(row, *(to_nchw(x) for x in inputs)))


# Ops whose rows differ in more than their inputs: variant -> arguments.
SLICES = {"first": (0, 5), "middle": (1, 3), "last": (2, 1), "all": (0, 3)}
PADDINGS = {  # top, bottom, left, right
    "sides": (1, 3, 3, 2),
    "to_multiple": (0, 3, 0, 1),
    "folded": (3, 7, 5, 9),
    "row": (2, 4, 0, 1),
    "pixel": (0, 3, 0, 2),
    "none": (0, 0, 0, 0),
}
CROPS = {"middle": (1, 2, 4, 2), "corner": (3, 6, 1, 1), "all": (0, 0, 3, 1)}  # top, left, height, width
POOLS = {"2x2": (2, 2, 0), "3x3s2": (3, 2, 1), "3x3s1": (3, 1, 1), "1x1s3": (1, 3, 0)}  # kernel, stride, padding
LINEAR_ACTIVATIONS = {
    "relu": "relu",
    "leaky_images": "leaky_relu",
    "tanh_one_image": "tanh",
    "one_output": "sigmoid",
    "no_bias_sigmoid": "sigmoid",
}
NORM_ACTIVATIONS = {
    "batch_relu": "relu",
    "batch_blocks": "relu",
    "batch_leaky_c1": "leaky_relu",
    "batch_tanh_row": "tanh",
    "batch_sigmoid_c17": "sigmoid",
    "running_relu": "relu",
    "running_leaky_pixel": "leaky_relu",
}


def conv2d(row, x, weight, *rest):
    """Operands: x, weight, then of bias, skip and residual those that the layer has."""
    options, rest = row["options"], list(rest)
    bias = rest.pop(0) if options["bias"] else None
    if options["skip"]:
        x = torch.cat([x, rest.pop(0)], 3)
    residual = rest.pop(0) if options["residual"] else 0
    x = to_nchw(x)
    if options["transposed"]:
        y = F.conv_transpose2d(x, weight, bias, stride=2, padding=1)
        return ACTIVATIONS[options["activation"]](to_nhwc(y))
    if options["features"]:
        x = operations.camera_features(x)
    if options["upsample"]:
        x = operations.nearest_up(x)
    padding = weight.shape[2] // 2 * options["dilation"]
    groups = x.shape[1] if options["depthwise"] else 1
    y = F.conv2d(x, weight, bias, options["stride"], padding, options["dilation"], groups)
    return ACTIVATIONS[options["activation"]](to_nhwc(y) + residual)


def linear(row, x, weight, bias=None):
    return ACTIVATIONS[LINEAR_ACTIVATIONS.get(row["variant"], "none")](F.linear(x.flatten(1), weight, bias))


def batch_norm(row, x, weight, bias):
    """Running statistics begin at 0.2 + 0.05 c and 0.5 + 0.1 c."""
    variant, channel = row["variant"], torch.arange(x.shape[3], dtype=torch.float64)
    eps = 0.1 if variant == "running_eps" else 1e-5
    statistics = 0.2 + 0.05 * channel, 0.5 + 0.1 * channel
    y = F.batch_norm(to_nchw(x), *statistics, weight, bias, variant.startswith("batch"), 0.1, eps)
    return to_nhwc(ACTIVATIONS[NORM_ACTIVATIONS.get(variant, "none")](y))


def max_pool2d(row, x):
    return F.max_pool2d(x, *POOLS[row["variant"].split("_")[0]])


def target_size(row):
    """The (height, width) that ends the variant's name."""
    return tuple(int(side) for side in re.search(r"_to_(\d+)x(\d+)$", row["variant"]).groups())


def area_downscale(row, x):
    """The photograph shrinks to a third."""
    height, width = x.shape[2:]
    new_height, new_width = (height // 3, width // 3) if row["variant"] == "photograph" else target_size(row)
    return operations.area_matrix(height, new_height, x) @ x @ operations.area_matrix(width, new_width, x).T


def pixel_shuffle(row, x):
    return F.pixel_shuffle(x, 3 if row["variant"] == "by_3" else 2)


def pixel_unshuffle(row, x):
    return F.pixel_unshuffle(x, 4 if row["variant"] == "by_4" else 2)


def resize_bilinear(row, x):
    return F.interpolate(x, target_size(row), mode="bilinear", align_corners=False, antialias=False)


def concat_channels(row, *sources):
    return torch.cat(sources * 2 if row["variant"] == "twice" else sources, -1)


def slice_channels(row, x):
    return x.narrow(-1, *SLICES[row["variant"]])


def crop(row, x):
    top, left, height, width = CROPS[row["variant"]]
    return x[:, top : top + height, left : left + width]


def reshape(row, x):
    return x.reshape(x.shape[0], -1) if row["variant"] == "merge" else x


def monotone_curve(row, curve):
    slope = 0.2 if row["variant"] == "rising" else 0.0
    return operations.monotone_curve(curve + slope * torch.arange(curve.shape[1], dtype=torch.float64))


def apply_curve(row, curve, x):
    if row["variant"] == "made_monotone":
        curve = operations.monotone_curve(curve)
    return to_nhwc(operations.apply_curve(curve, to_nchw(x)))


def box(x, radius):
    """Every pixel's window of (2 radius + 1)^2 pixels, [N,C,window,H,W]."""
    n, c, h, w = x.shape
    size = 2 * radius + 1
    return F.unfold(operations.reflect_pad(x, *[radius] * 4), size).view(n, c, size * size, h, w)


def truncation(row, hdr):
    radius, eps = {"radius_1": (1, 0.1), "radius_0": (0, 0.01)}.get(row["variant"], (2, 0.01))
    window = box(hdr, radius)
    mean = window.mean(2)
    variance = (window - mean[:, :, None]).square().mean(2)
    a = variance / (variance + eps)
    b = (1 - a) * mean
    base = (box(a, radius).mean(2) * hdr + box(b, radius).mean(2)).clamp(min=1e-6)
    return base.clamp(max=1) * (hdr / base)


def exposure_mask(row, x):
    return operations.overexposure_mask(x, 0.5 if row["variant"] == "from_half" else 0.95)


def exposure_ratio(row, codes, light, curve):
    """The upper median of the ratios of well exposed pixels; all ratios are positive and finite here."""
    position = codes * (len(curve) - 1)
    low = position.floor().long().clamp(max=len(curve) - 2)
    linear = curve[low] + (position - low) * (curve[low + 1] - curve[low])
    good = (codes.amin(3) >= 0.1) & (codes.amax(3) <= 0.8)
    ratios = [(l.sum(2) / h.sum(2))[g].sort().values for l, h, g in zip(linear, light, good)]
    return torch.stack([r[len(r) // 2] if len(r) else r.new_ones(()) for r in ratios]).reshape(-1, 1, 1, 1)


def weighted_mean(error, image=None, pixel=None):
    """sum_n image_n mean(pixel * error)_n / sum_n image_n, as [1]."""
    per_image = (error if pixel is None else pixel * error).mean((1, 2, 3))
    weight = torch.ones_like(per_image) if image is None else image.flatten()
    return ((weight * per_image).sum() / weight.sum()).reshape(1)


def squared_error(row, a, b, *weights):
    return weighted_mean((a - b).square(), *weights)


def absolute_error(row, a, b, *weights):
    return weighted_mean((a - b).abs(), *weights)


def cosine_error(row, a, b, *weights):
    return weighted_mean(1 - F.cosine_similarity(a, b, dim=3, eps=1e-20)[..., None], *weights)


def squared_log_error(row, a, b, *weights):
    return weighted_mean(((a + 1 / 255).log() - (b + 1 / 255).log()).square(), *weights)


def mu_law_error(row, a, b, *weights):
    return weighted_mean((OPS["mu_law"](row, a) - OPS["mu_law"](row, b)).abs(), *weights)


OPS = {
    "affine": lambda row, x: -1.5 * x + 0.25,
    "square": lambda row, x: x.square(),
    "sqrt": lambda row, x: x.sqrt(),
    "abs": lambda row, x: x.abs(),
    "exp": lambda row, x: x.exp(),
    "log": lambda row, x: (x + 1 / 255).log(),
    "log_square": lambda row, x: ((0.5 * x).square() + 1 / 255).log(),
    "mu_law": lambda row, x: torch.log1p(10 * x) / torch.log1p(torch.tensor(10.0, dtype=torch.float64)),
    "clamp": lambda row, x: x.clamp(0, 1),
    "relu": lambda row, x: F.relu(x),
    "leaky_relu": lambda row, x: operations.leaky(x),
    "selu": lambda row, x: F.selu(x),
    "tanh": lambda row, x: x.tanh(),
    "sigmoid": lambda row, x: x.sigmoid(),
    "activated": lambda row, x: ACTIVATIONS[row["variant"]](x),
    "cast": lambda row, x: x.clone(),
    "add": lambda row, a, b: a + b,
    "sub": lambda row, a, b: a - b,
    "mul": lambda row, a, b: a * b,
    "gain": lambda row, a, b: a * 10**b,
    "div": lambda row, a, b: a / b,
    "maximum": lambda row, a, b: torch.maximum(a, b),
    "minimum": lambda row, a, b: torch.minimum(a, b),
    "sum": lambda row, x: x.sum().reshape(1),
    "mean": lambda row, x: x.mean().reshape(1),
    "squared_error": squared_error,
    "absolute_error": absolute_error,
    "cosine_error": cosine_error,
    "squared_log_error": squared_log_error,
    "mu_law_error": mu_law_error,
    "sum_per_image": lambda row, x: x.sum((1, 2, 3), keepdim=True),
    "mean_per_image": lambda row, x: x.mean((1, 2, 3), keepdim=True),
    "max_per_image": lambda row, x: x.flatten(1).max(1).values.reshape(-1, 1, 1, 1),
    "channel_max": lambda row, x: x.max(3, keepdim=True).values,
    "avg_pool2d": images(lambda row, x: F.avg_pool2d(x, 2)),
    "max_pool2d": images(max_pool2d),
    "global_avg_pool": lambda row, x: x.mean((1, 2), keepdim=True),
    "upsample_nearest2x": images(lambda row, x: operations.nearest_up(x)),
    "upsample_bilinear2x": images(lambda row, x: operations.bilinear_up(x)),
    "pixel_shuffle": images(pixel_shuffle),
    "pixel_unshuffle": images(pixel_unshuffle),
    "resize_bilinear": images(resize_bilinear),
    "area_downscale": images(area_downscale),
    "concat_channels": concat_channels,
    "slice_channels": slice_channels,
    "reflect_pad": images(lambda row, x: operations.reflect_pad(x, *PADDINGS[row["variant"]])),
    "crop": crop,
    "reshape": reshape,
    "batch_norm": batch_norm,
    "linear": linear,
    "conv2d": conv2d,
    "sobel": images(lambda row, x: operations.sobel(x)),
    "soft_histogram": images(lambda row, x: operations.soft_histogram(x, int(row["variant"].split("_")[0]))),
    "response_features": images(lambda row, x: operations.camera_features(x)),
    "monotone_curve": monotone_curve,
    "apply_curve": apply_curve,
    "truncation": images(truncation),
    "exposure_ratio": exposure_ratio,
    "exposure_mask": images(exposure_mask),
    "masked_add": lambda row, x, mask, residual: x + mask * residual,
    "masked_gain": lambda row, x, mask, residual: x * 10 ** (mask * residual),
    "quantise": lambda row, x: operations.quantise(x),
    "vgg_input": images(lambda row, x: operations.vgg_input(x)),
}


def evaluate(row):
    """Name -> array: `out`, and `grad/<index>` of sum(out * g) for every input that has a gradient."""
    name = f"{row['op']}/{row['variant']}"
    inputs = []
    for index, given in enumerate(row["inputs"]):
        x = filled(f"{name}/{index}", tuple(given["shape"]), *given["range"])
        inputs.append(x.requires_grad_(given["differentiable"]))
    out = OPS[row["op"]](row, *inputs)
    wanted = {f"grad/{k}": x for k, x in enumerate(inputs) if x.requires_grad}
    g = filled(f"{name}/grad_out", tuple(out.shape), -1, 1)
    inputs = list(wanted.values())
    gradients = torch.autograd.grad((out * g).sum(), inputs, materialize_grads=True) if inputs else ()
    tensors = {"out": out} | dict(zip(wanted, gradients))
    return {k: x.detach().to(torch.float32).contiguous().numpy() for k, x in tensors.items()}


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = {f"{row['op']}__{row['variant']}.safetensors": row for row in json.load(sys.stdin)}
    for file in sorted(FOLDER.iterdir()):
        if file.name not in rows:
            file.unlink()
    for file, row in rows.items():
        if wanted in file:
            meta = {"format": FORMAT, "torch": torch.__version__, "case": f"{row['op']}/{row['variant']}"}
            write_safetensors(FOLDER / file, evaluate(row), meta)
    total = sum(file.stat().st_size for file in FOLDER.iterdir())
    print(f"{len(rows)} rows, {total:,d} bytes")


if __name__ == "__main__":
    main()
