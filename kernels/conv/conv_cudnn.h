// SPDX-License-Identifier: Apache-2.0
// How the cuDNN back end can be watched; its row is in backend.h.
#pragma once

#include <string>
#include <vector>

namespace duhdr::cudnn {

/// The convolutions so far (none without CUDA) that no deterministic algorithm of cuDNN could do. They ran as the
/// reference loops: right, and slow.
std::vector<std::string> unsupported_problems();

}  // namespace duhdr::cudnn
