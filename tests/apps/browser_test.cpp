// SPDX-License-Identifier: Apache-2.0
// The page of a run in Chromium: it opens without a complaint and without a request, and shows the light that is in the
// file. Skipped where there is no Chromium.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "image/colour.h"
#include "image/image.h"
#include "tests/support/cli_files.h"
#include "tests/support/page_files.h"

namespace duhdr::cli {
namespace {

namespace fs = std::filesystem;

fs::path chromium() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');)
    for (const char* name : {"chromium", "chromium-browser", "google-chrome"})
      if (fs::exists(fs::path(folder) / name)) return fs::path(folder) / name;
  return {};
}

/// Around a script that is run when the page has shown itself, and that may ask for a pixel of a canvas.
const std::string probe_begin = R"(<script>{
  const at = (canvas, x, y) => {
    const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
    const context = copy.getContext("2d", { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    return [...context.getImageData(x, y, 1, 1).data];
  };
  const refused = [];
  addEventListener("securitypolicyviolation", (event) => refused.push(event.blockedURI));
  addEventListener("load", () => setTimeout(async () => {
    const said = await (async () => {)";
const std::string probe_end = R"(})();
    const asked = performance.getEntriesByType("resource").filter(({ name }) => !name.startsWith("data:"));
    const out = Object.assign(document.createElement("output"), { id: "probe" });
    out.textContent = `${said} asked ${asked.length} refused ${refused.length}`;
    document.body.append(out);
  }, 500));
}</script>)";

class Browser : public testing::Test {
 protected:
  void SetUp() override {
    if (browser_.empty()) GTEST_SKIP() << "no Chromium on this machine";
    if (sanitized()) GTEST_SKIP() << "the page is the same";
    write_tiny_model(folder_ / "model");
    write(folder_ / "in.png", photograph(70, 45));
    write(folder_ / "in2.png", photograph(50, 64));
    const Outcome outcome =
        run_program_file("duhdr-infer", call("in.png", "out/", {"in2.png", "--exposure", "1", "--report", "page"}),
                         {.folder = folder_.path()});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }

  /// What `script` returns on the page, where at(canvas, x, y) is a pixel, and how much was asked for and refused.
  /// Nothing may have been said on the console.
  std::string after(const std::string& script) {
    std::string page = pages::text_of(folder_ / "page/report.html");
    const std::string probe = probe_begin + script + probe_end;
    page.insert(page.find("</head>"), probe);
    write(folder_ / "probed.html", page);
    const Outcome outcome = run_program_file(
        browser_.string(),
        {"--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
         "--user-data-dir=" + (folder_ / "profile").string(), "--enable-logging=stderr", "--window-size=1000,2000",
         "--virtual-time-budget=5000", "--dump-dom", "file://" + (folder_ / "probed.html").string()},
        {.folder = folder_.path(), .environment = {{"HOME", folder_.path().string()}}});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    for (const std::string& line : lines_of(outcome.err)) EXPECT_EQ(line.find("CONSOLE"), std::string::npos) << line;
    const std::string begin = "<output id=\"probe\">";
    const std::size_t first = outcome.out.find(begin);
    if (first == std::string::npos) return "nothing: " + outcome.err;
    return outcome.out.substr(first + begin.size(), outcome.out.find("</output>", first) - first - begin.size());
  }

  fs::path browser_ = chromium();
  Scratch folder_{"browser"};
};

/// Sets the exposure of a picture, and says a pixel of one of its canvases once that is drawn.
std::string pixel(int number, const std::string& canvas, double ev, int x, int y) {
  return message("const article=document.getElementById('picture-", number,
                 "');const slider=article.querySelector('.exposure');slider.value=", ev,
                 ";slider.dispatchEvent(new Event('input'));const shown=()=>at(article.querySelector('canvas.", canvas,
                 "'),", x, ",", y,
                 ");for(let i=0;i<80&&shown()[3]===0;++i)await new Promise(done=>setTimeout(done,50));return "
                 "shown().join(' ');");
}

std::vector<double> numbers_of(const std::string& text) {
  std::vector<double> numbers;
  std::istringstream stream(text);
  for (double number = 0; stream >> number;) numbers.push_back(number);
  return numbers;
}

double code_of(float light) { return std::round(255.0 * static_cast<double>(linear_to_srgb(std::min(light, 1.0f)))); }

TEST_F(Browser, ShowsTheLightOfTheFile) {
  constexpr double ev = -4;
  constexpr int x = 60, y = 40;
  const std::string said = after(pixel(1, "right", ev, x, y));
  ASSERT_TRUE(said.ends_with(" asked 0 refused 0")) << said;
  const std::vector<double> shown = numbers_of(said);
  ASSERT_EQ(shown.size(), 4u) << said;
  const Tensor light = read_image(folder_ / "out/in.exr").pixels;
  const float* pixel_light = light.data<float>() + (y * 70 + x) * 3;
  const float gain = static_cast<float>(std::exp2(ev)) / 2;  // --exposure 1
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(shown[c], code_of(gain * pixel_light[c]), 1) << said;
  EXPECT_EQ(shown[3], 255);
  EXPECT_GT(shown[1], 10) << "nothing to see";
}

TEST_F(Browser, ShowsThePhotographBeside) {
  const Tensor codes = read_image(folder_ / "in2.png").pixels;
  for (const double ev : {0.0, -2.0}) {
    const std::vector<double> shown = numbers_of(after(pixel(2, "left", ev, 40, 50)));  // clipped
    ASSERT_EQ(shown.size(), 4u);
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(shown[c], code_of(static_cast<float>(std::exp2(ev))), 2) << ev;
  }
}

TEST_F(Browser, ShowsWhereLightWasInvented) {
  const std::string said = after(
      "const article=document.getElementById('picture-1');article.querySelector('.overlay').click();const "
      "map=article.querySelector('.invented');for(let i=0;i<80&&at(map,60,40)[3]===0;++i)await new "
      "Promise(done=>setTimeout(done,50));return "
      "at(map,60,40)[3]+' '+at(map,5,5)[3];");
  EXPECT_EQ(numbers_of(said), (std::vector<double>{255, 0})) << said;
}

TEST_F(Browser, SortsTheOverview) {
  const std::string said = after(
      "const table=document.querySelector('table.overview');table.querySelectorAll('button.sort')[1].click();return "
      "table.tBodies[0].rows[0].cells[1].dataset.key+' '+table.tBodies[0].rows[1].cells[1].dataset.key;");
  EXPECT_EQ(numbers_of(said), (std::vector<double>{3200, 3150})) << said;
}

}  // namespace
}  // namespace duhdr::cli
