"""Golden values of HDR-VDP-3 by vdp_twin.py: data/hdr_vdp3.safetensors.

A case has `<case>/estimate` and `<case>/truth` ([1, H, W, 3] or [1, H, W, 1] float32, cd/m2), `<case>/options` (pixels
per degree, 1 with glare, else 0) and `<case>/q`; its name begins with the encoding.
"""

from pathlib import Path

import numpy as np
from scipy import ndimage

from fill import fill
from golden_file import write_safetensors
from vdp_twin import quality

# encoding, H, W, log10 of the darkest and of the brightest light, pixels per degree, glare
CASES = {
    "rgb-bt.709/dim": ("rgb-bt.709", 37, 53, -4, -1, 22.5, True),
    "rgb-bt.709/office": ("rgb-bt.709", 64, 97, -1, 3, 30, True),
    "rgb-native/bright": ("rgb-native", 101, 67, 2, 4.5, 45, True),
    "rgb-native/range": ("rgb-native", 52, 26, -5, 8, 8, False),
    "luminance/least": ("luminance", 13, 40, 0, 2, 90, True),
    "luminance/coarse": ("luminance", 71, 131, -6, 1, 4.5, False),
}


def pictures(name, height, width, channels, low, high):
    """Soft shapes, and the same with its light cut above the 80 % quantile, another gain and grain."""
    shape = (height, width, channels)
    soft = ndimage.gaussian_filter(fill(f"vdp/{name}", shape, -1, 1).astype(np.float64), (3, 3, 0.4))
    soft = (soft - soft.min()) / (soft.max() - soft.min())
    reference = (10 ** (low + (high - low) * soft)).astype(np.float32)
    test = 1.05 * np.minimum(reference, np.quantile(reference, 0.8)) * fill(f"vdp/{name}/grain", shape, 0.9, 1.1)
    return test.astype(np.float32), reference


def main():
    tensors = {}
    for name, (encoding, height, width, low, high, ppd, glare) in CASES.items():
        channels = 1 if encoding == "luminance" else 3
        test, reference = pictures(name, height, width, channels, low, high)
        q = quality(test.astype(np.float64), reference.astype(np.float64), encoding, ppd, glare)
        tensors |= {f"{name}/estimate": test[None], f"{name}/truth": reference[None]}
        tensors |= {f"{name}/options": np.array([ppd, glare], np.float64), f"{name}/q": np.array([q])}
        print(name, q)
    path = Path(__file__).resolve().parent / "data" / "hdr_vdp3.safetensors"
    write_safetensors(path, tensors, {"numpy": np.__version__})


if __name__ == "__main__":
    main()
