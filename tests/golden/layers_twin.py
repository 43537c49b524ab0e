"""Layers that the networks in PyTorch share. NCHW."""

import torch
import torch.nn as nn

from operations import bilinear_up, leaky


def conv(inputs, outputs, kernel, stride=1, dilation=1, groups=1, bias=True):
    """Convolution with symmetric zero padding floor(kernel / 2) * dilation."""
    padding = kernel // 2 * dilation
    return nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias)


def batch_norm(channels):
    return nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)


class ConvBn(nn.Module):
    """conv -> BN, without activation."""

    def __init__(self, inputs, outputs, kernel, dilation=1, bias=False):
        super().__init__()
        self.conv = conv(inputs, outputs, kernel, dilation=dilation, bias=bias)
        self.bn = batch_norm(outputs)

    def forward(self, x):
        return self.bn(self.conv(x))


def conv_pair(inputs, outputs, kernel):
    return nn.ModuleList([conv(inputs, outputs, kernel), conv(outputs, outputs, kernel)])


def run_pair(pair, x):
    return leaky(pair[1](leaky(pair[0](x))))


def up_pair(inputs, outputs):
    """0: after the upsampling; 1: after the concatenation [upsampled, skip]."""
    return nn.ModuleList([conv(inputs, outputs, 3), conv(2 * outputs, outputs, 3)])


def run_up(pair, x, skip):
    x = leaky(pair[0](bilinear_up(x)))
    return leaky(pair[1](torch.cat([x, skip], 1)))
