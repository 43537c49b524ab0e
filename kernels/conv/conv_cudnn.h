// SPDX-License-Identifier: Apache-2.0
// How the cuDNN back end can be watched; its three functions are in conv_backend.h.
#pragma once

#include <string>
#include <vector>

namespace duhdr::conv_cudnn {

/// The convolutions so far that no deterministic algorithm of cuDNN could do. They ran as the reference loops: right,
/// and slow.
std::vector<std::string> unsupported_problems();

}  // namespace duhdr::conv_cudnn
