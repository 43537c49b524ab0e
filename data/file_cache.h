// SPDX-License-Identifier: Apache-2.0
// FileCache: the decoded files of a data set, drawn at random, with those that cannot be used left out.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/draws.h"

namespace duhdr {

/// What samples are cut from.
struct Picture {
  Tensor light;  // [1, H, W, 3] f32, linear; undefined for a photograph alone
  Tensor codes;  // [1, H, W, 3] u8; undefined for an HDR image alone

  std::size_t bytes() const { return (light.defined() ? light.bytes() : 0) + (codes.defined() ? codes.bytes() : 0); }
};

/// Thread-safe. A file is decoded by one thread at a time, and again only after it was dropped: the least recently used
/// files go when the pictures need more than `bytes`. Which picture a draw gives does not depend on what is kept.
class FileCache {
 public:
  using Read = std::function<Picture(std::size_t file)>;

  /// An Error bad_image or io of `read` makes its file a bad one for good; every other error is the caller's.
  FileCache(std::string name, std::size_t files, std::size_t bytes, Read read);

  /// The file of draw 0, or, where that is bad, of draw 1, and so on. Throws as Dataset::sample().
  std::shared_ptr<const Picture> drawn(const Philox& draws);

  std::size_t files() const { return slots_.size(); }
  BadFiles bad_files() const;  // in the order of the files
  std::size_t bytes_kept() const;

 private:
  struct Slot {
    enum class State { absent, reading, ready, bad } state = State::absent;
    std::shared_ptr<const Picture> picture;
    std::list<std::size_t>::iterator age;  // ready: its place in ages_
    std::string problem;                   // bad
  };

  std::shared_ptr<const Picture> picture(std::size_t file);                             // null: bad
  std::shared_ptr<const Picture> usable(std::size_t file, std::string& problem) const;  // null: why not
  std::shared_ptr<const Picture> read_now(std::size_t file, std::unique_lock<std::mutex>& lock);
  void drop_oldest();
  [[noreturn]] void fail(const std::string& reason) const;

  const std::string name_;
  const std::size_t limit_;
  const Read read_;

  mutable std::mutex mutex_;
  std::condition_variable done_;
  std::vector<Slot> slots_;
  std::list<std::size_t> ages_;  // ready files, the least recently used first
  std::size_t bytes_ = 0;
  std::size_t bad_ = 0;
};

}  // namespace duhdr
