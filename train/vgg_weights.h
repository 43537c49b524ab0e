// SPDX-License-Identifier: Apache-2.0
// Public VGG16 weights for the perceptual loss.
#pragma once

#include <filesystem>

#include "models/vgg16.h"

namespace duhdr {

/// Reads a safetensors file whose names are "vgg16.conv1_1.weight" ... (Caffe's input: 0..255, BGR, mean subtracted) or
/// torchvision's "features.0.weight" ... (RGB, (x - mean) / std: the first layer is converted). Layers after conv3_3
/// are ignored. Throws bad_weights when a layer is missing or has another shape, io when the file cannot be read.
void load_vgg16(Vgg16Features& vgg, const std::filesystem::path& path);

}  // namespace duhdr
