#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ExpandNet's published weights as a model directory: convert_expandnet.py WEIGHTS.pth FOLDER

WEIGHTS.pth is the state dictionary of the program at github.com/dmarnerides/hdr-expandnet. Needs NumPy and PyTorch (to
read the file). The mean inverse camera response, by which duhdr finds the exposure of a photograph, is the project's.
"""

import argparse
import pickle
import sys
from pathlib import Path

import numpy as np

from model_directory import BadWeights, take, write_model

CURVES = Path(__file__).resolve().parent.parent / "weights" / "curves" / "inverse.txt"
SAMPLES = 1024


def layers():
    """{name in the file: shape of its weight}; the bias has the first extent."""
    yield from (("local_net.0.0", (64, 3, 3, 3)), ("local_net.1.0", (128, 64, 3, 3)))
    yield from (("mid_net.0.0", (64, 3, 3, 3)), ("mid_net.1.0", (64, 64, 3, 3)), ("mid_net.2.0", (64, 64, 3, 3)))
    yield ("mid_net.3", (64, 64, 3, 3))
    yield from ((f"glob_net.{i}.0", (64, 3 if i == 0 else 64, 3, 3)) for i in range(6))
    yield from (("glob_net.6", (64, 64, 4, 4)), ("end_net.0.0", (64, 256, 1, 1)), ("end_net.1", (3, 64, 1, 1)))


def convert(state):
    """{name in the model directory: float32 array} of the state dictionary (name -> array)."""
    tensors = {}
    for layer, shape in layers():
        for part, extents in (("weight", shape), ("bias", shape[:1])):
            name = f"{layer}.{part}"
            if name not in state:
                raise BadWeights(f"{name} is missing")
            ours = name.replace("end_net.1.", "head.")
            tensors[f"expandnet.{ours}"] = take(name, state[name], extents)
    unknown = sorted(set(state) - {f"{layer}.{part}" for layer, _ in layers() for part in ("weight", "bias")})
    if unknown:
        raise BadWeights(f"{unknown[0]} does not belong to ExpandNet")
    return tensors


def mean_inverse_response(path=CURVES):
    """The block g0 of a file in EMoR's layout."""
    text = Path(path).read_text()
    begin = text.index("g0 =") + len("g0 =")
    return np.array(text[begin : text.index("hinv(1)=")].split(), dtype="<f4")


def read_state(path):
    import torch  # only here: the rest needs NumPy alone

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        raise BadWeights("no file of tensors as PyTorch writes it") from error
    if not isinstance(state, dict):
        raise BadWeights(f"a {type(state).__name__}, expected a dictionary of tensors")
    return {name: tensor.numpy() for name, tensor in state.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", help="the published .pth file")
    parser.add_argument("folder", help="where to write model.json and expandnet.safetensors")
    parser.add_argument("--licence", default="see the weights' publisher", help="what model.json says")
    arguments = parser.parse_args()
    try:
        tensors = convert(read_state(arguments.weights))
    except (BadWeights, OSError, AttributeError) as error:
        sys.exit(f"error: {arguments.weights}: {error}")
    tensors["expandnet.curve.mean"] = take("mean inverse response", mean_inverse_response(), (SAMPLES,))
    architecture = {
        "curve_samples": SAMPLES,
        "widths": {"local": [64, 128], "dilated": 64, "global": 64, "fused": 64},
    }
    write_model(arguments.folder, "expandnet", "expandnet", architecture, tensors, arguments.licence, arguments.weights)
    print(f"{arguments.folder}: {sum(x.size for x in tensors.values()):,d} values in {len(tensors)} arrays")


if __name__ == "__main__":
    main()
