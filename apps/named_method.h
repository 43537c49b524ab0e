// SPDX-License-Identifier: Apache-2.0
// Methods by name: the rows of the table of operators, with the camera curve that comes with duhdr.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "infer/method.h"

namespace duhdr {

/// Throws usage on an unknown name. max_memory: bytes of tensors; 0 = no limit.
std::unique_ptr<Method> named_method(const std::string& name, std::size_t max_memory);

/// Prints name, title and source of every one to stdout.
void print_methods();

}  // namespace duhdr
