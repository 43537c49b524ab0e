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
#include <vector>

#include "autograd/variable.h"

namespace duhdr {

/// What passes read and make, by name: images [N, h, w, C], or values of the whole image such as a curve [N, samples].
using Values = std::map<std::string, Variable, std::less<>>;

/// One step of a chain.
struct Pass {
  struct Input {
    std::string name;
    bool padded = true;  // false: cut to the picture's true size (for passes that see the whole)
  };

  std::string name;           // unique in the chain, shown as progress: "ITnet"
  std::string network = {};   // the child of the model that it runs, if any
  std::vector<Input> inputs;  // each an earlier pass' output, or the chain's source
  std::string output;
  std::function<Variable(std::span<const Variable> inputs)> run;

  /// Where the image `only_where` [N, h, w, 1] is zero, the result is that of the input `otherwise`: such tiles need
  /// not be computed. Empty: everything is.
  std::string only_where = {}, otherwise = {};

  /// The same in smaller passes, for a pass that decides something for the whole image in its midst but is too large
  /// to run whole. The last one makes `output`.
  std::vector<Pass> parts = {};
};

struct Chain {
  std::string source;      // the picture's name among the values
  std::int64_t alignment;  // sides are padded to multiples of it, at the bottom and the right, by reflection
  std::vector<Pass> passes;
  std::string result;  // the picture that comes out, [N, H, W, 3]
  std::string mask;    // [N, H, W, 1]: above zero where the result is invented rather than read; may be empty
};

/// Runs the passes that `wanted` depends on, on the whole picture [N, H, W, 3] of any size, and returns every value
/// made on the way. Images of full resolution come back in the picture's size, without the padding.
Values forward(const Chain& chain, const Variable& picture, const std::set<std::string>& wanted);
Variable forward(const Chain& chain, const Variable& picture);  // its result

/// Where a pass stands in the image and what it sees of it; follows from a dry run of its layers.
struct Footprint {
  bool global = false;     // sees the whole image, whatever its size: never run it on a tile
  std::int64_t reach = 0;  // otherwise: pixels around a result pixel (at full resolution) that it depends on
  std::int64_t align = 1;  // tile borders inside the image lie on multiples of it: every pooling keeps its phase, and
                           // every block of pixels that are computed together its pixels
  std::int64_t scale = 1;  // a result pixel stands for scale x scale pixels; 0 = no image

  /// Pixels to add around a tile: the reach, rounded up to the alignment.
  std::int64_t halo() const { return (reach + align - 1) / align * align; }
  bool operator==(const Footprint&) const = default;
};

/// The footprints of all passes and their parts, by their names. Throws (internal) when the chain's alignment is too
/// fine for some pass.
std::map<std::string, Footprint> footprints(const Chain& chain);

/// The inputs of a pass among the values.
std::vector<Variable> inputs_of(const Pass& pass, const Values& values);

}  // namespace duhdr
