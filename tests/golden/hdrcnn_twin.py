# SPDX-License-Identifier: Apache-2.0
"""HDRCNN in PyTorch (Eilertsen et al. 2017) and its loss: the plain twin of models/hdrcnn, for golden values only.

Tensors are NCHW. Names of parameters are those of the weight files. Everything works in float32 and float64.
"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from layers_twin import ConvBn, batch_norm, conv
from operations import crop, overexposure_mask, pad_to_stride, vgg_input
from vgg_twin import VggEncoder

EPS = 1 / 255
PUBLISHED = (64, 128, 256, 512, 512)
LUMINANCE = (0.213, 0.715, 0.072)


class UpBn(nn.Module):
    """Transposed 4x4 convolution of stride 2 -> BN, without activation."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
        self.bn = batch_norm(outputs)

    def forward(self, x):
        return self.bn(self.conv(x))


def to_log(x):
    """Code values to the logarithm of light."""
    return torch.log(x.square() + EPS)


class Hdrcnn(nn.Module):
    """[N,3,H,W], code values, H, W multiples of 32 -> ln(H + 1/255)."""

    def __init__(self, widths=PUBLISHED):
        super().__init__()
        self.encoder = VggEncoder(widths)
        self.bottleneck = ConvBn(widths[4], widths[4], 3, bias=True)
        inputs = widths[4]
        for level, width in enumerate(reversed(widths), 1):
            setattr(self, f"up{level}", UpBn(inputs, width))
            setattr(self, f"fuse{level}", conv(2 * width, width, 1))
            inputs = width
        self.out = ConvBn(inputs, 3, 1, bias=True)
        self.fuse0 = conv(6, 3, 1)

    def forward(self, x):
        skips, y = self.encoder(vgg_input(x))
        y = F.relu(self.bottleneck(y))
        for level, skip in enumerate(reversed(skips), 1):
            y = F.relu(getattr(self, f"up{level}")(y))
            y = getattr(self, f"fuse{level}")(torch.cat([y, to_log(skip / 255)], 1))
        y = F.relu(self.out(y))
        return self.fuse0(torch.cat([y, to_log(x)], 1))


def light_of(net, image):
    """The whole way: a photograph of any size to light."""
    x = pad_to_stride(image)
    mask = overexposure_mask(x)
    light = F.relu(torch.exp(net(x)) - EPS)
    return crop((1 - mask) * x.square() + mask * light, *image.shape[2:])


# ------------------------------------------------------------------------------------------------------------- loss


def gaussian(like, size=13, deviations=2):
    """[1,1,size,size], as the published training program makes it."""
    interval = (2 * deviations + 1) / size
    edges = torch.linspace(
        -deviations - interval / 2, deviations + interval / 2, size + 1, dtype=torch.float64, device=like.device
    )
    shares = torch.diff(0.5 * (1 + torch.erf(edges / math.sqrt(2))))
    kernel = torch.outer(shares, shares).sqrt()
    return (kernel / kernel.sum()).to(like)[None, None]


def illumination(light):
    """Blurred log luminance [N,1,H,W] of light [N,3,H,W], zeros around the image."""
    weight = torch.tensor(LUMINANCE, dtype=light.dtype, device=light.device)[None, :, None, None]
    luminance = (light * weight).sum(1, keepdim=True)
    return F.conv2d(torch.log(luminance + EPS), gaussian(light), padding=6)


def errors(estimate, hdr):
    """Squared differences of illumination [N,1,H,W] and reflectance [N,3,H,W], where the target is clipped."""
    mask = overexposure_mask(hdr)
    ours, wanted = illumination(torch.exp(estimate) - EPS), illumination(hdr)
    reflectance = (estimate - ours) - (torch.log(hdr + EPS) - wanted)
    return mask * (ours - wanted).square(), mask * reflectance.square()
