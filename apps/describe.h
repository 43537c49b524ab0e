// SPDX-License-Identifier: Apache-2.0
// duhdr-infer --describe: a table of parameters, operations and memory.
#pragma once

#include <string>

namespace duhdr {

/// Prints the parts of the model in `folder`, or of every variant when it is empty, at `size` ("512" or "1920x1080").
/// Returns the exit code; throws usage on a wrong size.
int describe(const std::string& folder, const std::string& size);

}  // namespace duhdr
