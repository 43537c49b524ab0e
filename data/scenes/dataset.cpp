// SPDX-License-Identifier: Apache-2.0
// Procedural scenes and the virtual camera: no files. A new scene for every sample.
#include "data/augment.h"
#include "data/draws.h"
#include "data/file_dataset.h"
#include "data/scenes/scene.h"

namespace duhdr {
namespace {

class SceneDataset : public Dataset {
 public:
  explicit SceneDataset(const DataOptions& options)
      : options_(options),
        // Of `seed` and `split` alone, and so that no validation scene is a training scene of the same seed.
        scene_seed_(scene_seed(options.seed, options.split)),
        curves_(curves_of(options.split)) {}

  Pairing pairing() const override { return Pairing::synthesised; }
  std::int64_t files() const override { return 0; }
  BadFiles bad_files() const override { return {}; }
  std::string text() const override { return "scenes"; }

  Sample sample(std::uint64_t index) const override {
    const Tensor scene = procedural_scene(scene_seed_, index, options_.patch, options_.patch);
    const Turn turn = options_.augment ? choose_turn(draws_for(options_.seed, Purpose::turn, index)) : Turn{};
    return photograph(turned(scene, turn), curves_, options_.camera, draws_for(options_.seed, Purpose::camera, index));
  }

 private:
  static std::uint64_t scene_seed(std::uint64_t seed, Split split) {
    const Philox::Words words = draws_for(seed, Purpose::scene, split == Split::train ? 0 : 1).words(0);
    return (std::uint64_t{words.word[0]} << 32) | words.word[1];
  }

  const DataOptions options_;
  const std::uint64_t scene_seed_;
  const CameraCurves& curves_;
};

}  // namespace

std::unique_ptr<Dataset> open_scenes(const DataSource&, const DataOptions& options) {
  return std::make_unique<SceneDataset>(options);
}

}  // namespace duhdr
