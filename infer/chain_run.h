// SPDX-License-Identifier: Apache-2.0
// ChainRun: one picture on its way through a chain, group by group of passes. Those that see the whole image run on
// the whole, the others by tiles.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "infer/engine.h"
#include "infer/group_run.h"

namespace duhdr {

class ChainRun {
 public:
  ChainRun(const Chain& chain, const std::map<std::string, Footprint>& footprints, const EngineOptions& options,
           const Progress& progress);

  /// picture: [1, H, W, 3] on the device; it is let go as soon as it has been read. The result's peak_memory is left to
  /// the caller.
  Engine::Result run(Tensor picture);

 private:
  static constexpr std::int64_t mask_grain = 8;  // pixels a side of a block of mask_

  void lay_out(const Shape& picture, const Shape& padded);
  std::size_t group_end(std::size_t first) const;
  std::set<std::string> read_after(std::size_t pass) const;
  void run_whole(const Pass& pass);
  void run_tiles(std::size_t first, std::size_t end);
  void read_mask();
  bool is_masked(const Rect& rect) const;
  void tell(const std::string& what, double flop) const;

  // How large the tiles are (tile_size.cpp).
  GroupPlan plan_for(const PlanInput& input);
  std::vector<GroupPlan> plans(const PlanInput& input);
  std::int64_t core_for(const Pass& pass, const Footprint& footprint, std::size_t bytes);
  std::size_t need_of(const Pass& pass, const Footprint& footprint, std::int64_t core);
  bool fits(const PlanInput& input, const GroupPlan& plan, std::size_t room) const;
  std::size_t bytes_of_others() const;
  std::int64_t mask_columns() const;
  void make_room(std::size_t bytes) const;

  const Chain& chain_;
  const std::map<std::string, Footprint>& footprints_;
  const EngineOptions& options_;
  const Progress& progress_;
  Shape picture_;
  Layout layout_;
  std::map<std::string, double> work_;        // FLOP of a pass on the whole picture
  std::map<std::string, std::size_t> bytes_;  // of living tensors while a pass runs on the whole picture
  double total_work_ = 0, work_done_ = 0;
  std::map<std::pair<std::string, std::int64_t>, std::size_t> needs_;  // bytes that a tile takes, by pass and core
  BandedValues values_;
  std::vector<std::uint8_t> mask_;  // of the padded picture in blocks: whether the chain's mask is above zero somewhere
  Engine::Result result_;
};

}  // namespace duhdr
