// SPDX-License-Identifier: Apache-2.0
// Data sets of files: how sources are found, splits, HDR images, photographs and mixtures.
#include <map>
#include <set>

#include "data/file_list.h"
#include "data/loader.h"
#include "tests/support/data_files.h"

namespace duhdr {
namespace {

// ----------------------------------------------------------------------------------------------------------- sources

TEST_F(DataFolder, SourceIsFoundByLooking) {
  write_hdr("h/sub/a.PFM", light(2, 2));
  write_photo("l/a.png", photograph_of(light(2, 2)));
  write_photo("p/LDR_in/a.png", photograph_of(light(2, 2)));
  write_hdr("p/HDR_gt/a.pfm", light(2, 2));
  write_hdr("m/x.pfm", light(2, 2));
  write("m/manifest.tsv", "ldr\thdr\na.png\tx.pfm\n");
  const auto kind = [&](const char* name) { return DataSource::parse(folder / name).kind; };
  EXPECT_EQ(kind("h"), DataSource::Kind::hdr);
  EXPECT_EQ(kind("l"), DataSource::Kind::ldr);
  EXPECT_EQ(kind("p"), DataSource::Kind::paired);
  EXPECT_EQ(kind("m"), DataSource::Kind::paired);
  EXPECT_EQ(DataSource::parse("scenes").kind, DataSource::Kind::scenes);
  for (const std::string& text : {"hdr:" + (folder / "p").string(), "ldr:" + (folder / "p").string(),
                                  "paired:" + (folder / "p").string(), std::string("scenes")})
    EXPECT_EQ(DataSource::parse(text).text(), text);
  EXPECT_EQ(DataSource::parse("hdr:" + (folder / "p").string()).pairing(), Pairing::synthesised);
  EXPECT_EQ(DataSource::parse("ldr:" + (folder / "p").string()).pairing(), Pairing::unpaired);
}

TEST_F(DataFolder, UselessSourcesAreRefused) {
  write("empty/notes.txt", "no image");
  write_hdr("both/a.pfm", light(2, 2));
  write_photo("both/b.png", photograph_of(light(2, 2)));
  const auto refused = [&](const std::string& text, ExitCode code, const std::string& part) {
    SCOPED_TRACE(text);
    expect_error([&] { DataSource::parse(text); }, code, part);
  };
  refused("", ExitCode::usage, "empty");
  refused("hdr:", ExitCode::usage, "no folder");
  refused("exr:somewhere", ExitCode::usage, "unknown data source");
  refused(folder / "missing", ExitCode::io, "no such folder");
  refused("hdr:" + (folder / "missing").string(), ExitCode::io, "no such folder");
  refused(folder / "both" / "a.pfm", ExitCode::usage, "not a folder");
  refused(folder / "both", ExitCode::usage, "hdr: or ldr:");
  refused(folder / "empty", ExitCode::bad_image, "no images");
  refused("hdr:" + (folder / "empty").string(), ExitCode::bad_image, "no HDR images");
  refused("ldr:" + (folder / "empty").string(), ExitCode::bad_image, "no photographs");
  refused("pseudo:" + (folder / "empty").string(), ExitCode::bad_image, "no photographs");
  refused("pseudo:", ExitCode::usage, "no folder");
  refused("paired:" + (folder / "empty").string(), ExitCode::bad_image, "no paired data");
  for (const DataSource::Kind kind :
       {DataSource::Kind::hdr, DataSource::Kind::ldr, DataSource::Kind::paired, DataSource::Kind::pseudo})
    expect_error([&] { open_dataset({kind, folder / "empty", 1}, small()); }, ExitCode::bad_image, "no ");
}

TEST_F(DataFolder, FilesAreListedByName) {
  for (const char* name : {"b.exr", "a/z.HDR", "a.pfm", ".hidden.exr", ".trash/c.exr", "photo.jpg", "c.txt"})
    write(name, "x");
  EXPECT_EQ(list_files(folder, FileKind::hdr), (std::vector<fs::path>{"a.pfm", "a/z.HDR", "b.exr"}));
  EXPECT_EQ(list_files(folder, FileKind::photograph), (std::vector<fs::path>{"photo.jpg"}));
}

TEST(DataSplit, PartsAreDisjointAndCompleteUnlessThereIsOneFile) {
  std::vector<int> items(73);
  for (int i = 0; i < 73; ++i) items[static_cast<std::size_t>(i)] = i;
  for (const double share : {0.1, 0.25, 0.5, 0.9, 1e-12}) {
    const auto train = part_of(items, Split::train, share), validation = part_of(items, Split::validation, share);
    std::vector<int> all = train;
    all.insert(all.end(), validation.begin(), validation.end());
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, items) << share;
    EXPECT_FALSE(train.empty());
    EXPECT_EQ(validation.size(), share == 0.1 ? 8u : share == 0.25 ? 19u : share < 0.01 ? 1u : 37u);
  }
  EXPECT_EQ(part_of(items, Split::train, 0), items);
  EXPECT_EQ(part_of(items, Split::validation, 0), items);
  EXPECT_EQ(part_of(std::vector{4}, Split::train, 0.1), std::vector{4});
  EXPECT_EQ(part_of(std::vector{4}, Split::validation, 0.1), std::vector{4});
}

// -------------------------------------------------------------------------------------------------------- HDR images

TEST_F(DataFolder, HdrSamplesDependOnSeedAndIndexAlone) {
  write_many(5);
  const auto options = small();
  const auto dataset = open_dataset(source(DataSource::Kind::hdr), options);
  auto tiny = options;
  tiny.cache_bytes = 1;
  const auto uncached = open_dataset(source(DataSource::Kind::hdr), tiny);
  std::vector<Sample> samples;
  for (std::uint64_t i = 0; i < 20; ++i) samples.push_back(dataset->sample(i));
  for (std::uint64_t i = 20; i-- > 0;) EXPECT_TRUE(same(uncached->sample(i), samples[i])) << i;
  auto other = options;
  other.seed = 2;
  EXPECT_FALSE(same(open_dataset(source(DataSource::Kind::hdr), other)->sample(0), samples[0]));
  EXPECT_EQ(samples[0].ldr.shape(), (Shape{1, 16, 16, 3}));
  EXPECT_EQ(dataset->text(), message("hdr:", folder.string(), ", 5 files"));

  Loader one(*dataset, 4, 0, 1), four(*uncached, 4, 0, 4);
  for (int batch = 0; batch < 5; ++batch) {
    const Batch a = one.next(), b = four.next();
    EXPECT_TRUE(same_bits(a.ldr, b.ldr) && same_bits(a.hdr, b.hdr)) << batch;
    EXPECT_TRUE(same_bits(a.ldr.range(0, {1, 16, 16, 3}), samples[static_cast<std::size_t>(4 * batch)].ldr));
  }
}

TEST_F(DataFolder, TrainingAndValidationUseDifferentFiles) {
  for (int i = 0; i < 10; ++i)  // file i: red (i + 1) times the rest
    write_hdr(message("image", i, ".pfm"), [&] {
      Tensor image = Tensor::full({1, 16, 16, 3}, 1, DType::f32);
      for (std::int64_t p = 0; p < 256; ++p) image.mutable_data<float>()[3 * p] = static_cast<float>(i + 1);
      return image;
    }());
  std::set<long> seen[2];
  for (const Split split : {Split::train, Split::validation}) {
    DataOptions options = noiseless();
    options.validation_share = 0.2;
    options.split = split;
    const auto dataset = open_dataset(source(DataSource::Kind::hdr), options);
    for (std::uint64_t i = 0; i < 200; ++i) {
      const Sample sample = dataset->sample(i);
      const float* h = sample.hdr.data<float>();
      seen[split == Split::train ? 0 : 1].insert(std::lround(h[0] / h[1]) - 1);
    }
  }
  EXPECT_EQ(seen[0], (std::set<long>{1, 2, 3, 4, 6, 7, 8, 9}));
  EXPECT_EQ(seen[1], (std::set<long>{0, 5}));
}

TEST_F(DataFolder, PolesOfPanoramasAreLeftOut) {
  Tensor panorama = Tensor::full({1, 256, 512, 3}, 1, DType::f32);
  constexpr std::int64_t pole = (256 / 8 - 1) * 512 * 3;  // the row beside it may be read by interpolation
  std::fill_n(panorama.mutable_data<float>(), pole, 1000.0f);
  std::fill_n(panorama.mutable_data<float>() + panorama.numel() - pole, pole, 1000.0f);
  write_hdr("panorama.pfm", panorama);
  for (const bool augment : {true, false})
    for (const std::int64_t patch : {16, 256, 300}) {
      DataOptions options = noiseless();
      options.patch = patch;
      options.augment = augment;
      const auto dataset = open_dataset(source(DataSource::Kind::hdr), options);
      for (std::uint64_t i = 0; i < 12; ++i) {
        const std::vector<float> h = dataset->sample(i).hdr.to_vector<float>();
        const auto [least, most] = std::minmax_element(h.begin(), h.end());
        EXPECT_LT(*most / *least, 1.001) << patch << " " << i;
      }
    }
}

TEST_F(DataFolder, ScalesFromHalfToTwiceTheReferenceSide) {
  constexpr std::int64_t side = 256;
  constexpr double growth = 0.015;  // of log radiance per pixel along x: its slope in the patch tells the scale
  Tensor ramp({1, side, side, 3}, DType::f32);
  for (std::int64_t i = 0; i < ramp.numel(); ++i)
    ramp.mutable_data<float>()[i] = static_cast<float>(std::exp(growth * static_cast<double>(i / 3 % side)));
  write_hdr("ramp.pfm", ramp);
  std::vector<double> scales;
  const auto dataset = open_dataset(source(DataSource::Kind::hdr), noiseless());
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Sample sample = dataset->sample(i);
    const auto slope = [&](std::int64_t step) {  // away from the edges of the image, where interpolation is flat
      const float* h = sample.hdr.data<float>() + 3 * (16 * 5 + 5);
      return std::abs(std::log(h[18 * step] / h[0])) / 6;
    };
    scales.push_back(side / 512.0 * growth / std::max(slope(1), slope(16)));
  }
  std::sort(scales.begin(), scales.end());
  for (std::size_t i = 0; i < scales.size(); ++i)
    EXPECT_NEAR(scales[i], 0.5 + 1.5 * (static_cast<double>(i) + 0.5) / 300, 0.15);  // Kolmogorov-Smirnov at 1e-2
}

TEST_F(DataFolder, SmallLargeAndNarrowImagesGivePatches) {
  write_hdr("small/a.pfm", light(5, 3));
  write_hdr("narrow/a.pfm", light(3, 400));
  write_hdr("large/a.pfm", light(2100, 2050));
  for (const char* name : {"small", "narrow", "large"})
    for (const bool augment : {true, false}) {
      DataOptions options = small();
      options.patch = 64;
      options.augment = augment;
      const auto dataset = open_dataset({DataSource::Kind::hdr, folder / name, 1}, options);
      for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(dataset->sample(i).hdr.shape(), (Shape{1, 64, 64, 3}));
      EXPECT_TRUE(dataset->bad_files().messages.empty());
    }
}

// ------------------------------------------------------------------------------------------------------- photographs

TEST_F(DataFolder, PhotographsAreCutIntoCodes) {
  Tensor fine({1, 30, 40, 3}, DType::f32);  // 16 bits: between codes, every pixel different
  for (std::int64_t i = 0; i < fine.numel(); ++i)
    fine.mutable_data<float>()[i] = static_cast<float>(i) / static_cast<float>(fine.numel() - 1);
  write("a.png", encode_png16(fine));
  DataOptions options = small();
  const auto dataset = open_dataset(DataSource::parse(folder), options);
  std::set<std::vector<float>> seen;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Sample sample = dataset->sample(i);
    EXPECT_EQ(sample.pairing, Pairing::unpaired);
    EXPECT_FALSE(sample.hdr.defined());
    EXPECT_TRUE(same_bits(values_of(codes_of(sample.ldr)), sample.ldr));
    EXPECT_EQ(sample.weight, exposure_weight(sample.ldr));
    seen.insert(sample.ldr.to_vector<float>());
  }
  EXPECT_GT(seen.size(), 15u);

  options.augment = false;
  const Tensor upright = open_dataset(DataSource::parse(folder), options)->sample(0).ldr;
  const float* row = upright.data<float>();
  EXPECT_NEAR(row[0], 7.0 / 30, 0.04);  // centred: from row 7 of 30
  EXPECT_GT(row[15 * 48], row[0]);
}

TEST_F(DataFolder, SmallPhotographsAreBadFiles) {
  write_photo("a.png", photograph_of(light(15, 40)));
  const auto dataset = open_dataset(source(DataSource::Kind::ldr), small());
  expect_error([&] { dataset->sample(0); }, ExitCode::bad_image, "too small (40 x 15, at least 16 x 16)");
}

// ------------------------------------------------------------------------------------------------------------- mixed

TEST_F(DataFolder, MixedBatchesComeFromOneSourceByShares) {
  const Tensor radiance = light(20, 20);
  write_hdr("p/hdr/a.pfm", radiance);
  write_photo("p/ldr/a.png", photograph_of(radiance));
  write_hdr("h/a.pfm", radiance);
  std::vector<DataSource> sources{DataSource::parse(folder / "p"), DataSource::parse(folder / "h")};
  sources[0].share = 3;
  const auto mixed = open_mixed(sources, small(), 4);
  EXPECT_EQ(mixed->pairing(), Pairing::paired);
  EXPECT_EQ(mixed->files(), 2);
  int paired = 0;
  for (std::uint64_t batch = 0; batch < 400; ++batch) {
    const Pairing first = mixed->sample(4 * batch).pairing;
    for (std::uint64_t i = 1; i < 4; ++i) EXPECT_EQ(mixed->sample(4 * batch + i).pairing, first);
    paired += first == Pairing::paired ? 1 : 0;
  }
  EXPECT_NEAR(paired, 300, 36);  // four standard deviations

  Loader loader(*mixed, 4, 0, 2);
  for (std::uint64_t batch = 0; batch < 8; ++batch) EXPECT_EQ(loader.next().pairing, mixed->sample(4 * batch).pairing);
}

TEST_F(DataFolder, PhotographsAloneDoNotMixWithHdr) {
  write_photo("l/a.png", photograph_of(light(20, 20)));
  const std::vector<DataSource> sources{DataSource::parse(folder / "l"), DataSource::parse("scenes")};
  expect_error([&] { open_mixed(sources, small(), 4); }, ExitCode::usage, "cannot be mixed");
  EXPECT_EQ(DataSource::parse("0.25@scenes").share, 0.25);
  EXPECT_EQ(DataSource::parse("scenes").share, 1);
  for (const char* bad : {"0@scenes", "-1@scenes", "nan@scenes", "inf@scenes"})
    expect_error([&] { DataSource::parse(bad); }, ExitCode::usage, "SHARE@SOURCE");
  expect_error([] { DataSource::parse("two@scenes"); }, ExitCode::io, "no such folder");
}

TEST_F(DataFolder, TheHdrSideCanBeLeftOut) {
  write_many(2);
  const auto whole = open_dataset(source(DataSource::Kind::hdr), small());
  const auto photographs = without_hdr(open_dataset(source(DataSource::Kind::hdr), small()));
  EXPECT_EQ(photographs->pairing(), Pairing::unpaired);
  const Sample sample = photographs->sample(3);
  EXPECT_EQ(sample.pairing, Pairing::unpaired);
  EXPECT_TRUE(same_bits(sample.ldr, whole->sample(3).ldr));
  EXPECT_EQ(sample.weight, whole->sample(3).weight);
  EXPECT_FALSE(sample.hdr.defined() || sample.encoded.defined() || sample.clipped.defined() ||
               sample.inverse_curve.defined());
}

}  // namespace
}  // namespace duhdr
