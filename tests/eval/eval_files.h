// SPDX-License-Identifier: Apache-2.0
// Pairs made at test time for the tests of evaluations: a camera of response x^(1/2.2), all of it known.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "eval/run.h"
#include "tests/support/data_files.h"

namespace duhdr {

/// A method from a function, which counts how often it is asked.
class Made : public EvaluatedMethod {
 public:
  using Make = std::function<Tensor(const LoadedPair&)>;
  Made(std::string name, Make make) : EvaluatedMethod(std::move(name), "made by the test"), make_(std::move(make)) {}
  Tensor estimate(const EvaluationPair&, const LoadedPair& loaded) override {
    ++calls;
    return make_(loaded);
  }
  bool is_from_elsewhere() const override { return true; }
  int calls = 0;

 private:
  Make make_;
};

using Methods = std::vector<std::unique_ptr<EvaluatedMethod>>;

/// f of every value.
inline Tensor mapped(const Tensor& picture, const std::function<float(float)>& f) {
  Tensor out(picture.shape(), DType::f32);
  for (std::int64_t i = 0; i < out.numel(); ++i) out.mutable_data<float>()[i] = f(picture.data<float>()[i]);
  return out;
}

inline Tensor times(const Tensor& picture, float factor) {
  return mapped(picture, [&](float v) { return factor * v; });
}

/// The picture to the right and down, what leaves it coming in on the other side.
inline Tensor shifted(const Tensor& picture, std::int64_t x, std::int64_t y) {
  const std::int64_t h = picture.shape().h(), w = picture.shape().w();
  Tensor out(picture.shape(), DType::f32);
  for (std::int64_t row = 0; row < h; ++row)
    for (std::int64_t column = 0; column < w; ++column)
      for (std::int64_t c = 0; c < 3; ++c)
        out.mutable_data<float>()[3 * ((row + y) % h * w + (column + x) % w) + c] =
            picture.data<float>()[3 * (row * w + column) + c];
  return out;
}

/// 8-bit codes as the numbers that reading them gives.
inline Tensor read_codes(const Tensor& codes) {
  Tensor out(codes.shape(), DType::f32);
  for (std::int64_t i = 0; i < out.numel(); ++i)
    out.mutable_data<float>()[i] = static_cast<float>(codes.data<std::uint8_t>()[i]) / 255;
  return out;
}

class EvalFolder : public DataFolder {
 protected:
  static constexpr std::int64_t height = 64, width = 72;

  /// Four stops above the clip level and five below it, every pixel and channel different.
  static Tensor scene_light(std::uint64_t key) {
    return mapped(light(height, width, key), [](float v) { return v > 1 ? v * v * v * v : v; });
  }

  static std::vector<double> inverse_curve() { return noiseless().mean_inverse_curve; }

  /// A pair whose two files are written.
  EvaluationPair pair(const std::string& name, std::uint64_t key, const std::string& scene = {}) const {
    const Tensor reference = scene_light(key);
    write_hdr("hdr/" + name + ".pfm", reference);
    write_photo("ldr/" + name + ".png", photograph_of(reference));
    return {.name = name,
            .scene = scene.empty() ? name : scene,
            .ldr = folder / "ldr" / (name + ".png"),
            .hdr = folder / "hdr" / (name + ".pfm"),
            .clip_level = 1,
            .inverse_curve = inverse_curve()};
  }

  EvaluationSet set_of(int count) const {
    EvaluationSet set;
    set.name = "made";
    set.sha256 = std::string(64, '5');
    for (int k = 0; k < count; ++k) set.pairs.push_back(pair(message("p", k), static_cast<std::uint64_t>(k + 1)));
    return set;
  }

  static EvaluateOptions options(const std::string& metrics = {}, const std::string& protocol = "paper") {
    EvaluateOptions options;
    options.protocol = &protocol_of(protocol);
    options.metrics = metrics_of(metrics);
    options.version = std::string(1, '1');
    return options;
  }

  static std::unique_ptr<EvaluatedMethod> method(const std::string& text, const EvaluationSet& set) {
    return make_method(text, set, {}, {}, [](const std::string& name) -> std::unique_ptr<Method> {
      throw Error(ExitCode::internal, "asked for " + name);
    });
  }

  /// The four rows that know the truth, or cheat.
  static Methods sanity(const EvaluationSet& set) {
    Methods methods;
    for (const char* name : {"true-curve", "blind-gain", "half-highlights", "true-highlights"})
      methods.push_back(method(name, set));
    return methods;
  }
};

}  // namespace duhdr
