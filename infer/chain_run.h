// SPDX-License-Identifier: Apache-2.0
// ChainRun: one picture on its way through a chain, pass by pass, each whole or by tiles.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "infer/dry_run.h"
#include "infer/engine.h"
#include "infer/tiles.h"

namespace duhdr {

class ChainRun {
 public:
  ChainRun(const Chain& chain, const std::map<std::string, Footprint>& footprints, const EngineOptions& options,
           const Progress& progress);

  /// picture: [1, H, W, 3] on the device. The result's peak_memory is left to the caller.
  Engine::Result run(const Tensor& picture);

 private:
  static constexpr std::int64_t smallest_core = 64;  // of a tile, pixels a side

  /// Of the image's work: what is done before a pass and after it.
  struct Share {
    double begin, end;
  };

  void run_pass(const Pass& pass, Share share);
  bool fits_after_all(const std::function<void()>& work) const;
  void run_whole(const Pass& pass);
  void run_tiles(const Pass& pass, std::int64_t core, Share share);
  bool is_left_out(const Pass& pass, const Rect& core) const;
  std::vector<Variable> inputs(const Pass& pass, const Rect& rect, Device where) const;
  std::int64_t core_for(const Pass& pass) const;
  bool fits(const Pass& pass, std::int64_t core, std::size_t room) const;
  void release_values(std::size_t passes_done);
  void tell(const std::string& pass, double done) const;

  const Chain& chain_;
  const std::map<std::string, Footprint>& footprints_;
  const EngineOptions& options_;
  const Progress& progress_;
  std::map<std::string, std::int64_t, std::less<>> scales_;  // of the values; 0: no image
  Shape picture_, padded_;
  Blanks blanks_;
  std::map<std::string, double> work_;  // FLOP of a pass on the whole picture
  Values values_;
  std::vector<float> mask_;  // the chain's, on the host, of the padded picture's size
  Engine::Result result_;
};

}  // namespace duhdr
