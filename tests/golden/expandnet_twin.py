# SPDX-License-Identifier: Apache-2.0
"""ExpandNet in PyTorch (Marnerides et al. 2018): the plain twin of models/expandnet, for golden values only.

Tensors are NCHW. Names of parameters are those of the published weights, but for
`head`, `end_net.1` there. Everything works in float32 and float64.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

SIDE = 256  # of the image that the global branch sees
COSINE_WEIGHT = 5  # of the loss
PUBLISHED = {"local": (64, 128), "dilated": 64, "global": 64, "fused": 64}


def selu_conv(inputs, outputs, kernel, **options):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, **options), nn.SELU())


class ExpandNet(nn.Module):
    def __init__(self, widths=PUBLISHED):
        super().__init__()
        first, second = widths["local"]
        dilated, vector, fused = widths["dilated"], widths["global"], widths["fused"]
        wide = dict(padding=2, dilation=2)
        half = dict(padding=1, stride=2)
        self.local_net = nn.Sequential(selu_conv(3, first, 3, padding=1), selu_conv(first, second, 3, padding=1))
        self.mid_net = nn.Sequential(
            selu_conv(3, dilated, 3, **wide),
            *(selu_conv(dilated, dilated, 3, **wide) for _ in range(2)),
            nn.Conv2d(dilated, dilated, 3, **wide),
        )
        self.glob_net = nn.Sequential(
            selu_conv(3, vector, 3, **half),
            *(selu_conv(vector, vector, 3, **half) for _ in range(5)),
            nn.Conv2d(vector, vector, 4),
        )
        self.end_net = nn.Sequential(selu_conv(second + dilated + vector, fused, 1))
        self.head = nn.Conv2d(fused, 3, 1)
        self.curve = nn.Module()
        self.curve.register_buffer("mean", torch.linspace(0, 1, 1024))

    def vector(self, x):
        """[N,V,1,1] of the whole image."""
        return self.glob_net(F.interpolate(x, (SIDE, SIDE), mode="bilinear", align_corners=False))

    def forward(self, x):
        vector = self.vector(x)
        branches = [self.local_net(x), self.mid_net(x), vector.expand(-1, -1, *x.shape[2:])]
        return torch.sigmoid(self.head(self.end_net(torch.cat(branches, 1))))


def normalised(hdr):
    """Every image from its least value 0 to its largest value 1."""
    least, most = hdr.amin((1, 2, 3), keepdim=True), hdr.amax((1, 2, 3), keepdim=True)
    return (hdr - least) / (most - least)


def angle(a, b):
    """1 - cosine of the colours of each pixel, [N,H,W]."""
    return 1 - F.cosine_similarity(a, b, dim=1, eps=1e-20)
