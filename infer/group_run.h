// SPDX-License-Identifier: Apache-2.0
// GroupRun: the passes of a group on one picture, stage by stage and band by band. What nobody will read any more is
// let go: of what passes hand on, only a window is there at any time.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "infer/bands.h"
#include "infer/dry_run.h"
#include "infer/plan.h"

namespace duhdr {

/// The values of a chain at a picture's size.
struct Layout {
  std::int64_t height = 0, width = 0;  // of the padded picture
  Blanks blanks;
  std::map<std::string, std::int64_t, std::less<>> scales;  // 0: no image
};

class GroupRun {
 public:
  struct Options {
    Device device = Device::cpu();                                 // where the values are
    bool splits = false;                                           // a tile for which there is no memory is cut in two
    std::function<void(std::size_t pass, double done)> told = {};  // hears how much of a pass has been done, 0..1
  };
  /// `values` hold the inputs and take the outputs.
  GroupRun(const PlanInput& input, const GroupPlan& plan, const Layout& layout, BandedValues& values, Options options);
  void run();

 private:
  void make_band(std::size_t pass, const BandPlan& band);
  void compute(std::size_t pass, const BandPlan& band, const Rect& core, std::vector<Tensor>& rows);
  void allocate(std::size_t pass, const BandPlan& band, std::vector<Tensor>& rows) const;
  std::vector<Variable> results_of(std::size_t pass, const Rect& rect) const;
  void drop_inputs(std::size_t pass);

  const PlanInput& input_;
  const GroupPlan& plan_;
  const Layout& layout_;
  BandedValues& values_;
  Options options_;
  std::vector<std::int64_t> made_;  // rows of full resolution that each pass has gone through
};

}  // namespace duhdr
