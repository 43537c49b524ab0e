"""VGG16's convolutions in PyTorch: ITnet's encoder and the features of the perceptual loss. NCHW."""

import torch.nn as nn
import torch.nn.functional as F

from operations import vgg_input


def vgg_convs(module, widths, depths=(2, 2, 3, 3, 3), inputs=3, bias=True):
    """Add VGG16's conv1_1, conv1_2, conv2_1, ... to the module; returns their names, group by group."""
    groups = []
    for group, (width, depth) in enumerate(zip(widths, depths), 1):
        groups.append([f"conv{group}_{layer}" for layer in range(1, depth + 1)])
        for name in groups[-1]:
            setattr(module, name, nn.Conv2d(inputs, width, 3, padding=1, bias=bias))
            inputs = width
    return groups


class VggEncoder(nn.Module):
    """VGG16 conv1_1..conv5_3 on scaled input; returns the five pre-pool activations and the last pooled one.

    `normalised`: no bias, but BatchNorm bn1_1, ... between convolution and ReLU.
    """

    def __init__(self, widths, inputs=3, normalised=False):
        super().__init__()
        self.groups = vgg_convs(self, widths, inputs=inputs, bias=not normalised)
        self.normalised = normalised
        for name in sum(self.groups, []) if normalised else ():
            setattr(self, name.replace("conv", "bn"), nn.BatchNorm2d(getattr(self, name).out_channels))

    def forward(self, x):
        skips = []
        for group in self.groups:
            for name in group:
                x = getattr(self, name)(x)
                if self.normalised:
                    x = getattr(self, name.replace("conv", "bn"))(x)
                x = F.relu(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        return skips, x


class Vgg16Features(nn.Module):
    """Perceptual features: RGB [N,3,H,W] in [0,1] -> activations after pool1, pool2, pool3."""

    def __init__(self, widths=(64, 128, 256)):
        super().__init__()
        self.groups = vgg_convs(self, widths)

    def forward(self, x):
        x, features = vgg_input(x), []
        for group in self.groups:
            for name in group:
                x = F.relu(getattr(self, name)(x))
            x = F.max_pool2d(x, 2)
            features.append(x)
        return features
