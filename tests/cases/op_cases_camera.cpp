// SPDX-License-Identifier: Apache-2.0
// The camera path: response features, curves, truncation, mask, quantiser. Inputs stay clear of the kinks: the draws
// of these rows hit none within the step of the gradient check.
#include <tuple>

#include "kernels/arithmetic.h"
#include "kernels/camera/curve.h"
#include "kernels/camera/exposure.h"
#include "kernels/camera/histogram.h"
#include "kernels/camera/mask.h"
#include "kernels/camera/response_features.h"
#include "kernels/camera/sobel.h"
#include "kernels/camera/truncation.h"
#include "kernels/pointwise.h"
#include "kernels/vgg_input.h"
#include "tests/cases/op_cases.h"

namespace duhdr::test {
namespace {

using V = std::vector<Variable>;

/// The same op on images of several sizes: odd, one row, one column, two by three, one pixel, two images.
void add_sizes(std::vector<OpCase>& cases, const OpCase& base, std::initializer_list<Shape> shapes) {
  for (const Shape& shape : shapes) {
    OpCase one = base;
    one.variant = message(shape.n(), "x", shape.h(), "x", shape.w());
    one.inputs[0].shape = shape;
    if (&shape != shapes.begin()) one.bench_shapes.clear();  // one size is enough for the benchmark
    cases.push_back(std::move(one));
  }
}

void add_features(std::vector<OpCase>& cases) {
  const std::initializer_list<Shape> sizes{{1, 7, 9, 3}, {2, 4, 5, 3}, {1, 1, 6, 3},
                                           {1, 5, 1, 3}, {1, 2, 3, 3}, {2, 1, 1, 3}};
  const std::vector<Shape> big{Shape{1, 768, 1024, 3}};
  add_sizes(cases,
            {.op = "sobel",
             .variant = "",
             .inputs = {{{}}},
             .run = [](const V& v) { return sobel(v[0]); },
             .bench_shapes = big},
            sizes);
  add_sizes(
      cases,
      {.op = "vgg_input", .variant = "", .inputs = {{{}, 0, 1}}, .run = [](const V& v) { return vgg_input(v[0]); }},
      {{2, 3, 5, 3}, {1, 1, 1, 3}});
  add_sizes(cases,
            {.op = "response_features",
             .variant = "",
             .inputs = {{{}, -0.1, 1.1}},
             .run = [](const V& v) { return response_features(v[0]); },
             .bench_shapes = big},
            sizes);
  for (const int bins : {1, 3, 4, 16})
    cases.push_back({.op = "soft_histogram",
                     .variant = std::to_string(bins) + "_bins",
                     .inputs = {{{2, 3, 5, 3}, -0.2, 1.2}},
                     .run = [bins](const V& v) { return soft_histogram(v[0], bins); },
                     .bench_shapes = bins == 16 ? big : std::vector<Shape>{}});
}

/// v[0] as a curve for images of the type of v[1]
Variable curve_for(const V& v) { return v[1].dtype() == DType::bf16 ? cast(v[0], DType::f32) : v[0]; }

/// g on a line that rises by `slope` from sample to sample
Variable on_line(const Variable& g, double slope) {
  std::vector<double> line;
  for (std::int64_t i = 0; i < g.value().numel(); ++i) line.push_back(slope * static_cast<double>(i % g.shape()[1]));
  return add(g, Variable(Tensor::of<double>(g.shape(), line).to(g.dtype()).to(g.device())));
}

void add_monotone(std::vector<OpCase>& cases) {
  for (const Shape& shape : {Shape{2, 9}, Shape{1, 2}, Shape{1, 3}, Shape{2, 65}})
    cases.push_back({.op = "monotone_curve",
                     .variant = "falling_" + std::to_string(shape[1]),
                     .inputs = {{shape, 0, 1}},
                     .run = [](const V& v) { return monotone_curve(v[0]); },
                     .bf16_limit = 0});
  cases.push_back({.op = "monotone_curve",
                   .variant = "rising",
                   .inputs = {{{2, 17}, 0, 0.1}},
                   .run = [](const V& v) { return monotone_curve(on_line(v[0], 0.2)); },
                   .bf16_limit = 0});
}

void add_applied(std::vector<OpCase>& cases) {
  const auto add_row = [&](const char* variant, const Shape& curve, const Shape& image, double lo, double hi) {
    cases.push_back(
        {.op = "apply_curve", .variant = variant, .inputs = {{curve, 0, 1}, {image, lo, hi}}, .run = [](const V& v) {
           return apply_curve(curve_for(v), v[1]);
         }});
  };
  add_row("inside", {1, 8}, {1, 5, 7, 3}, 0, 1);
  add_row("outside", {2, 5}, {2, 4, 3, 3}, -0.5, 1.5);
  add_row("two_samples", {2, 2}, {2, 3, 2, 1}, -0.5, 1.5);
  add_row("1x1", {1, 33}, {1, 1, 1, 3}, 0, 1);
  cases.back().bench_shapes = {Shape{1, 1024}, Shape{1, 1024, 1024, 3}};
  cases.push_back({.op = "apply_curve",
                   .variant = "made_monotone",
                   .inputs = {{{1, 9}, 0, 1}, {{1, 3, 4, 3}, 0, 1}},
                   .run = [](const V& v) { return apply_curve(monotone_curve(curve_for(v)), v[1]); }});
}

void add_truncation(std::vector<OpCase>& cases) {
  add_sizes(cases,
            {.op = "truncation",
             .variant = "",
             .inputs = {{{}, 0, 3}},
             .run = [](const V& v) { return truncation(v[0]); },
             .bench_shapes = {Shape{1, 1024, 1024, 3}}},
            {{1, 7, 9, 3}, {2, 5, 6, 3}, {1, 1, 7, 3}, {1, 6, 1, 3}, {1, 2, 3, 3}, {1, 3, 30, 3}, {2, 1, 1, 3}});
  cases.push_back(
      {.op = "truncation", .variant = "radius_1", .inputs = {{{1, 4, 6, 2}, 0.5, 2.5}}, .run = [](const V& v) {
         return truncation(v[0], {.radius = 1, .eps = 0.1});
       }});
  cases.push_back(
      {.op = "truncation", .variant = "radius_0", .inputs = {{{1, 3, 4, 1}, 0.5, 2.5}}, .run = [](const V& v) {
         return truncation(v[0], {.radius = 0});
       }});
}

void add_masks(std::vector<OpCase>& cases) {
  add_sizes(cases,
            {.op = "exposure_mask",
             .variant = "",
             .inputs = {{{}, 0.8, 1.1}},
             .run = [](const V& v) { return exposure_mask(v[0], 0.95); },
             .bench_shapes = {Shape{1, 1024, 1024, 3}}},
            {{2, 5, 7, 3}, {1, 1, 1, 3}, {1, 1, 9, 3}});
  cases.push_back(
      {.op = "exposure_mask", .variant = "from_half", .inputs = {{{1, 4, 5, 3}, 0, 1}}, .run = [](const V& v) {
         return exposure_mask(v[0], 0.5);
       }});
  const auto filled = [](const V& v) { return masked_add(v[0], v[1], v[2]); };
  const Shape big{1, 1024, 1024, 3};
  cases.push_back({.op = "masked_add",
                   .variant = "basic",
                   .inputs = {{{2, 3, 5, 3}}, {{2, 3, 5, 1}}, {{2, 3, 5, 3}}},
                   .run = filled,
                   .bench_shapes = {big, big.with(3, 1), big}});
  cases.push_back({.op = "masked_add",
                   .variant = "fixed_residual",
                   .inputs = {{{1, 2, 3, 3}}, {{1, 2, 3, 1}}, {{1, 2, 3, 3}, -1, 1, false}},
                   .run = filled});
  const auto raised = [](const V& v) { return masked_gain(v[0], v[1], v[2]); };
  cases.push_back({.op = "masked_gain",
                   .variant = "basic",
                   .inputs = {{{2, 3, 5, 3}}, {{2, 3, 5, 1}}, {{2, 3, 5, 3}}},
                   .run = raised,
                   .bench_shapes = {big, big.with(3, 1), big}});
  cases.push_back({.op = "masked_gain",
                   .variant = "two_decades",
                   .inputs = {{{1, 4, 3, 3}, 0, 1}, {{1, 4, 3, 1}, 0, 1}, {{1, 4, 3, 3}, 0, 2}},
                   .run = raised});
  for (const auto& [variant, constant] : {std::pair{"fixed_x", std::size_t{0}}, std::pair{"fixed_mask", std::size_t{1}},
                                          std::pair{"fixed_residual", std::size_t{2}}}) {
    cases.push_back({.op = "masked_gain",
                     .variant = variant,
                     .inputs = {{{1, 2, 3, 3}}, {{1, 2, 3, 1}}, {{1, 2, 3, 3}}},
                     .run = raised});
    cases.back().inputs[constant].differentiable = false;
  }
}

void add_exposures(std::vector<OpCase>& cases) {
  for (const auto& [variant, shape, lo, hi] :
       {std::tuple{"any", Shape{2, 9, 13, 3}, 0.0, 1.0}, std::tuple{"all_well_exposed", Shape{1, 5, 4, 3}, 0.15, 0.75},
        std::tuple{"none_well_exposed", Shape{2, 3, 4, 3}, 0.82, 1.0}})
    cases.push_back({.op = "exposure_ratio",
                     .variant = variant,
                     .inputs = {{shape, lo, hi, false}, {shape, 0, 3, false}, {Shape{17}, 0, 1, false}},
                     .run = [](const V& v) { return exposure_ratio(v[0], v[1], v[2]); }});
}

void add_quantisers(std::vector<OpCase>& cases) {
  for (const auto& [variant, lo, hi] : {std::tuple{"inside", 0.0, 1.0}, std::tuple{"outside", -0.5, 1.5}})
    cases.push_back({.op = "quantise",
                     .variant = variant,
                     .inputs = {{{2, 5, 3, 4}, lo, hi}},
                     .run = [](const V& v) { return quantise(v[0]); },
                     .surrogate = [](const V& v) { return clamp(v[0], 0, 1); }});
}

}  // namespace

std::vector<OpCase> camera_cases() {
  std::vector<OpCase> cases;
  for (const auto add_family :
       {add_features, add_monotone, add_applied, add_truncation, add_masks, add_exposures, add_quantisers})
    add_family(cases);
  return cases;
}

}  // namespace duhdr::test
