// SPDX-License-Identifier: Apache-2.0
#include "data/file_cache.h"

#include <algorithm>

#include "base/file.h"

namespace duhdr {
namespace {

constexpr std::uint64_t most_draws = 100;  // of bad files in a row
constexpr std::size_t names_shown = 3;

std::size_t most_bad(std::size_t files) { return std::max<std::size_t>(1, files / 100); }

}  // namespace

FileCache::FileCache(std::string name, std::size_t files, std::size_t bytes, Read read)
    : name_(std::move(name)), limit_(bytes), read_(std::move(read)), slots_(files) {}

std::shared_ptr<const Picture> FileCache::drawn(const Philox& draws) {
  for (std::uint64_t attempt = 0; attempt < most_draws; ++attempt) {
    const std::int64_t file = pick(draws, attempt, static_cast<std::int64_t>(slots_.size()));
    if (auto found = picture(static_cast<std::size_t>(file))) return found;
  }
  const std::lock_guard lock(mutex_);
  fail(message(most_draws, " draws in a row found only unusable files"));
}

BadFiles FileCache::bad_files() const {
  const std::lock_guard lock(mutex_);
  BadFiles out;
  out.total = static_cast<std::int64_t>(slots_.size());
  for (const Slot& slot : slots_)
    if (slot.state == Slot::State::bad) out.messages.push_back(slot.problem);
  return out;
}

std::size_t FileCache::bytes_kept() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::shared_ptr<const Picture> FileCache::picture(std::size_t file) {
  std::unique_lock lock(mutex_);
  Slot& slot = slots_[file];
  done_.wait(lock, [&] { return slot.state != Slot::State::reading; });
  if (bad_ > most_bad(slots_.size())) fail("too many unusable files");
  if (slot.state == Slot::State::bad) return nullptr;
  if (slot.state == Slot::State::absent) return read_now(file, lock);
  ages_.splice(ages_.end(), ages_, slot.age);
  return slot.picture;
}

std::shared_ptr<const Picture> FileCache::usable(std::size_t file, std::string& problem) const try {
  return std::make_shared<const Picture>(read_(file));
} catch (const Error& error) {
  if (error.code() != ExitCode::bad_image && error.code() != ExitCode::io) throw;
  problem = error.what();
  return nullptr;
}

std::shared_ptr<const Picture> FileCache::read_now(std::size_t file, std::unique_lock<std::mutex>& lock) {
  Slot& slot = slots_[file];
  slot.state = Slot::State::reading;
  lock.unlock();
  std::shared_ptr<const Picture> picture;
  std::string problem;
  try {
    picture = usable(file, problem);
  } catch (...) {
    lock.lock();
    slot.state = Slot::State::absent;
    done_.notify_all();
    throw;
  }
  lock.lock();
  done_.notify_all();
  if (!picture) {
    slot.state = Slot::State::bad;
    slot.problem = std::move(problem);
    ++bad_;
    return nullptr;
  }
  slot.state = Slot::State::ready;
  slot.picture = picture;
  slot.age = ages_.insert(ages_.end(), file);
  bytes_ += picture->bytes();
  drop_oldest();
  return picture;
}

void FileCache::drop_oldest() {
  while (bytes_ > limit_ && !ages_.empty()) {
    Slot& oldest = slots_[ages_.front()];
    bytes_ -= oldest.picture->bytes();
    oldest.picture.reset();
    oldest.state = Slot::State::absent;
    ages_.pop_front();
  }
}

void FileCache::fail(const std::string& reason) const {
  std::string names;
  std::size_t listed = 0;
  for (const Slot& slot : slots_)
    if (slot.state == Slot::State::bad && listed++ < names_shown) names += (names.empty() ? "" : "; ") + slot.problem;
  if (listed > names_shown) names += "; ...";
  throw Error(ExitCode::bad_image, message(name_, ": ", reason, " (", bad_, " of ", slots_.size(), ", at most ",
                                           most_bad(slots_.size()), "): ", names));
}

}  // namespace duhdr
