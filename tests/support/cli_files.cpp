// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cli_files.h"

#include <cmath>

#include "models/model_directory.h"
#include "tests/support/image_files.h"

namespace duhdr::cli {

DuHdrConfig tiny_config() {
  DuHdrConfig config;
  config.dnet_widths = config.itnet_widths = config.oonet_widths = {2, 2, 2, 2, 2};
  config.response_widths = {2, 2, 2, 2};
  config.curve_samples = 64;
  config.curve_k = 2;
  config.response_max_side = 64;
  return config;
}

std::unique_ptr<DuHdr> tiny_model(const DuHdrConfig& config) {
  auto model = std::make_unique<DuHdr>(config);
  model->initialise(1, "");
  const auto samples = static_cast<std::size_t>(config.curve_samples), k = static_cast<std::size_t>(config.curve_k);
  for (const double exponent : {2.2, 1 / 2.2}) {
    std::vector<float> mean, basis;
    for (std::size_t i = 0; i < samples; ++i) {
      const double x = static_cast<double>(i) / static_cast<double>(samples - 1);
      mean.push_back(static_cast<float>(std::pow(x, exponent)));
      for (std::size_t j = 0; j < k; ++j)
        basis.push_back(static_cast<float>(0.01 * std::sin(3.14159265 * static_cast<double>(j + 1) * x)));
    }
    ResponseNet& net = exponent > 1 ? model->innet() : model->nnet();
    net.set_basis(Tensor::of<float>(Shape{config.curve_samples}, mean),
                  Tensor::of<float>(Shape{config.curve_samples, config.curve_k}, basis));
  }
  return model;
}

void write_tiny_model(const std::filesystem::path& folder) {
  save_model(folder, *tiny_model(), {.name = "tiny", .licence = "Apache-2.0"});
}

void write(const std::filesystem::path& path, const Bytes& bytes) { write_file(path, bytes); }
void write(const std::filesystem::path& path, const std::string& text) { write_file(path, files::bytes_of(text)); }

Bytes photograph(int width, int height) {
  files::Codes codes = files::pattern(width, height);
  for (int y = height / 2; y < height; ++y)
    for (int x = width / 2; x < width; ++x)
      for (int c = 0; c < 3; ++c) codes.data[static_cast<std::size_t>((y * width + x) * 3 + c)] = 255;
  return files::png_file(codes);
}

std::vector<std::string> call(const std::string& input, const std::string& output,
                              const std::vector<std::string>& more) {
  std::vector<std::string> all{"-m", "model", "-d", "cpu", "-j", "1", "-i", input, "-o", output};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace duhdr::cli
