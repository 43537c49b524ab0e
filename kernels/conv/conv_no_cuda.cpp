// SPDX-License-Identifier: Apache-2.0
// cuDNN's place in a build without it.
#include "kernels/conv/backend.h"
#include "kernels/conv/conv_cudnn.h"

namespace duhdr {

const ConvBackend conv_cudnn{"no cuDNN", [](const ConvProblem&, ConvDirection) { return false; }, nullptr, nullptr,
                             nullptr};

std::vector<std::string> cudnn::unsupported_problems() { return {}; }

}  // namespace duhdr
