// SPDX-License-Identifier: Apache-2.0
// Chain: a way through the networks of a model, written once as a list of passes. Training and validation run the
// passes on whole images with gradients (forward() below); the inference engine runs the same passes by tiles.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "autograd/variable.h"

namespace duhdr {

/// What passes read and make, by name: images [N, h, w, C], or values of the whole image such as a curve [N, samples].
using Values = std::map<std::string, Variable, std::less<>>;

/// What a pass does: a function from its inputs to its outputs, or to the only one.
class PassFunction {
 public:
  using Inputs = std::span<const Variable>;

  template <class F>
  requires std::is_invocable_v<F, Inputs> PassFunction(
      F function) {  // NOLINT(google-explicit-constructor): a closure is one
    if constexpr (std::is_same_v<std::invoke_result_t<F, Inputs>, Variable>)
      function_ = [function](Inputs inputs) { return std::vector<Variable>{function(inputs)}; };
    else
      function_ = std::move(function);
  }
  std::vector<Variable> operator()(Inputs inputs) const { return function_(inputs); }

 private:
  std::function<std::vector<Variable>(Inputs inputs)> function_;
};

/// One step of a chain.
struct Pass {
  struct Input {
    std::string name;
    bool padded = true;  // false: cut to the picture's true size (for passes that see the whole)
  };

  std::string name;        // unique in the chain: "ITnet down 1/4"
  std::string group = {};  // shown as progress: "ITnet". Passes of one group stand together; the engine runs them band
                           // by band of the image, none ahead of what the others need. Empty: a pass by itself
  std::string network = {};   // the child of the model that it runs, if any
  std::vector<Input> inputs;  // each an earlier pass' output, or the chain's source
  std::vector<std::string> outputs;
  PassFunction run;

  /// Where the image `only_where` [N, h, w, 1] is zero, the result is that of the input `otherwise`: such places need
  /// not be computed, nor what earlier passes of the group make for them alone. Empty: everything is.
  std::string only_where = {}, otherwise = {};

  const std::string& shown_as() const { return group.empty() ? name : group; }
};

struct Chain {
  std::string source;      // the picture's name among the values
  std::int64_t alignment;  // sides are padded to multiples of it, at the bottom and the right, by reflection
  std::vector<Pass> passes;
  std::string result;  // the picture that comes out, [N, H, W, 3]
  std::string mask;    // [N, H, W, 1]: above zero where the result is invented rather than read; may be empty
};

/// Runs the passes that `wanted` depends on, on the whole picture [N, H, W, 3] of any size, and returns the values of
/// these names. Images of full resolution come in the picture's size, without the padding.
Values forward(const Chain& chain, const Variable& picture, const std::set<std::string>& wanted);
Variable forward(const Chain& chain, const Variable& picture);  // its result

/// Where a pass stands in the image and what it sees of it; follows from a dry run of its layers.
struct Footprint {
  bool global = false;     // sees the whole image, whatever its size: never run it on a tile
  std::int64_t reach = 0;  // otherwise: pixels around a result pixel (at full resolution) that it depends on
  std::int64_t align = 1;  // tile borders inside the image lie on multiples of it: every pooling keeps its phase, and
                           // every block of pixels that are computed together its pixels
  std::vector<std::int64_t> scales = {1};  // of each output: a pixel stands for scale x scale pixels; 0 = no image

  /// Pixels to add around a tile: the reach, rounded up to the alignment.
  std::int64_t halo() const { return (reach + align - 1) / align * align; }
  bool operator==(const Footprint&) const = default;
};

/// The footprints of all passes, by their names. Throws (internal) when the chain's alignment is too fine for some
/// pass.
std::map<std::string, Footprint> footprints(const Chain& chain);

/// The values that the passes from number `first` on read, and the chain's result.
std::set<std::string> read_from(const Chain& chain, std::size_t first);

}  // namespace duhdr
