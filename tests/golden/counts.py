"""Print GFLOP at 512x512 (2 MAC of convolutions and linear layers) and trainable parameters of every network."""

import torch

import expandnet_twin
import hdrcnn_twin
import twin
import vgg_twin


def count(module, *shapes):
    """(FLOP, trainable parameters) of one pass on inputs of these shapes; nothing is computed."""
    flop = 0

    def add(layer, inputs, out):
        nonlocal flop
        positions = out.numel() // layer.weight.shape[0]  # pixels of a convolution, rows of a linear layer
        if isinstance(layer, torch.nn.ConvTranspose2d):  # every value of the input meets all taps
            positions = inputs[0].numel() // layer.weight.shape[0]
        flop += 2 * positions * layer.weight.numel()

    for layer in module.modules():
        if isinstance(layer, (torch.nn.Conv2d, torch.nn.ConvTranspose2d, torch.nn.Linear)):
            layer.register_forward_hook(add)
    module.to("meta")(*(torch.empty(shape, device="meta") for shape in shapes))
    return flop, sum(p.numel() for p in module.parameters())


def main():
    image = (1, 3, 512, 512)
    rows = {
        "dnet": count(twin.Dnet(), image),
        "innet resnet18": count(twin.ResponseNet("resnet18"), image),
        "innet crfnet": count(twin.ResponseNet("crfnet"), image),
        "itnet": count(twin.ITnet(), image),
        "oonet conv": count(twin.OOnet("conv"), image, image, image),
        "oonet rfb": count(twin.OOnet("rfb"), image, image, image),
        "vgg16 to pool3": count(vgg_twin.Vgg16Features(), image),
        "ExpandNet": count(expandnet_twin.ExpandNet(), image),
        "HDRCNN": count(hdrcnn_twin.Hdrcnn(), image),
    }
    for trunk, down in (("resnet18", "rfb"), ("crfnet", "conv")):
        parts = ("dnet", f"innet {trunk}", "itnet", f"oonet {down}")
        rows[f"DuHDR {trunk}, {down}"] = tuple(sum(rows[p][k] for p in parts) for k in (0, 1))
    for name, (flop, parameters) in rows.items():
        print(f"{name:22s} {flop / 1e9:9.3f} GFLOP {parameters:12,d} parameters")


if __name__ == "__main__":
    main()
