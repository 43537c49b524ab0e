// SPDX-License-Identifier: Apache-2.0
// The page of a run: what its copies hold, what it says, and that it is there whole or not at all.
#include "infer/run_page.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "image/colour.h"
#include "image/encode.h"
#include "image/image.h"
#include "image/preview.h"
#include "infer/run_page_entry.h"
#include "tests/support/cli_run.h"
#include "tests/support/page_files.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;
using pages::count;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// [1, h, w, 3]: value(pixel, channel).
template <class F>
Tensor picture(std::int64_t height, std::int64_t width, const F& value) {
  Tensor out({1, height, width, 3}, DType::f32);
  for (std::int64_t i = 0; i < out.numel(); ++i) out.mutable_data<float>()[i] = static_cast<float>(value(i / 3, i % 3));
  return out;
}

Tensor grey_codes(std::int64_t height, std::int64_t width) {
  return picture(height, width, [&](std::int64_t i, std::int64_t) { return static_cast<double>(i % 256) / 255; });
}

std::size_t bin_of(double stops) {
  return static_cast<std::size_t>((stops - LightHistogram::darkest) * LightHistogram::bins_a_stop);
}

TEST(PageCopies, OfASmallPictureAreItsHalves) {
  const Tensor codes = grey_codes(16, 16);
  const Tensor light = picture(
      16, 16, [](std::int64_t i, std::int64_t c) { return i == 7 ? 1e6 : 0.001 * static_cast<double>(3 * i + c); });
  const PageCopies copies = copies_of(copy_of_photograph(codes, 1024), light, {}, 1);
  const std::vector<float> stored = pages::light_of(copies.light);
  ASSERT_EQ(static_cast<std::int64_t>(stored.size()), light.numel());
  for (std::size_t i = 0; i < stored.size(); ++i)
    EXPECT_EQ(stored[i], static_cast<float>(f16(std::min(light.data<float>()[i], largest_half)))) << i;
  const Image photograph = decode_image(copies.photograph, "photograph");
  for (std::int64_t i = 0; i < codes.numel(); ++i)
    EXPECT_NEAR(photograph.pixels.data<float>()[i], codes.data<float>()[i], 8.0 / 255) << i;
}

TEST(PageCopies, OfALargePictureAreMeansOfItsLight) {
  // Columns of black and white: the mean of their light, not of their codes.
  const Tensor codes = picture(40, 64, [](std::int64_t i, std::int64_t) { return i % 2; });
  const Tensor light = picture(40, 64, [](std::int64_t i, std::int64_t) { return 8 * (i % 2); });
  const PhotographCopy photograph = copy_of_photograph(codes, 32);
  EXPECT_EQ(photograph.width, 32);
  EXPECT_EQ(photograph.height, 20);
  for (const float value : photograph.light) EXPECT_FLOAT_EQ(value, 0.5f);
  for (const float share : photograph.clipped) EXPECT_FLOAT_EQ(share, 0.5f);
  const PageCopies copies = copies_of(photograph, light, {}, 1);
  for (const float value : pages::light_of(copies.light)) EXPECT_EQ(value, 4);
}

TEST(PageCopies, SayWhereAndHowMuchWasInvented) {
  const Tensor codes = Tensor::full({1, 4, 4, 3}, 1, DType::f32), light = Tensor::full({1, 4, 4, 3}, 16, DType::f32);
  Tensor mask = Tensor::zeros({1, 4, 4, 1}, DType::f32);
  mask.mutable_data<float>()[5] = 0.4f;
  const auto pixel = [](const PageCopies& copies, std::int64_t i) {
    const Image map = decode_image(copies.invented, "map");
    const float* value = map.pixels.data<float>() + 3 * i;
    return std::array{std::lround(255 * value[0]), std::lround(255 * value[1]), std::lround(255 * value[2])};
  };
  const PageCopies masked = copies_of(copy_of_photograph(codes, 64), light, mask, 4);  // so two stops above
  EXPECT_EQ(pixel(masked, 5), (std::array{102L, std::lround(255 * 2 / PageCopies::most_stops), 0L}));
  EXPECT_EQ(pixel(masked, 6), (std::array{0L, 0L, 0L}));
  const PageCopies clipped = copies_of(copy_of_photograph(codes, 64), light, {}, 4);
  EXPECT_EQ(pixel(clipped, 6)[0], 255) << "without a mask, where the photograph is clipped";
}

TEST(PageCopies, CountLightByStops) {
  const Tensor light = picture(1, 4, [](std::int64_t i, std::int64_t) { return std::array{0.0, 1.0, 3.1, 1e9}[i]; });
  const LightHistogram histogram = light_histogram(light, 1);
  EXPECT_DOUBLE_EQ(std::accumulate(histogram.shares.begin(), histogram.shares.end(), 0.0), 1);
  for (const std::size_t bin : {std::size_t{0}, bin_of(0), bin_of(1.5), histogram.shares.size() - 1})
    EXPECT_DOUBLE_EQ(histogram.shares[bin], 0.25) << bin;
  EXPECT_DOUBLE_EQ(light_histogram(light, 4).shares[bin_of(-2)], 0.25) << "the clip level at 4";
  const Tensor codes = picture(1, 1, [](std::int64_t, std::int64_t) { return 0.5; });
  EXPECT_DOUBLE_EQ(copy_of_photograph(codes, 1024).histogram.shares[bin_of(std::log2(srgb_to_linear(0.5f)))], 1);
}

TEST(PageCopies, FindTheBrightestThousandth) {
  const auto dazzle = [](double bright, int pixels) {
    const Tensor light =
        picture(100, 100, [&](std::int64_t i, std::int64_t c) { return i < pixels && c == 1 ? bright : 0.1; });
    return copies_of(copy_of_photograph(grey_codes(100, 100), 1024), light, {}, 2).dazzle;
  };
  EXPECT_FLOAT_EQ(static_cast<float>(dazzle(64, 11)), 5);
  EXPECT_EQ(dazzle(64, 10), 0);
}

TEST(PageCopies, ShrinkWithTheNumberOfPictures) {
  EXPECT_EQ(RunPage::copy_side(1), 1024);
  EXPECT_EQ(RunPage::copy_side(10), 1024);
  EXPECT_EQ(RunPage::copy_side(100), 387);
  EXPECT_EQ(RunPage::copy_side(1000), 128);
  EXPECT_EQ(RunPage::copy_side(100000), 128);
}

class Page : public testing::Test {
 protected:
  JobReport written(const std::string& name) const {
    JobReport report;
    report.job.input = folder_ / name;
    report.written = {folder_ / "out.exr"};
    report.width = 600;
    report.height = 400;
    report.clipped = 0.125;
    report.values = {0.1, 2, 64};
    report.clip_level = 2;
    report.sha256 = std::string(64, 'b');
    report.copies = std::make_shared<PageCopies>(
        copies_of(copy_of_photograph(grey_codes(8, 12), 1024), Tensor::full({1, 8, 12, 3}, 2, DType::f32), {}, 2));
    return report;
  }
  JobReport failed(const std::string& error) const {
    JobReport report = written("bad.jpg");
    report.error = error;
    report.code = ExitCode::bad_image;
    return report;
  }
  std::string page_of(const std::vector<JobReport>& reports, const RunPage::Facts& facts = {}) const {
    RunPage page(folder_ / "page", reports.size(), facts);
    for (const JobReport& report : reports) page.add(report);
    return pages::text_of(page.finish(3));
  }

  cli::Scratch folder_{"run-page"};
};

TEST_F(Page, SaysWhatIsKnownOfPictures) {
  const std::string hash(64, 'a');
  const std::string page = page_of({written("a.jpg"), written("b.jpg")}, {{"Model", "tiny"}, {"SHA-256", hash}});
  for (const std::string& part :
       {std::string("2 written, 3 skipped (their outputs exist)"), "<span class=\"hash\">" + hash + "</span>",
        std::string("600 &times; 400 pixels"), std::string("12.50 % of the photograph"),
        std::string("64, +5.0 stops above the clip level"), std::string(64, 'b'), std::string("data-clip=\"2\""),
        std::string("<a href=\"#picture-2\">b.jpg</a>"), std::string("alt=\"Photograph a.jpg\"")})
    EXPECT_TRUE(has(page, part)) << part;
  EXPECT_EQ(pages::light_of(pages::data_of(page, "light-2")), std::vector<float>(8 * 12 * 3, 2));
}

TEST_F(Page, NamesWhatFailedAndWhy) {
  const std::string page = page_of({failed("bad.jpg: not a picture"), written("a.jpg")});
  EXPECT_TRUE(has(page, "Failed: 1 of 2"));
  EXPECT_TRUE(has(page, "<li>bad.jpg: not a picture</li>"));
  EXPECT_TRUE(has(page, "1 written, <b class=\"bad\">1 failed</b>"));
  EXPECT_EQ(count(page, "<article"), 1u);
  EXPECT_EQ(count(page, "id=\"light-"), 1u);
}

TEST_F(Page, AsksForNothingAndKeepsHostileNamesText) {
  const std::string hostile = "a<script>alert(1)<img src=x onerror='alert(2)'>\"&.jpg";
  JobReport report = written(hostile);
  report.warnings = {hostile};
  const std::string page = page_of({report, failed(hostile)}, {{hostile, hostile}});
  EXPECT_EQ(count(page, "<script"), 3u);  // of light, map and the page's own
  EXPECT_EQ(count(page, "<img"), 1u);
  EXPECT_FALSE(has(page, "<img src=x"));
  for (const char* part : {"://", "@import", "url(", "fetch(", "XMLHttpRequest", "<link", "<iframe", "href=\"h"})
    EXPECT_FALSE(has(page, part)) << part;
  EXPECT_TRUE(has(page, "default-src 'none'"));
}

TEST_F(Page, HasCopiesOfTheFirstThousand) {
  const std::string page = page_of(std::vector<JobReport>(1002, written("a.jpg")));
  EXPECT_EQ(count(page, "<article"), 1002u);
  EXPECT_EQ(count(page, "id=\"light-"), 1000u);
  EXPECT_TRUE(has(page, "Pictures are shown of the first 1000 photographs."));
}

TEST_F(Page, IsThereWholeOrNotAtAll) {
  fs::create_directory(folder_ / "page");
  write_file(folder_ / "page/report.html", std::as_bytes(std::span("old", 3)));
  const auto before = cli::contents_of(folder_.path());
  {
    RunPage page(folder_ / "page", 2, {});
    page.add(written("a.jpg"));
  }
  EXPECT_EQ(cli::contents_of(folder_.path()), before) << "given up";
  (void)page_of({written("a.jpg")});
  EXPECT_EQ(cli::contents_of(folder_.path()).size(), 1u);
  EXPECT_NE(cli::contents_of(folder_.path()), before);
}

TEST_F(Page, RefusesAFolderThatCannotBe) {
  write_file(folder_ / "file", std::as_bytes(std::span("mine", 4)));
  EXPECT_THROW(RunPage(folder_ / "file", 1, {}), Error);
  fs::create_directories(folder_ / "page/report.html");
  EXPECT_THROW(RunPage(folder_ / "page", 1, {}), Error);
}

}  // namespace
}  // namespace duhdr
