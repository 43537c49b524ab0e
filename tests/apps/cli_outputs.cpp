// SPDX-License-Identifier: Apache-2.0
// Outputs of duhdr-infer that hold more than the result: layers of an EXR, the photograph of an Ultra HDR JPEG.
#include <gtest/gtest.h>

#include "image/encode.h"
#include "image/image.h"
#include "tests/support/cli_files.h"

namespace duhdr::cli {
namespace {

namespace fs = std::filesystem;

class Outputs : public testing::Test {
 protected:
  void SetUp() override {
    write_tiny_model(folder_ / "model");
    write(folder_ / "in.png", photograph(70, 45));
  }
  void run(const std::vector<std::string>& arguments) {
    const Outcome outcome = run_program_file("duhdr-infer", arguments, {.folder = folder_.path()});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  }

  Scratch folder_{"cli-outputs"};
};

std::string text_of(const fs::path& path) {
  const Bytes bytes = read_file(path, 1 << 30, ExitCode::internal);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST_F(Outputs, UltraHdrKeepsThePhotograph) {
  write(folder_ / "in.jpg", encode_jpeg(codes_of(read_image(folder_ / "in.png").pixels)));
  run(call("in.jpg", "out.jpg", {"--gain-map", "full", "--peak-nits", "600"}));
  run(call("in.png", "encoded.jpg", {"-f", "uhdr", "--quality", "95"}));
  const std::vector<float> base = read_image(folder_ / "in.jpg").pixels.to_vector<float>();
  for (const char* name : {"out.jpg", "encoded.jpg"}) {
    EXPECT_EQ(read_image(folder_ / name).pixels.to_vector<float>(), base) << name;
    const std::string bytes = text_of(folder_ / name);
    for (const char* part : {"hdrgm:Version", "hdrgm:GainMapMax", "urn:iso:std:iso:ts:21496:-1", "MPF"})
      EXPECT_NE(bytes.find(part), std::string::npos) << name << " " << part;
  }
}

TEST_F(Outputs, Layers) {
  run(call("in.png", "plain.exr", {"--exposure", "1"}));
  run(call("in.png", "out.exr", {"--exposure", "1", "--layers", "hdr,linear,mask"}));
  EXPECT_EQ(read_image(folder_ / "out.exr").pixels.to_vector<float>(),
            read_image(folder_ / "plain.exr").pixels.to_vector<float>());
  const std::string bytes = text_of(folder_ / "out.exr");
  for (const char* channel : {"linear.R", "linear.G", "linear.B", "mask.Y"})
    EXPECT_NE(bytes.find(channel), std::string::npos) << channel;
}

}  // namespace
}  // namespace duhdr::cli
