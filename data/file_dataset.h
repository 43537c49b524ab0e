// SPDX-License-Identifier: Apache-2.0
// What the kinds of data sets share, and how each is opened. Private to this folder.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "data/dataset.h"
#include "data/file_cache.h"

namespace duhdr {

/// A data set of `files` files; `read` decodes one.
class FileDataset : public Dataset {
 public:
  FileDataset(const DataSource& source, const DataOptions& options, std::size_t files, const std::string& counted,
              FileCache::Read read)
      : options_(options),
        pairing_(source.pairing()),
        text_(source.text() + ", " + counted),
        cache_(source.text(), files, options.cache_bytes, std::move(read)) {}

  Pairing pairing() const override { return pairing_; }
  std::int64_t files() const override { return static_cast<std::int64_t>(cache_.files()); }
  BadFiles bad_files() const override { return cache_.bad_files(); }
  std::string text() const override { return text_; }

 protected:
  Philox draws(Purpose purpose, std::uint64_t index) const { return draws_for(options_.seed, purpose, index); }
  std::shared_ptr<const Picture> picture(std::uint64_t index) const {
    return cache_.drawn(draws(Purpose::file, index));
  }

  const DataOptions options_;

 private:
  const Pairing pairing_;
  const std::string text_;
  mutable FileCache cache_;
};

/// The curves that belong to a split.
inline const CameraCurves& curves_of(Split split) {
  return split == Split::train ? training_curves() : validation_curves();
}

/// The photographs of a folder that belong to the split. Throws bad_image when it has none at all.
std::vector<std::filesystem::path> photographs_of(const DataSource& source, const DataOptions& options);

/// The codes [1, H, W, 3] u8 of a photograph. Throws bad_image for another kind of picture, and when no patch fits.
Tensor read_photograph(const std::filesystem::path& path, std::int64_t patch);

std::unique_ptr<Dataset> open_hdr(const DataSource& source, const DataOptions& options);
std::unique_ptr<Dataset> open_paired(const DataSource& source, const DataOptions& options);
std::unique_ptr<Dataset> open_ldr(const DataSource& source, const DataOptions& options);
std::unique_ptr<Dataset> open_pseudo(const DataSource& source, const DataOptions& options);
std::unique_ptr<Dataset> open_scenes(const DataSource& source, const DataOptions& options);

}  // namespace duhdr
