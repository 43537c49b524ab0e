# SPDX-License-Identifier: Apache-2.0
"""Writes a model directory for duhdr-infer (model.json and one safetensors file) from NumPy arrays; for the converters."""

import hashlib
import json
from pathlib import Path

import numpy as np


class BadWeights(Exception):
    """The published file is not what the converter expects."""


def take(name, array, shape):
    """The array as float32 of this shape; refuses anything else."""
    array = np.asarray(array)
    if array.shape != shape:
        raise BadWeights(f"{name} has shape {array.shape}, expected {shape}")
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise BadWeights(f"{name} ({array.dtype}) has values that are no finite numbers")
    return np.ascontiguousarray(array, dtype="<f4")


def safetensors(tensors, metadata):
    """Bytes of a safetensors file of float32 arrays, in the order of their names."""
    header, offset = {"__metadata__": metadata}, 0
    for name, x in sorted(tensors.items()):
        header[name] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [offset, offset + x.nbytes]}
        offset += x.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(x.tobytes() for _, x in sorted(tensors.items()))


def write_model(folder, name, family, architecture, tensors, licence, source):
    """A model of one network, called like its family; `source` is the published file."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    data = safetensors(tensors, {"network": family})
    (folder / f"{family}.safetensors").write_bytes(data)
    description = {
        "format_version": 1,
        "name": name,
        "licence": licence,
        "provenance": {
            "converted_from": Path(source).name,
            "sha256": hashlib.sha256(Path(source).read_bytes()).hexdigest(),
        },
        "family": family,
        "architecture": architecture,
        "files": {family: {"file": f"{family}.safetensors", "sha256": hashlib.sha256(data).hexdigest()}},
    }
    (folder / "model.json").write_text(json.dumps(description, indent=2) + "\n")
