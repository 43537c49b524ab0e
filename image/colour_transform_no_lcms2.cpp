// SPDX-License-Identifier: Apache-2.0
// The build without Little CMS.
#include "base/error.h"
#include "image/colour_transform.h"

namespace duhdr {

struct ColourTransform::State {};

const bool ColourTransform::available = false;

ColourTransform::ColourTransform(std::shared_ptr<const State> state) : state_(std::move(state)) {}

std::optional<ColourTransform> ColourTransform::to_srgb(std::span<const std::byte>, bool) { return std::nullopt; }
std::optional<ColourTransform> ColourTransform::to_srgb(const StatedColours&) { return std::nullopt; }
std::optional<ColourTransform> ColourTransform::to_light(std::span<const std::byte>) { return std::nullopt; }
std::optional<ColourTransform> ColourTransform::to_primaries(std::span<const std::byte>) { return std::nullopt; }

bool ColourTransform::is_grey() const { return false; }
bool ColourTransform::moves_nothing() const { return true; }
void ColourTransform::apply(const float*, float*, std::int64_t) const {
  throw Error(ExitCode::internal, "no colour transform in this build");
}

}  // namespace duhdr
