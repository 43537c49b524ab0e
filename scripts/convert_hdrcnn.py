#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HDRCNN's published weights as a model directory: convert_hdrcnn.py WEIGHTS.npz FOLDER

WEIGHTS.npz is what TensorLayer 1's save_npz wrote of the program at github.com/gabrieleilertsen/hdrcnn: one entry,
`params`, a list of 80 arrays in the order in which the network is built (layout() below), without names. Needs NumPy.
"""

import argparse
import io
import pickle
import sys
import zipfile

import numpy as np

from model_directory import BadWeights, take, write_model

WIDTHS = (64, 128, 256, 512, 512)
DEPTHS = (2, 2, 3, 3, 3)  # convolutions of a level of VGG16
CONV = "OIHW of HWIO"  # TensorFlow's [kh, kw, in, out] -> [out, in, kh, kw]
TRANSPOSED = "IOHW of HWOI"  # TensorFlow's [kh, kw, out, in] -> [in, out, kh, kw]; the same permutation of the axes
VECTOR = "as it is"


def conv(name, inputs, outputs, kernel):
    return [(f"{name}.weight", CONV, (outputs, inputs, kernel, kernel)), (f"{name}.bias", VECTOR, (outputs,))]


def transposed(name, inputs, outputs):
    return [(f"{name}.weight", TRANSPOSED, (inputs, outputs, 4, 4)), (f"{name}.bias", VECTOR, (outputs,))]


def batch_norm(name, channels):
    """TensorLayer's order: beta, gamma, moving mean, moving variance."""
    return [(f"{name}.{part}", VECTOR, (channels,)) for part in ("bias", "weight", "running_mean", "running_var")]


def layout(widths=WIDTHS):
    """(name, kind, shape in the model directory) of every array of the file, in its order."""
    arrays, inputs = [], 3
    for level, (width, depth) in enumerate(zip(widths, DEPTHS), 1):  # encoder/h1 .. h5
        for number in range(1, depth + 1):
            arrays += conv(f"encoder.conv{level}_{number}", inputs, width, 3)
            inputs = width
    arrays += conv("bottleneck.conv", inputs, inputs, 3) + batch_norm("bottleneck.bn", inputs)  # encoder/h6
    for level, width in enumerate(reversed(widths), 1):  # decoder/h1 .. h5, each with the fusion of the next
        arrays += transposed(f"up{level}.conv", inputs, width) + batch_norm(f"up{level}.bn", width)
        arrays += conv(f"fuse{level}", 2 * width, width, 1)
        inputs = width
    arrays += conv("out.conv", inputs, 3, 1) + batch_norm("out.bn", 3)  # decoder/h7
    return arrays + conv("fuse0", 6, 3, 1)


class ArraysOnly(pickle.Unpickler):
    """A list of arrays is stored as a pickle, which may name any function of Python: only NumPy's own are allowed."""

    ALLOWED = {
        ("multiarray", "_reconstruct"),
        ("multiarray", "scalar"),
        ("numeric", "_frombuffer"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("_codecs", "encode"),
    }

    def find_class(self, module, name):
        last = module.rpartition(".")[2]
        known = module.split(".")[0] == "numpy" and (last, name) in self.ALLOWED
        if not known and (module, name) != ("_codecs", "encode"):
            raise BadWeights(f"the file asks for {module}.{name}, which is no array")
        return super().find_class(module, name)


def read_params(path):
    """The list of arrays of the file."""
    with zipfile.ZipFile(path) as archive:
        if "params.npy" not in archive.namelist():
            raise BadWeights(f"no entry `params` (found {', '.join(archive.namelist())})")
        file = io.BytesIO(archive.read("params.npy"))
    version = np.lib.format.read_magic(file)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(file)
    if len(shape) != 1 or not dtype.hasobject:
        raise BadWeights(f"`params` is {dtype} {shape}, expected a list of arrays")
    return list(ArraysOnly(file, encoding="latin1").load())  # latin1: files written by Python 2


def convert(arrays, widths=WIDTHS):
    """{name in the model directory: float32 array} of the list of the file."""
    expected = layout(widths)
    if len(arrays) != len(expected):
        raise BadWeights(f"{len(arrays)} arrays, expected {len(expected)}")
    tensors = {}
    for number, (array, (name, kind, shape)) in enumerate(zip(arrays, expected)):
        array = np.asarray(array)
        if kind != VECTOR and array.ndim == 4:
            array = array.transpose(3, 2, 0, 1)
        tensors[f"hdrcnn.{name}"] = take(f"array {number} ({name})", array, shape)
        if name.endswith("running_var") and (array < 0).any():
            raise BadWeights(f"array {number} ({name}) has negative variances: another order of BatchNorm's arrays?")
    return tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", help="the published .npz file")
    parser.add_argument("folder", help="where to write model.json and hdrcnn.safetensors")
    parser.add_argument("--licence", default="see the weights' publisher", help="what model.json says")
    arguments = parser.parse_args()
    try:
        tensors = convert(read_params(arguments.weights))
    except (BadWeights, OSError, ValueError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        sys.exit(f"error: {arguments.weights}: {error}")
    architecture = {"widths": list(WIDTHS)}
    write_model(arguments.folder, "hdrcnn", "hdrcnn", architecture, tensors, arguments.licence, arguments.weights)
    print(f"{arguments.folder}: {sum(x.size for x in tensors.values()):,d} values in {len(tensors)} arrays")


if __name__ == "__main__":
    main()
