// SPDX-License-Identifier: Apache-2.0
// Checkpoints of made-up states, to be written, damaged and compared bit for bit.
#pragma once

#include <gtest/gtest.h>

#include <cstring>

#include "base/random.h"
#include "tests/support/cli_run.h"
#include "train/checkpoint.h"

namespace duhdr {

namespace fs = std::filesystem;

inline Tensor noise(Shape shape, std::uint64_t key) {
  const Philox draws(key, 9);
  Tensor out(shape, DType::f32);
  for (std::int64_t i = 0; i < out.numel(); ++i)
    out.mutable_data<float>()[i] = static_cast<float>(draws.uniform(static_cast<std::uint64_t>(i)) - 0.5);
  return out;
}

/// A state that no other number of steps has.
inline Checkpoint state_after(std::int64_t steps) {
  const auto key = static_cast<std::uint64_t>(steps);
  Checkpoint out;
  out.run = {.row = steps % 5,
             .step = steps + 1,
             .total_steps = steps,
             .images = steps * 8,
             .skipped_steps = 3,
             .dropped_batches = 4,
             .failures_in_a_row = 5,
             .rollbacks = 1,
             .seconds = 0.1 * static_cast<double>(steps) + 1.0 / 3,
             .metrics_bytes = 1234567 + key};
  out.identity = {{"name", "a \"name\"\n"}, {"seed", 1}, {"rate", 0.1}, {"rows", {1, 2, 3}}};
  out.model = {{"dnet.a.weight", noise({3, 2, 3, 3}, key)}, {"dnet.a.bias", noise({3}, key + 1000)}};
  out.optimiser = {{"adam.first_moment", noise({64}, key + 2000)}, {"adam.control", Tensor::zeros({6}, DType::f64)}};
  return out;
}

inline bool same(const std::map<std::string, Tensor>& a, const std::map<std::string, Tensor>& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, tensor] : a) {
    const auto other = b.find(name);
    if (other == b.end() || other->second.shape() != tensor.shape() || other->second.dtype() != tensor.dtype() ||
        std::memcmp(other->second.raw(), tensor.raw(), tensor.bytes()) != 0)
      return false;
  }
  return true;
}
inline bool same(const Checkpoint& a, const Checkpoint& b) {
  return a.run == b.run && a.identity == b.identity && same(a.model, b.model) && same(a.optimiser, b.optimiser);
}

inline Bytes bytes_of(const fs::path& path) { return read_file(path, std::uint64_t{1} << 30, ExitCode::internal); }

inline std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(folder)) out.push_back(entry.path().filename());
  std::sort(out.begin(), out.end());
  return out;
}

inline std::string name_after(std::int64_t steps) { return checkpoint_file("", steps).filename(); }

inline Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return {ExitCode::done, ""};
}

inline std::optional<Checkpoint> newest(const fs::path& folder) {
  std::vector<std::string> damaged;
  std::optional<Checkpoint> found = newest_checkpoint(folder, damaged);
  EXPECT_TRUE(damaged.empty()) << damaged.front();
  return found;
}

inline void expect_newest(const fs::path& folder, std::int64_t steps) {
  const std::optional<Checkpoint> found = newest(folder);
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(same(*found, state_after(steps))) << "it is that of step " << found->run.total_steps;
}

class Checkpoints : public testing::Test {
 protected:
  void damage(std::int64_t steps) const {
    Bytes bytes = bytes_of(checkpoint_file(folder(), steps));
    bytes[bytes.size() - 5] ^= std::byte{1};
    write_file(checkpoint_file(folder(), steps), bytes);
  }
  const fs::path& folder() const { return folder_.path(); }

  cli::Scratch folder_{"checkpoint"};
};

}  // namespace duhdr
