// SPDX-License-Identifier: Apache-2.0
// Checkpoints: what is read is what was written, or an error.
#include <gtest/gtest.h>

#include <cstdio>

#include "tensor/safetensors.h"
#include "tests/support/checkpoint_files.h"

namespace duhdr {
namespace {

using cli::Scratch;

TEST_F(Checkpoints, RoundTrip) {
  for (const std::int64_t steps : {0, 7, 1200000}) {
    save_checkpoint(folder(), state_after(steps));
    EXPECT_TRUE(same(load_checkpoint(checkpoint_file(folder(), steps)), state_after(steps)));
    expect_newest(folder(), steps);
  }
  EXPECT_EQ(name_after(1200), "checkpoint-000000001200.safetensors");
  Checkpoint bare = state_after(5000000);
  bare.optimiser.clear();
  save_checkpoint(folder(), bare);
  EXPECT_TRUE(same(*newest(folder()), bare));
}

TEST_F(Checkpoints, SameStateSameBytes) {
  const Scratch other("checkpoint");
  save_checkpoint(folder(), state_after(7));
  save_checkpoint(other.path(), state_after(7));
  EXPECT_EQ(bytes_of(checkpoint_file(folder(), 7)), bytes_of(checkpoint_file(other.path(), 7)));
}

TEST_F(Checkpoints, NoneAtAll) {
  EXPECT_FALSE(newest(folder()).has_value());
  EXPECT_FALSE(newest(folder() / "not-there").has_value());
  EXPECT_EQ(error_of([&] { load_checkpoint(folder() / "not-there"); }).code(), ExitCode::io);
}

TEST_F(Checkpoints, KeepsTwo) {
  for (std::int64_t steps = 1; steps <= 5; ++steps) save_checkpoint(folder(), state_after(steps));
  EXPECT_EQ(names_in(folder()), (std::vector<std::string>{name_after(4), name_after(5)}));
  save_checkpoint(folder(), state_after(9), 1);
  EXPECT_EQ(names_in(folder()), std::vector<std::string>{name_after(9)});
}

TEST_F(Checkpoints, OneIsWrittenTwice) {
  for (const std::int64_t steps : {3, 4, 4, 4}) save_checkpoint(folder(), state_after(steps));
  EXPECT_EQ(names_in(folder()), (std::vector<std::string>{name_after(3), name_after(4)}));
}

/// A run that went back (--resume PATH, or the newest was damaged) must not lose what it writes now, and must not go on
/// later from what it left behind.
TEST_F(Checkpoints, WhatWasLeftBehindGoesFirst) {
  for (const std::int64_t steps : {8, 9, 3}) save_checkpoint(folder(), state_after(steps));
  expect_newest(folder(), 3);
  EXPECT_EQ(names_in(folder()), std::vector<std::string>{name_after(3)});
  save_checkpoint(folder(), state_after(6));
  save_checkpoint(folder(), state_after(8));
  damage(8);
  save_checkpoint(folder(), state_after(7));
  EXPECT_EQ(names_in(folder()), (std::vector<std::string>{name_after(6), name_after(7)}));
}

TEST_F(Checkpoints, LeftoversOfKilledProcessesAreRemoved) {
  for (const char* name : {".duhdr-17-0.tmp", ".duhdr-4000000-12.tmp"}) write_file(folder() / name, Bytes(100));
  write_file(folder() / "notes.tmp", Bytes(100));
  save_checkpoint(folder(), state_after(1));
  EXPECT_EQ(names_in(folder()), (std::vector<std::string>{name_after(1), "notes.tmp"}));
}

// ------------------------------------------------------------------------------------------------------ damaged files

TEST_F(Checkpoints, ADamagedOneIsReportedAndTheOlderOneUsed) {
  save_checkpoint(folder(), state_after(1));
  save_checkpoint(folder(), state_after(2));
  damage(2);
  std::vector<std::string> damaged;
  const std::optional<Checkpoint> found = newest_checkpoint(folder(), damaged);
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(same(*found, state_after(1)));
  ASSERT_EQ(damaged.size(), 1u);
  EXPECT_NE(damaged.front().find(name_after(2)), std::string::npos) << damaged.front();
  EXPECT_NE(damaged.front().find("damaged"), std::string::npos) << damaged.front();
  damage(1);
  damaged.clear();
  const Error error = error_of([&] { newest_checkpoint(folder(), damaged); });
  EXPECT_EQ(error.code(), ExitCode::bad_weights);
  EXPECT_NE(std::string(error.what()).find("all 2 checkpoints are damaged"), std::string::npos) << error.what();
}

TEST_F(Checkpoints, EveryFlippedBitIsFound) {
  save_checkpoint(folder(), state_after(1));
  const fs::path path = checkpoint_file(folder(), 1);
  Bytes bytes = bytes_of(path);
  int flipped = 0;
  for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
    const std::byte mask{static_cast<unsigned char>(1u << (byte * 7 % 8))};
    bytes[byte] ^= mask;
    const TensorFile file = [&] {
      try {
        return parse_safetensors(bytes, "flipped");
      } catch (const Error&) {
        return TensorFile{};
      }
    }();
    bytes[byte] ^= mask;
    if (file.tensors.empty()) continue;  // the format found it
    ++flipped;
    bytes[byte] ^= mask;
    std::FILE* out = std::fopen(path.c_str(), "wb");
    ASSERT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), out), bytes.size());
    std::fclose(out);
    bytes[byte] ^= mask;
    EXPECT_EQ(error_of([&] { load_checkpoint(path); }).code(), ExitCode::bad_weights) << "byte " << byte;
  }
  EXPECT_GT(flipped, 500) << "the checksum was not asked often";
}

TEST_F(Checkpoints, EveryTruncationIsFound) {
  save_checkpoint(folder(), state_after(1));
  const fs::path path = checkpoint_file(folder(), 1);
  const auto size = static_cast<std::int64_t>(fs::file_size(path));
  for (std::int64_t length = size - 1; length >= 0; length -= length > size - 20 || length < 40 ? 1 : 17) {
    fs::resize_file(path, static_cast<std::uintmax_t>(length));
    EXPECT_EQ(error_of([&] { load_checkpoint(path); }).code(), ExitCode::bad_weights) << length;
  }
}

TEST_F(Checkpoints, OtherFilesAreRefused) {
  const fs::path path = checkpoint_file(folder(), 1);
  write_safetensors(path, state_after(1).model);
  EXPECT_NE(std::string(error_of([&] { load_checkpoint(path); }).what()).find("not a checkpoint"), std::string::npos);
  save_checkpoint(folder(), state_after(1));
  TensorFile file = read_safetensors(path);
  for (const char* key : {"duhdr.training", "duhdr.sha256"}) {
    auto metadata = file.metadata;
    metadata.erase(key);
    write_safetensors(path, file.tensors, metadata);
    EXPECT_EQ(error_of([&] { load_checkpoint(path); }).code(), ExitCode::bad_weights) << key;
  }
  for (const bool renamed : {false, true}) {  // the checksum is over names, too, and over their number
    auto tensors = file.tensors;
    auto taken = tensors.extract("dnet.a.bias");
    if (renamed) taken.key() = "dnet.b.bias";
    if (renamed) tensors.insert(std::move(taken));
    write_safetensors(path, tensors, file.metadata);
    EXPECT_NE(std::string(error_of([&] { load_checkpoint(path); }).what()).find("checksum"), std::string::npos);
  }
  write_file(path, {});
  EXPECT_EQ(error_of([&] { load_checkpoint(path); }).code(), ExitCode::bad_weights);
}

}  // namespace
}  // namespace duhdr
