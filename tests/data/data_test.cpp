// SPDX-License-Identifier: Apache-2.0
// Draws, the geometry of augmentation, procedural data, stacking, the loader and the file cache: what needs no files.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>
#include <set>
#include <thread>

#include "data/augment.h"
#include "data/curve_basis.h"
#include "data/dataset.h"
#include "data/draws.h"
#include "data/feed.h"
#include "data/file_cache.h"
#include "data/virtual_camera.h"
#include "image/encode.h"

namespace duhdr {
namespace {

bool same_bits(const Tensor& a, const Tensor& b) {
  if (!a.defined() || !b.defined()) return a.defined() == b.defined();
  return a.shape() == b.shape() && a.dtype() == b.dtype() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

bool same(const Sample& a, const Sample& b) {
  return same_bits(a.ldr, b.ldr) && same_bits(a.hdr, b.hdr) && same_bits(a.encoded, b.encoded) &&
         same_bits(a.clipped, b.clipped) && same_bits(a.inverse_curve, b.inverse_curve) && a.weight == b.weight;
}

Tensor constant(std::int64_t side, float value) { return Tensor::full({1, side, side, 3}, value, DType::f32); }

Tensor varied(std::int64_t height, std::int64_t width, std::uint64_t key = 1) {
  const Philox draws(key, 77);
  Tensor out({1, height, width, 3}, DType::f32);
  for (std::int64_t i = 0; i < out.numel(); ++i)
    out.mutable_data<float>()[i] = static_cast<float>(std::exp2(6 * draws.uniform(static_cast<std::uint64_t>(i)) - 3));
  return out;
}

// ----------------------------------------------------------------------------------------------------------- draws

TEST(Draws, NormalsAreNormalAndDoNotDependOnHowTheyAreAskedFor) {
  constexpr std::size_t count = 400'000;
  std::vector<float> values(count);
  const Philox draws = draws_for(5, Purpose::camera, 3);
  fill_normal(draws, 16, values);
  double moments[5] = {}, neighbours = 0;
  std::size_t beyond_two = 0;
  for (std::size_t i = 0; i < count; ++i) {
    for (int k = 1; k <= 4; ++k) moments[k] += std::pow(values[i], k) / count;
    neighbours += values[i] * values[(i + 1) % count] / count;
    beyond_two += std::abs(values[i]) > 2 ? 1 : 0;
  }
  EXPECT_NEAR(moments[1], 0, 0.008);  // five standard errors each
  EXPECT_NEAR(moments[2], 1, 0.012);
  EXPECT_NEAR(moments[3], 0, 0.031);
  EXPECT_NEAR(moments[4], 3, 0.08);
  EXPECT_NEAR(neighbours, 0, 0.008);
  EXPECT_NEAR(static_cast<double>(beyond_two) / count, 0.0455, 0.0017);

  std::vector<float> part(9);
  fill_normal(draws, 16 + 25, part);
  EXPECT_TRUE(std::equal(part.begin(), part.end(), values.begin() + 100));
}

TEST(Draws, StreamsOfPurposesAndSamplesDiffer) {
  std::set<double> seen;
  for (const Purpose purpose : {Purpose::file, Purpose::window, Purpose::turn, Purpose::camera, Purpose::source})
    for (std::uint64_t index = 0; index < 100; ++index)
      for (std::uint64_t seed = 1; seed < 3; ++seed) seen.insert(draws_for(seed, purpose, index).uniform(0));
  EXPECT_EQ(seen.size(), 1000u);
}

// ------------------------------------------------------------------------------------------------------ augmentation

TEST(Augment, AWindowIsAPartOfTheWholeResizedImage) {
  const Tensor image = varied(37, 53);
  const std::vector<std::pair<std::int64_t, std::int64_t>> sizes{{37, 53}, {20, 31}, {9, 13},
                                                                 {80, 70}, {37, 90}, {18, 99}};
  for (const auto& [height, width] : sizes) {
    const Tensor whole = cropped_of_resized(image, height, width, {0, 0, height, width});
    const CropWindow window{height - 7, 3, 7, 9};
    EXPECT_TRUE(same_bits(cropped_of_resized(image, height, width, window), cropped(whole, window))) << height;
  }
}

TEST(Augment, ShrinksByAreaAndGrowsByLines) {
  const auto row = [](const std::vector<float>& values) {
    return Tensor::of<float>({1, 1, static_cast<std::int64_t>(values.size()), 1}, values);
  };
  const auto resized = [](const Tensor& image, std::int64_t width) {
    return cropped_of_resized(image, 1, width, {0, 0, 1, width}).to_vector<float>();
  };
  const std::vector<float> thirds = resized(row({1, 4, 7}), 2);  // each takes one and a half pixels
  EXPECT_NEAR(thirds[0], (1 + 0.5 * 4) / 1.5, 1e-6);
  EXPECT_NEAR(thirds[1], (7 + 0.5 * 4) / 1.5, 1e-6);
  EXPECT_EQ(resized(row({1, 3, 5, 11}), 2), (std::vector<float>{2, 8}));
  EXPECT_EQ(resized(row({0, 4, 8}), 6), (std::vector<float>{0, 1, 3, 5, 7, 8}));

  const Tensor image = varied(48, 64);
  const std::vector<float> before = image.to_vector<float>();
  const std::vector<float> after = cropped_of_resized(image, 31, 45, {0, 0, 31, 45}).to_vector<float>();
  EXPECT_NEAR(std::accumulate(after.begin(), after.end(), 0.0) / static_cast<double>(after.size()),
              std::accumulate(before.begin(), before.end(), 0.0) / static_cast<double>(before.size()), 1e-4);
}

TEST(Augment, TurnsAndFlips) {
  const std::vector<float> values{1, 2, 3, 4, 5, 6};
  const Tensor image = Tensor::of<float>({1, 2, 3, 1}, values);
  EXPECT_EQ(turned(image, {1, false, false}).to_vector<float>(), (std::vector<float>{3, 6, 2, 5, 1, 4}));
  EXPECT_EQ(turned(image, {1, false, false}).shape(), (Shape{1, 3, 2, 1}));
  EXPECT_EQ(turned(image, {2, false, false}).to_vector<float>(), (std::vector<float>{6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(turned(image, {3, false, false}).to_vector<float>(), (std::vector<float>{4, 1, 5, 2, 6, 3}));
  EXPECT_EQ(turned(image, {0, true, false}).to_vector<float>(), (std::vector<float>{3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(turned(image, {0, false, true}).to_vector<float>(), (std::vector<float>{4, 5, 6, 1, 2, 3}));
  EXPECT_EQ(turned(image, {1, true, false}).to_vector<float>(),
            turned(turned(image, {0, true, false}), {1, false, false}).to_vector<float>());

  std::map<std::string, int> seen;
  for (std::uint64_t i = 0; i < 1600; ++i) {
    const Turn turn = choose_turn(draws_for(1, Purpose::turn, i));
    ++seen[message(turn.quarters, turn.mirror, turn.upend)];
  }
  EXPECT_EQ(seen.size(), 16u);
  for (const auto& [turn, count] : seen) EXPECT_NEAR(count, 100, 50) << turn;
}

TEST(Augment, WindowsReachEveryPlaceInTheirRows) {
  std::set<std::int64_t> tops, lefts, centred;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const CropWindow window = choose_window(3, 20, 12, 10, true, draws_for(1, Purpose::window, i));
    tops.insert(window.top);
    lefts.insert(window.left);
    const CropWindow fixed = choose_window(3, 20, 12, 10, false, draws_for(1, Purpose::window, i));
    EXPECT_EQ(fixed.left, 1);
    centred.insert(fixed.top);
  }
  EXPECT_EQ(tops, (std::set<std::int64_t>{3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(lefts, (std::set<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(centred, tops);
  EXPECT_THROW(choose_window(0, 9, 12, 10, true, draws_for(1, Purpose::window, 0)), Error);
}

TEST(Augment, CodesAndValuesAreInverse) {
  std::vector<std::uint8_t> codes(256 * 3);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i);
  const Tensor image = Tensor::of<std::uint8_t>({1, 16, 16, 3}, codes);
  EXPECT_TRUE(same_bits(codes_of(values_of(image)), image));
}

// ------------------------------------------------------------------------------------------------------------ scenes

DataOptions small(Split split = Split::train) {
  DataOptions options;
  options.patch = 48;
  options.split = split;
  return options;
}

TEST(Scenes, SamplesDoNotDependOnTheOrder) {
  const auto forward = open_dataset(DataSource::parse("scenes"), small());
  const auto backward = open_dataset(DataSource::parse("scenes"), small());
  std::vector<Sample> samples;
  for (std::uint64_t i = 0; i < 6; ++i) samples.push_back(forward->sample(i));
  for (std::uint64_t i = 6; i-- > 0;) EXPECT_TRUE(same(backward->sample(i), samples[i])) << i;
  for (std::size_t i = 1; i < samples.size(); ++i) EXPECT_FALSE(same_bits(samples[i].ldr, samples[0].ldr));
  EXPECT_EQ(samples[0].hdr.shape(), (Shape{1, 48, 48, 3}));
}

TEST(Scenes, SeedAndSplitChangeThem) {
  DataOptions other = small();
  other.seed = 2;
  const Sample base = open_dataset(DataSource(), small())->sample(0);
  EXPECT_FALSE(same_bits(base.hdr, open_dataset(DataSource(), other)->sample(0).hdr));
  const Sample kept_back = open_dataset(DataSource(), small(Split::validation))->sample(0);
  EXPECT_FALSE(same_bits(base.hdr, kept_back.hdr));
  const auto holds = [&](const CameraCurves& curves) {
    return std::any_of(curves.inverse.begin(), curves.inverse.end(), [&](const auto& curve) {
      return std::equal(curve.begin(), curve.end(), kept_back.inverse_curve.data<float>(),
                        [](double a, float b) { return static_cast<float>(a) == b; });
    });
  };
  EXPECT_TRUE(holds(validation_curves()));
  EXPECT_FALSE(holds(training_curves()));
}

// ------------------------------------------------------------------------------------------------------------- stack

TEST(Stack, JoinsWhatSamplesHave) {
  std::vector<Sample> samples(2);
  for (Sample& one : samples) {
    one.pairing = Pairing::unpaired;
    one.ldr = varied(3, 4, static_cast<std::uint64_t>(&one - samples.data() + 1));
  }
  samples[1].weight = 0;
  const Batch batch = stack(8, Pairing::unpaired, samples);
  EXPECT_EQ(batch.first, 8u);
  EXPECT_EQ(batch.size(), 2);
  EXPECT_EQ(batch.kept, 1);
  EXPECT_EQ(batch.weight.shape(), (Shape{2, 1, 1, 1}));
  EXPECT_EQ(batch.weight.to_vector<float>(), (std::vector<float>{1, 0}));
  EXPECT_TRUE(same_bits(batch.ldr.range(36, {1, 3, 4, 3}), samples[1].ldr));
  EXPECT_FALSE(batch.hdr.defined());

  samples[1].hdr = samples[1].ldr;
  EXPECT_THROW(stack(0, Pairing::unpaired, samples), Error);
  samples[1].hdr = {};
  EXPECT_THROW(stack(0, Pairing::paired, samples), Error);
  samples[1].ldr = varied(4, 3);
  EXPECT_THROW(stack(0, Pairing::unpaired, samples), Error);
}

// ------------------------------------------------------------------------------------------------------------ loader

bool same(const Batch& a, const Batch& b) {
  return a.first == b.first && a.kept == b.kept && same_bits(a.ldr, b.ldr) && same_bits(a.hdr, b.hdr) &&
         same_bits(a.encoded, b.encoded) && same_bits(a.clipped, b.clipped) &&
         same_bits(a.inverse_curve, b.inverse_curve) && same_bits(a.weight, b.weight);
}

TEST(Loading, IsTheSameForAnyNumberOfThreads) {
  const auto dataset = open_dataset(DataSource(), small());
  Loader one(*dataset, 3, 2, 1, 1), four(*dataset, 3, 2, 4, 4);
  for (std::uint64_t batch = 2; batch < 9; ++batch) {
    const Batch expected = one.next();
    EXPECT_EQ(expected.first, 3 * batch);
    EXPECT_TRUE(same(four.next(), expected)) << batch;
  }
}

/// Samples that carry their index; `bad` ones throw, and each takes `pause`.
class Numbered : public Dataset {
 public:
  Pairing pairing() const override { return Pairing::unpaired; }
  std::int64_t files() const override { return 0; }
  BadFiles bad_files() const override { return {}; }
  std::string text() const override { return "numbered"; }
  Sample sample(std::uint64_t index) const override {
    ++made;
    std::this_thread::sleep_for(pause);
    if (bad.contains(index)) throw Error(ExitCode::bad_image, message("sample ", index));
    Sample out;
    out.pairing = Pairing::unpaired;
    out.ldr = Tensor({1, 1, 1, 3}, DType::f32);
    std::fill_n(out.ldr.mutable_data<float>(), 3, static_cast<float>(index));
    return out;
  }

  std::set<std::uint64_t> bad;
  std::chrono::milliseconds pause{0};
  mutable std::atomic<int> made{0};
};

TEST(Loading, DeliversErrorsAtTheirBatch) {
  Numbered dataset;
  dataset.bad = {5, 6};
  Loader loader(dataset, 2, 0, 3, 8);
  for (std::int64_t batch = 0; batch < 30; ++batch) {
    if (batch == 2 || batch == 3) {
      try {
        loader.next();
        ADD_FAILURE() << "no error at batch " << batch;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::bad_image);
        EXPECT_EQ(std::string(error.what()), message("sample ", batch == 2 ? 5 : 6));
      }
    } else {
      EXPECT_EQ(loader.next().ldr.data<float>()[0], static_cast<float>(2 * batch));
    }
  }
}

TEST(Loading, WorksAheadAsFarAsToldAndStopsAtOnce) {
  using namespace std::chrono_literals;
  Numbered dataset;
  {
    Loader loader(dataset, 5, 0, 2, 3);
    loader.next();
    for (int tries = 0; tries < 500 && dataset.made < 20; ++tries) std::this_thread::sleep_for(2ms);
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(dataset.made, 20);  // one given, three ahead
  }
  dataset.pause = 20ms;
  const auto start = std::chrono::steady_clock::now();
  double waited = 0;
  {
    Loader loader(dataset, 2, 0, 1, 2);
    loader.next();
    waited = loader.waited();
  }
  EXPECT_GT(waited, 0.03);
  { const Loader unused(dataset, 1000, 0, 2, 2); }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);  // not the 20 s of the batch begun
}

/// The meta device stands for a GPU: batches have a way to go, and arrive as they left.
TEST(Feeding, GivesTheBatchesOfTheLoaderAndTakesNoMore) {
  for (const Device device : {Device::cpu(), Device::meta()})
    for (const bool prefetching : {false, true}) {
      Numbered dataset;
      dataset.bad = {8};  // of the fifth batch
      Loader loader(dataset, 2, 0, 1, 1);
      Feed feed(loader, device, 4);
      for (std::int64_t batch = 0; batch < 4; ++batch) {
        const Batch given = feed.next();
        if (prefetching) feed.prefetch();
        EXPECT_EQ(given.first, static_cast<std::uint64_t>(2 * batch));
        EXPECT_EQ(given.ldr.data<float>()[0], static_cast<float>(2 * batch));
        EXPECT_FALSE(given.hdr.defined());
        EXPECT_EQ(given.kept, 2);
      }
      feed.prefetch();
      EXPECT_THROW(loader.next(), Error) << "the fifth batch is still the loader's";
    }
}

// -------------------------------------------------------------------------------------------------------- file cache

TEST(Cache, KeepsTheRecentFilesWithinItsBytes) {
  std::vector<int> reads(10);
  FileCache cache("files", 10, 3 * 12, [&](std::size_t file) {
    ++reads[file];
    return Picture{constant(1, static_cast<float>(file)), {}};
  });
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Philox draws = draws_for(1, Purpose::file, i);
    const auto expected = static_cast<float>(pick(draws, 0, 10));
    EXPECT_EQ(cache.drawn(draws)->light.data<float>()[0], expected);
    EXPECT_EQ(cache.drawn(draws)->light.data<float>()[0], expected);  // kept
    EXPECT_LE(cache.bytes_kept(), 36u);
  }
  const int total = std::accumulate(reads.begin(), reads.end(), 0);
  EXPECT_GT(total, 10);   // some were dropped
  EXPECT_LT(total, 200);  // and some kept: with 3 of 10, about 140 reads
}

TEST(Cache, DropsTheFileThatWasNotUsedForLongest) {
  std::vector<int> reads(3);
  FileCache cache("files", 3, 2 * 12, [&](std::size_t file) {
    ++reads[file];
    return Picture{constant(1, 0.0f), {}};
  });
  const auto use = [&](std::int64_t file) {
    std::uint64_t i = 0;
    while (pick(draws_for(1, Purpose::file, i), 0, 3) != file) ++i;
    cache.drawn(draws_for(1, Purpose::file, i));
  };
  for (const std::int64_t file : {0, 1, 0, 2, 0, 1}) use(file);
  EXPECT_EQ(reads, (std::vector<int>{1, 2, 1}));
}

TEST(Cache, ReadsAFileOnceForAllThreads) {
  std::atomic<int> reads{0};
  FileCache cache("files", 4, 1 << 20, [&](std::size_t file) {
    ++reads;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return Picture{constant(2, static_cast<float>(file)), {}};
  });
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (std::uint64_t i = 0; i < 40; ++i) {
        const Philox draws = draws_for(1, Purpose::file, i);
        wrong += cache.drawn(draws)->light.data<float>()[0] == static_cast<float>(pick(draws, 0, 4)) ? 0 : 1;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(reads, 4);
  EXPECT_EQ(wrong, 0);
}

TEST(Cache, PassesOnErrorsThatAreNotAboutTheFile) {
  bool full = true;
  FileCache cache("files", 1, 1 << 20, [&](std::size_t) -> Picture {
    if (full) throw Error(ExitCode::out_of_memory, "full");
    return {constant(2, 1.0f), {}};
  });
  EXPECT_THROW(cache.drawn(draws_for(1, Purpose::file, 0)), Error);
  EXPECT_TRUE(cache.bad_files().messages.empty());
  full = false;
  EXPECT_NE(cache.drawn(draws_for(1, Purpose::file, 0)), nullptr);
}

}  // namespace
}  // namespace duhdr
