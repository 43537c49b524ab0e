// SPDX-License-Identifier: Apache-2.0
// duhdr-curves: writes the project's curve basis files, and measures how well the basis describes the curves of
// another file in the same layout.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "apps/options.h"
#include "apps/program.h"
#include "base/file.h"
#include "data/curve_basis.h"

namespace {

using namespace duhdr;

const char* file_name(CurveDirection direction) {
  return direction == CurveDirection::forward ? "forward.txt" : "inverse.txt";
}

void write_bases(const std::filesystem::path& folder) {
  for (const CurveDirection direction : {CurveDirection::forward, CurveDirection::inverse}) {
    const std::string text = encode_emor(make_curve_basis(direction), direction);
    const std::filesystem::path path = folder / file_name(direction);
    write_file(path, std::as_bytes(std::span(text)));
    std::fprintf(stderr, "wrote %s\n", shown(path).c_str());
  }
}

/// Prints the error of our basis on the file's mean curve, and on the mean moved along each of its first vectors
/// by as much as keeps it increasing (at most 1).
void check_file(const std::filesystem::path& path, CurveDirection direction, int k) {
  const CurveBasis theirs = read_emor(path, direction);
  const CurveBasis ours = make_curve_basis(direction);
  const std::vector<double> mean = theirs.mean.to_vector<double>();
  const double* vectors = theirs.vectors.data<double>();
  std::printf("curve\tk\trmse\tmax\n");
  for (int j = 0; j <= curve_k; ++j) {
    std::vector<double> curve = mean;
    double step = j == 0 ? 0.0 : 1.0;
    const auto along = [&](std::size_t i) { return vectors[i * curve_vectors + static_cast<std::size_t>(j) - 1]; };
    for (std::size_t i = 1; j > 0 && i < curve.size(); ++i) {
      const double fall = along(i - 1) - along(i);
      if (fall > 0) step = std::min(step, (mean[i] - mean[i - 1]) / fall);
    }
    for (std::size_t i = 0; j > 0 && i < curve.size(); ++i) curve[i] += step * along(i);
    const CurveFit fit = fit_curve(ours, curve, k);
    const std::string name = j == 0 ? "mean" : message("mean + ", step, " * vector ", j);
    std::printf("%s\t%d\t%.2e\t%.2e\n", name.c_str(), k, fit.rmse, fit.max_error);
  }
}

struct CurveOptions {
  std::string output, check;
  bool inverse = false;
  int k = curve_k;

  void add_to(CLI::App& app) {
    app.add_option("-o,--output", output, "folder for forward.txt and inverse.txt")->type_name("DIR");
    auto* check_option =
        app.add_option("--check", check, "measure how well our basis describes the curves of FILE")->type_name("FILE");
    app.add_flag("--inverse", inverse, "FILE is an inverse basis, as invemor.txt is")->needs(check_option);
    add_number(app, "-k", k, "basis vectors used by --check", 1, curve_vectors)->capture_default_str();
  }
};

int run(const CurveOptions& options) {
  if (options.output.empty() && options.check.empty())
    throw Error(ExitCode::usage, "nothing to do: give --output or --check; see duhdr-curves --help");
  if (!options.output.empty()) write_bases(options.output);
  if (!options.check.empty())
    check_file(options.check, options.inverse ? CurveDirection::inverse : CurveDirection::forward, options.k);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Makes the project's camera-curve basis (forward.txt, inverse.txt in the layout of emor.txt).",
               "duhdr-curves");
  CurveOptions options;
  options.add_to(app);
  return run_program(app, argc, argv, [&] { return run(options); });
}
