"""Deterministic weights and inputs without files; fill.h is the same rule in C++.

value(name, i) = float32(lo + (hi - lo) * u), u = the top 24 bits of splitmix64(key(name) + (i + 1) * GOLDEN) / 2^24,
key(name) = FNV-1a 64 of the UTF-8 name, i = flat index (NHWC order for images, PyTorch order for parameters).
"""

import math

import numpy as np

GOLDEN = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1

# Gains of layers whose scale matters (all others: 1). First matching suffix wins.
GAINS = (
    ("expandnet.head.weight", 1.0),
    ("dnet.head.weight", 0.1),
    ("oonet.head.weight", 0.1),
    (".fc.weight", 0.05),
    ("itnet.bottleneck.conv.weight", 1.0 / 255.0),
    ("hdrcnn.bottleneck.conv.weight", 1.0 / 255.0),
)


def key_of(name):
    """FNV-1a 64 of the UTF-8 name."""
    key = 0xCBF29CE484222325
    for byte in name.encode("utf-8"):
        key = ((key ^ byte) * 0x100000001B3) & MASK
    return key


def fill(name, shape, lo, hi):
    """float32 array of this shape, uniform in [lo, hi)."""
    count = math.prod(shape)
    z = np.arange(1, count + 1, dtype=np.uint64)
    z *= np.uint64(GOLDEN)
    z += np.uint64(key_of(name))
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    u = (z >> np.uint64(40)).astype(np.float64) / 2.0**24
    return (lo + (hi - lo) * u).astype(np.float32).reshape(shape)


def is_norm(name):
    """True if the parameter belongs to a BatchNorm: module called bn*, or a projection shortcut's second part."""
    module = name.rpartition(".")[0]
    return module.rpartition(".")[2].startswith("bn") or module.endswith("downsample.1")


def range_of(name, shape):
    """(lo, hi) of a network parameter; fan_in = product of all dimensions but the first."""
    if name.endswith("running_mean"):
        return -0.2, 0.2
    if name.endswith("running_var"):
        return 0.5, 1.5
    if is_norm(name):
        return (0.5, 1.5) if name.endswith(".weight") else (-0.2, 0.2)
    if name == "itnet.fuse0.bias":
        return 0.1, 0.5
    if name.endswith(".bias"):
        return -0.1, 0.1
    gain = next((g for suffix, g in GAINS if name.endswith(suffix)), 1.0)
    bound = gain * math.sqrt(6.0 / math.prod(shape[1:]))
    return -bound, bound


def curve_mean(name, samples):
    """Mean curve [samples]: x^(1/2.2) for nnet, x^2.2 else, x = i / (samples - 1)."""
    x = np.arange(samples, dtype=np.float64) / (samples - 1)
    return np.power(x, 1.0 / 2.2 if name.startswith("nnet.") else 2.2).astype(np.float32)


def curve_basis(samples, vectors):
    """Basis [samples, vectors]: sin(pi * (j + 1) * x) / sqrt(samples / 2), exactly zero at both ends."""
    x = np.arange(samples, dtype=np.float64)[:, None] / (samples - 1)
    basis = np.sin(np.pi * np.arange(1, vectors + 1) * x) / math.sqrt(samples / 2.0)
    basis[[0, -1]] = 0.0
    return basis.astype(np.float32)


def parameter(name, shape):
    """float32 value of a network parameter or buffer."""
    if name.endswith("curve.mean"):
        return curve_mean(name, shape[0])
    if name.endswith("curve.basis"):
        return curve_basis(*shape)
    return fill(name, shape, *range_of(name, shape))
