// SPDX-License-Identifier: Apache-2.0
// Dataset: an endless row of samples. Sample i depends on (seed, i) and on the files alone, never on the order in
// which samples are asked for or on threads.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/sample.h"
#include "data/virtual_camera.h"

namespace duhdr {

/// Which part of the files, camera curves and procedural scenes: training, or what is kept back from it.
enum class Split { train, validation };

/// Where samples come from, as a user writes it: "hdr:DIR", "paired:DIR", "ldr:DIR", "pseudo:DIR", "scenes", or a bare
/// DIR whose kind is found by looking (a manifest or the two HDR-Real folders: paired; HDR images only: hdr;
/// photographs only: ldr). "0.5@" before any of them gives it half of the share that the others have.
struct DataSource {
  enum class Kind { hdr, paired, ldr, pseudo, scenes };
  Kind kind = Kind::scenes;
  std::filesystem::path folder;  // empty for scenes
  double share = 1;              // of the batches, relative to the other sources

  /// Throws usage on a text that is none of these, io for a missing folder, bad_image for one without usable files.
  static DataSource parse(const std::string& text);
  std::string text() const;
  Pairing pairing() const;
};

struct DataOptions {
  std::uint64_t seed = 1;
  Split split = Split::train;
  std::int64_t patch = 256;  // side of a sample in pixels
  bool augment = true;       // scale, quarter turns, flips; false: centred crops, not turned
  /// Share of the shorter usable side of an HDR picture that a patch covers, least and most (data/view.h); absent:
  /// HDR-Synth's scales. Procedural scenes are composed for the patch and seen whole; pairs and photographs are cut.
  std::optional<std::array<double, 2>> view;
  double lights = 0;  // probability that a patch of an HDR picture is laid over a light (data/view.h)
  CameraOptions camera;
  std::size_t cache_bytes = std::size_t{1} << 30;  // decoded files kept in memory
  double validation_share = 0.1;                   // of the files; 0 = both splits are all files
  std::vector<double> mean_inverse_curve;          // [1024]: for the exposure of paired files
};

/// Files that could not be used. They are named once, skipped, and replaced by another file that (seed, i) names.
struct BadFiles {
  std::vector<std::string> messages;  // one line each
  std::int64_t total = 0;             // files in the data set
};

class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual Pairing pairing() const = 0;
  virtual std::int64_t files() const = 0;  // 0: procedural

  /// Thread-safe. Throws bad_image when more than max(1, 1 %) of the files, or 100 draws in a row, are unusable.
  virtual Sample sample(std::uint64_t index) const = 0;

  virtual BadFiles bad_files() const = 0;
  virtual std::string text() const = 0;  // for the log: "hdr:DIR, 72 files"
};

/// Opens a source; several are mixed batch by batch by their shares: samples of one batch (of `group` consecutive
/// indices) come from one source and carry its pairing. Synthesised and paired sources mix (pairing() is then paired:
/// what every sample has at least); photographs alone mix with nothing else (usage).
std::unique_ptr<Dataset> open_dataset(const DataSource& source, const DataOptions& options);
std::unique_ptr<Dataset> open_mixed(const std::vector<DataSource>& sources, const DataOptions& options,
                                    std::int64_t group);

/// The photographs of a data set that also has H: for unpaired training.
std::unique_ptr<Dataset> without_hdr(std::unique_ptr<Dataset> dataset);

}  // namespace duhdr
