// SPDX-License-Identifier: Apache-2.0
#include "models/precision.h"

#include <algorithm>
#include <array>

namespace duhdr {
namespace {

constexpr std::array<std::string_view, 2> networks{"innet", "nnet"};
constexpr std::array<std::string_view, 2> last_layers{"head", "fuse0"};

bool is_in(const auto& list, std::string_view name) { return std::find(list.begin(), list.end(), name) != list.end(); }

}  // namespace

bool stays_f32(std::string_view full_name) {
  return is_in(networks, full_name.substr(0, full_name.find('.'))) ||
         is_in(last_layers, full_name.substr(full_name.rfind('.') + 1));
}

void set_precision(Module& module, DType activations, const std::string& name) {
  DUHDR_CHECK(activations == DType::f32 || activations == DType::bf16, "no networks in ", name_of(activations));
  module.visit(name, [activations](const std::string& full_name, Module& part) {
    part.set_activations(stays_f32(full_name) ? DType::f32 : activations);
  });
}

}  // namespace duhdr
