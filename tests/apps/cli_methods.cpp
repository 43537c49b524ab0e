// SPDX-License-Identifier: Apache-2.0
// duhdr-infer --method: jobs, files, metadata and reports are those of a model.
#include <gtest/gtest.h>

#include "data/curve_basis.h"
#include "image/image.h"
#include "operators/inverse_operator.h"
#include "tests/support/cli_files.h"

namespace duhdr::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Arguments = std::vector<std::string>;

class Methods : public testing::Test {
 protected:
  void SetUp() override { write(folder_ / "in.png", photograph(70, 45)); }
  Outcome run(const std::string& method, const Arguments& more, int code = 0) {
    Arguments arguments{"--method", method};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run_program_file("duhdr-infer", arguments, {.folder = folder_.path()});
    EXPECT_EQ(outcome.code, code) << outcome.err;
    return outcome;
  }
  Scratch folder_{"cli-methods"};
};

TEST_F(Methods, AreListed) {
  const Outcome outcome = run_program_file("duhdr-infer", {"--list-methods"}, {.folder = folder_.path()});
  EXPECT_EQ(outcome.code, 0);
  const std::vector<std::string> lines = lines_of(outcome.out);
  ASSERT_EQ(lines.size(), inverse_operators().size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const InverseOperator& row = inverse_operators()[i];
    EXPECT_TRUE(lines[i].starts_with(std::string(row.name) + ' ')) << lines[i];
    EXPECT_NE(lines[i].find(row.title), std::string::npos) << lines[i];
    EXPECT_NE(lines[i].find(row.source), std::string::npos) << lines[i];
  }
}

TEST_F(Methods, WriteWhatTheOperatorsMake) {
  const Image code = read_image(folder_ / "in.png");
  for (const InverseOperator& row : inverse_operators()) {
    SCOPED_TRACE(row.name);
    const Outcome outcome = run(std::string(row.name), {"-i", "in.png", "-o", "out.pfm", "--json"});
    const json line = json::parse(lines_of(outcome.out).at(0));
    EXPECT_EQ(line.at("method"), row.name);
    EXPECT_FALSE(line.contains("model"));
    EXPECT_EQ(line.at("device"), "cpu");
    EXPECT_GT(line.at("clipped_pct"), 0);
    EXPECT_EQ(line.at("warnings"), json::array());
    if (row.needs_response) continue;
    EXPECT_EQ(read_image(folder_ / "out.pfm").pixels.to_vector<float>(), row.run({code.pixels}).to_vector<float>());
  }
}

TEST_F(Methods, TakeTheResponseThatComesWithDuhdr) {
  run("mean-inverse", {"-i", "in.png", "-o", "out.pfm"});
  const Tensor code = read_image(folder_ / "in.png").pixels;
  const fs::path curves = fs::path(DUHDR_BINARY_DIR) / "../share/duhdr/curves/inverse.txt";
  const Tensor mean = read_emor(curves, CurveDirection::inverse).mean.to(DType::f32);
  EXPECT_EQ(read_image(folder_ / "out.pfm").pixels.to_vector<float>(),
            inverse_operator("mean-inverse").run({code, mean}).to_vector<float>());
}

TEST_F(Methods, AreNamedInTheExr) {
  run("landis-2002", {"-i", "in.png", "-o", "out.exr", "--exposure", "1", "--preview"});
  EXPECT_EQ(read_image(folder_ / "out.exr").white_luminance, 101.5f);
  EXPECT_EQ(read_image(folder_ / "out.preview.png").width(), 4 * 70 + 3 * 4);
  const Bytes bytes = read_file(folder_ / "out.exr", 1 << 30, ExitCode::internal);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const char* there : {"duhdr.method", "landis-2002", "duhdr.version", "duhdr.options", "duhdr.clipLevel"})
    EXPECT_NE(text.find(there), std::string_view::npos) << there;
  EXPECT_EQ(text.find("duhdr.model"), std::string_view::npos);
}

TEST_F(Methods, RunFoldersAndDryRuns) {
  fs::create_directory(folder_ / "pictures");
  for (const char* name : {"a.png", "b.png", "c.png"}) write(folder_ / "pictures" / name, photograph(20, 10));
  write(folder_ / "pictures/d.png", std::string("no picture"));
  EXPECT_EQ(lines_of(run("rempel-2007", {"-i", "pictures", "-o", "results", "--dry-run"}).out).size(), 4u);
  EXPECT_FALSE(fs::exists(folder_ / "results"));
  EXPECT_NE(run("rempel-2007", {"-i", "pictures", "-o", "results"}, 9).err.find("3 written, 0 skipped"),
            std::string::npos);
  const auto first = contents_of(folder_ / "results");
  EXPECT_EQ(first.size(), 3u);
  run("rempel-2007", {"-i", "pictures", "-o", "results", "--if-exists", "overwrite", "-j", "1"}, 9);
  EXPECT_EQ(contents_of(folder_ / "results"), first);
}

TEST_F(Methods, NeedNoModel) {
  const fs::path program = folder_ / "tree/bin/duhdr-infer";
  fs::create_directories(program.parent_path());
  fs::copy_file(fs::path(DUHDR_BINARY_DIR) / "duhdr-infer", program);
  const auto alone = [&](const std::string& method) {
    return run_program_file(program, {"--method", method, "-i", "in.png", "-o", "a.exr"}, {.folder = folder_.path()});
  };
  EXPECT_EQ(alone("srgb").code, 0);
  const Outcome without_curve = alone("mean-inverse");
  EXPECT_EQ(without_curve.code, 6) << without_curve.err;
  EXPECT_NE(without_curve.err.find("curves/inverse.txt"), std::string::npos) << without_curve.err;
}

TEST_F(Methods, AreToldApartFromModels) {
  write_tiny_model(folder_ / "model");
  const Outcome outcome =
      run_program_file("duhdr-infer", call("in.png", "out.exr", {"--json"}), {.folder = folder_.path()});
  const json line = json::parse(lines_of(outcome.out).at(0));
  EXPECT_EQ(line.at("model"), "tiny");
  EXPECT_EQ(line.at("model_sha256"), contents_of(folder_.path()).at("model/model.json"));
  EXPECT_FALSE(line.contains("method"));
}

}  // namespace
}  // namespace duhdr::cli
