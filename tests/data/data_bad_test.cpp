// SPDX-License-Identifier: Apache-2.0
// Files that cannot be used, and paired folders.
#include <set>

#include "data/file_list.h"
#include "tests/support/data_files.h"

namespace duhdr {
namespace {

// --------------------------------------------------------------------------------------------------------- bad files

TEST_F(DataFolder, ABadFileIsNamedAndTheOthersStayAsTheyWere) {
  write_many(30);
  const auto whole = open_dataset(source(DataSource::Kind::hdr), small());
  std::vector<Sample> before;
  for (std::uint64_t i = 0; i < 100; ++i) before.push_back(whole->sample(i));

  write("image1007.pfm", "PF\n24 24\n-1.0\ncut off");
  const auto dataset = open_dataset(source(DataSource::Kind::hdr), small());
  const auto again = open_dataset(source(DataSource::Kind::hdr), small());
  std::vector<std::size_t> changed;
  for (std::size_t i = 100; i-- > 0;) again->sample(i);
  for (std::size_t i = 0; i < 100; ++i) {
    const Sample sample = dataset->sample(i);
    EXPECT_TRUE(same(sample, again->sample(i)));
    if (!same(sample, before[i])) changed.push_back(i);
  }
  EXPECT_GE(changed.size(), 1u);  // those of the file itself, about 100 / 30
  EXPECT_LE(changed.size(), 10u);
  const BadFiles bad = dataset->bad_files();
  EXPECT_EQ(bad.total, 30);
  ASSERT_EQ(bad.messages.size(), 1u);
  EXPECT_NE(bad.messages[0].find("image1007.pfm"), std::string::npos) << bad.messages[0];
}

TEST_F(DataFolder, AFileThatVanishesIsABadFile) {
  write_many(10);
  const auto dataset = open_dataset(source(DataSource::Kind::hdr), small());
  fs::remove(folder / "image1003.pfm");
  for (std::uint64_t i = 0; i < 60; ++i) dataset->sample(i);
  ASSERT_EQ(dataset->bad_files().messages.size(), 1u);
  EXPECT_NE(dataset->bad_files().messages[0].find("image1003.pfm"), std::string::npos);
}

TEST_F(DataFolder, MoreThanOneFileInAHundredIsTooMany) {
  write_many(20);
  write("image1002.pfm", "broken, and more than twelve bytes");
  write("image1011.pfm", "broken, and more than twelve bytes");
  const auto dataset = open_dataset(source(DataSource::Kind::hdr), small());
  const auto all = [&] {
    for (std::uint64_t i = 0; i < 200; ++i) dataset->sample(i);
  };
  expect_error(all, ExitCode::bad_image, "2 of 20, at most 1");
  expect_error(all, ExitCode::bad_image, "image1011.pfm");  // and it stays so
  EXPECT_EQ(dataset->bad_files().messages.size(), 2u);
}

TEST_F(DataFolder, TwoInTwoHundredAreNotTooMany) {
  write_many(200);
  write("image1002.pfm", "broken, and more than twelve bytes");
  write("image1100.pfm", "broken, and more than twelve bytes");
  const auto dataset = open_dataset(source(DataSource::Kind::hdr), small());
  for (std::uint64_t i = 0; i < 1500; ++i) dataset->sample(i);
  EXPECT_EQ(dataset->bad_files().messages.size(), 2u);
}

TEST_F(DataFolder, AHundredBadDrawsInARowEndIt) {
  write("only.exr", "not an OpenEXR file at all");
  const auto dataset = open_dataset(source(DataSource::Kind::hdr), small());
  expect_error([&] { dataset->sample(0); }, ExitCode::bad_image, "100 draws in a row");
  const auto sample = [&] { dataset->sample(1); };
  expect_error(sample, ExitCode::bad_image, "only.exr");
}

// ------------------------------------------------------------------------------------------------------------ paired

/// |ldr - response(min(1, hdr))| of the camera above, the worst pixel, in codes.
double worst_misfit(const Sample& sample) {
  double worst = 0;
  for (std::int64_t i = 0; i < sample.hdr.numel(); ++i)
    worst = std::max(worst, std::abs(255 * (std::pow(std::min(1.0f, sample.hdr.data<float>()[i]), 1 / gamma) -
                                            sample.ldr.data<float>()[i])));
  return worst;
}

TEST_F(DataFolder, PairsStayAlignedAndExposureIsRecovered) {
  constexpr float exposure = 0.013f;  // radiance to clip level, unknown to the data set
  for (int i = 0; i < 3; ++i) {
    const Tensor radiance = light(40, 60, static_cast<std::uint64_t>(i + 1), 100);
    write_hdr(message("HDR_gt/", i, ".pfm"), radiance);
    write_photo(message("LDR_in/", i, ".png"), photograph_of(radiance, exposure));
  }
  write_photo("LDR_in/alone.png", photograph_of(light(40, 60)));
  for (const bool augment : {true, false}) {
    DataOptions options = small();
    options.augment = augment;
    const auto dataset = open_dataset(DataSource::parse(folder), options);
    EXPECT_NE(dataset->text().find("3 pairs (1 files without a partner)"), std::string::npos) << dataset->text();
    int above = 0;
    for (std::uint64_t i = 0; i < 30; ++i) {
      const Sample sample = dataset->sample(i);
      EXPECT_LT(worst_misfit(sample), 1.5) << i;  // half a code of rounding, and an exposure known to 1 %
      EXPECT_FALSE(sample.encoded.defined() || sample.clipped.defined() || sample.inverse_curve.defined());
      EXPECT_EQ(sample.weight, 1.0f);
      for (const float h : sample.hdr.to_vector<float>()) above += h > 1.5f ? 1 : 0;
    }
    EXPECT_GT(above, 100);  // H is not clipped
  }
}

TEST_F(DataFolder, ManifestStatesTheClipLevel) {
  const Tensor radiance = light(20, 20, 1, 50);
  write_hdr("deep/er/h.pfm", radiance);
  write_photo("l.png", photograph_of(radiance, 1 / 40.0f));
  write("manifest.tsv", "source\tldr\tclip_level\thdr\r\n\r\nanywhere\tl.png\t40\tdeep/er/h.pfm\r\n");
  DataOptions options = small();
  options.mean_inverse_curve.clear();  // not needed
  const auto dataset = open_dataset(DataSource::parse(folder), options);
  for (std::uint64_t i = 0; i < 10; ++i) EXPECT_LT(worst_misfit(dataset->sample(i)), 0.51);
}

TEST_F(DataFolder, FaultyManifestsAreRefusedWithTheirLine) {
  const auto refused = [&](const std::string& text, const std::string& part) {
    SCOPED_TRACE(text);
    write("manifest.tsv", text);
    expect_error([&] { list_pairs(folder); }, ExitCode::bad_image, part);
  };
  const std::string header = "ldr\thdr\tclip_level\n";
  refused("", "header");
  refused("ldr\tHDR\na\tb\n", "line 1: no column hdr");
  refused("ldr\thdr\tldr\n", "line 1: column ldr appears twice");
  refused("ldr\thdr\n", "no pairs");
  refused(header + "a.png\tb.exr\n", "line 2: 2 columns");
  refused(header + "a.png\tb.exr\t1\n../a.png\tb.exr\t1\n", "line 3: path '../a.png'");
  refused(header + "a.png\tsub/../../b.exr\t1\n", "path 'sub/../../b.exr'");
  refused(header + "/etc/a.png\tb.exr\t1\n", "path '/etc/a.png'");
  refused(header + "\tb.exr\t1\n", "path ''");
  refused(header + "sub/\tb.exr\t1\n", "path 'sub/'");
  for (const char* level : {"0", "-1", "nan", "inf", "1x", "", "1e999"})
    refused(header + "a.png\tb.exr\t" + level + "\n", "is not a positive number");
}

TEST_F(DataFolder, StemsMustBeUnique) {
  write("ldr/a.png", "x");
  write("ldr/a.jpg", "x");
  write("hdr/a.exr", "x");
  expect_error([&] { list_pairs(folder); }, ExitCode::bad_image, "up to the extension");
}

TEST_F(DataFolder, UnusablePairsAreBadFiles) {
  const Tensor good = light(24, 24), dark = light(24, 24, 2, 1e-4f);
  struct Case {
    Tensor hdr, codes;
    std::string part;
  };
  const std::vector<Case> cases{{light(24, 25), photograph_of(good), "not as large as its photograph"},
                                {dark, photograph_of(dark), "exposure unknown"},
                                {light(9, 30), photograph_of(light(9, 30)), "too small"}};
  for (const Case& one : cases) {
    write_hdr("hdr/a.pfm", one.hdr);
    write_photo("ldr/a.png", one.codes);
    const auto dataset = open_dataset(source(DataSource::Kind::paired), small());
    expect_error([&] { dataset->sample(0); }, ExitCode::bad_image, one.part);
    EXPECT_EQ(dataset->bad_files().messages.size(), 1u);
  }
  write_hdr("hdr/a.pfm", good);
  write("ldr/a.png", encode_pfm(good));  // light under the name of a photograph
  const auto dataset = open_dataset(source(DataSource::Kind::paired), small());
  expect_error([&] { dataset->sample(0); }, ExitCode::bad_image, "not a photograph (pfm)");
}

}  // namespace
}  // namespace duhdr
