# SPDX-License-Identifier: Apache-2.0
"""The twin's chain for pictures too large for it: its U-Nets tile by tile, what sees the whole image on the whole.

A tile carries a halo at least as wide as what its pixels depend on, so the result is the untiled one but for the last
digits of float64.
"""

import torch

import operations
import twin

WHOLE = 1536 * 1536  # pixels that the twin takes at once
# Pixels, multiples of the twin's stride; no U-Net's pixel reaches further than the halo, twice of it where the net works
# at half the resolution. In float64 PyTorch unfolds images for its convolutions: 5 GB for such a tile.
CORE, HALO = 512, 256


def by_tiles(network, *images, halo=HALO):
    """network(*images) for images [1,C,H,W], of which later ones may be a whole number of times smaller."""
    height, width = images[0].shape[2:]

    def part(image, top, left, bottom, right):
        scale = height // image.shape[2]
        return image[:, :, top // scale : bottom // scale, left // scale : right // scale]

    rows = []
    for top in range(0, height, CORE):
        row = []
        for left in range(0, width, CORE):
            bottom, right = min(height, top + CORE), min(width, left + CORE)
            y, x = max(0, top - halo), max(0, left - halo)
            window = (y, x, min(height, bottom + halo), min(width, right + halo))
            result = network(*(part(image, *window) for image in images))
            scale = (window[2] - y) // result.shape[2]
            core = [(end - start) // scale for end, start in ((top, y), (bottom, y), (left, x), (right, x))]
            row.append(result[:, :, core[0] : core[1], core[2] : core[3]])
        rows.append(torch.cat(row, 3))
    return torch.cat(rows, 2)


def ldr_to_hdr(model, ldr):
    """[1,3,H,W] in [0,1] -> linear HDR, as twin.DuHdr.ldr_to_hdr."""
    height, width = ldr.shape[2:]
    if height * width <= WHOLE:
        return model.ldr_to_hdr(ldr)["out"]
    n = by_tiles(model.dnet, operations.pad_to_stride(ldr, model.stride))
    clip = operations.apply_curve(model.response(model.innet, n, height, width), n)
    hdr = by_tiles(model.itnet, clip, halo=model.itnet.scale * HALO)
    net = model.oonet
    middle = net.ms_se(by_tiles(lambda *inputs: net.encode(*inputs)[-1], hdr, clip, n))
    out = by_tiles(lambda hdr, clip, n, middle: net.decode(hdr, net.encode(hdr, clip, n), middle), hdr, clip, n, middle)
    return operations.crop(out, height, width)
