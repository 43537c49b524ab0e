// SPDX-License-Identifier: Apache-2.0
// ExpandNet: radiance from one photograph by three branches, local, dilated and global (Marnerides, Bashford-Rogers,
// Hatchett, Debattista 2018). Names below `expandnet.` are those of the published weights, but
// for `head`, `end_net.1` there.
#pragma once

#include <vector>

#include "layers/conv2d.h"
#include "models/expandnet/config.h"

namespace duhdr {

class ExpandNet : public Module {
 public:
  static constexpr std::int64_t global_side = 256;  // the global branch sees the image at 256 x 256

  explicit ExpandNet(const ExpandNetConfig& config = {});
  const ExpandNetConfig& config() const { return config_; }

  /// The vector of the whole image, image [N, H, W, 3], code values in [0, 1] -> [N, global_width].
  Variable global(const Variable& image) const;

  /// image, or a tile of it, and the vector of the whole -> [N, H, W, 3] in (0, 1): radiance, of which 0 and 1 are
  /// the least and the most of the scene.
  Variable local(const Variable& image, const Variable& global) const;

  Variable operator()(const Variable& image) const { return local(image, global(image)); }

  /// The mean inverse camera response [curve_samples], code -> linear light: by it a photograph tells its exposure.
  Variable curve() const { return curve_; }
  void set_curve(const Tensor& mean_inverse_response);

 private:
  /// Weight [out, in, side, side] and bias [out] of a convolution that is computed in another form.
  class Kernel : public Module {
   public:
    Kernel(std::int64_t in, std::int64_t out, std::int64_t side);
    const Variable& weight() const { return weight_; }
    const Variable& bias() const { return bias_; }

   protected:
    void reset(std::uint64_t seed, const std::string& full_name) override;

   private:
    Variable weight_, bias_;
  };

  Variable to_vector(const Variable& map) const;
  Variable fused(const Variable& local, const Variable& dilated, const Variable& global) const;

  ExpandNetConfig config_;
  std::vector<Conv2d*> local_, dilated_, global_;
  Kernel &to_vector_, &fusion_;
  Conv2d& head_;
  Variable curve_;
};

}  // namespace duhdr
