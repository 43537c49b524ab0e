// SPDX-License-Identifier: Apache-2.0
// A model whose chain is a function of the picture, for tests of what runs chains.
#pragma once

#include <functional>

#include "kernels/camera/mask.h"
#include "models/model.h"

namespace duhdr::test {

/// `run` makes the result of an image [1, h, w, 3]; a dry run asks it on meta, and an engine first shows it one blank
/// pixel. `masked`: it is asked only where a pixel of the picture is clipped.
class OnePassModel : public Model {
 public:
  OnePassModel(const std::function<Variable(const Variable& image)>& run, bool masked)
      : chain_{.source = "image",
               .alignment = 1,
               .passes = {{.name = "mask",
                           .inputs = {{"image"}},
                           .outputs = {"mask"},
                           .run = [](std::span<const Variable> in) { return exposure_mask(in[0], 0.95); }},
                          {.name = "run",
                           .inputs = {{"image"}},
                           .outputs = {"result"},
                           .run = [run](std::span<const Variable> in) { return run(in[0]); },
                           .only_where = masked ? "mask" : "",
                           .otherwise = masked ? "image" : ""}},
               .result = "result",
               .mask = "mask"} {}
  std::string_view family() const override { return "one pass"; }
  nlohmann::json architecture() const override { return nlohmann::json::object(); }
  std::vector<std::string> networks() const override { return {}; }
  const Chain& to_hdr() const override { return chain_; }

 private:
  Chain chain_;
};

}  // namespace duhdr::test
