// SPDX-License-Identifier: Apache-2.0
#include "kernels/resample.h"
#include "tests/cases/op_cases.h"

namespace duhdr::test {
namespace {

std::string size_name(const Shape& shape) { return message(shape.n(), 'x', shape.h(), 'x', shape.w(), 'x', shape.c()); }

void add_area(std::vector<OpCase>& cases, const Shape& from, std::int64_t height, std::int64_t width) {
  cases.push_back({.op = "area_downscale",
                   .variant = message(size_name(from), "_to_", height, 'x', width),
                   .inputs = {{from}},
                   .run = [=](const std::vector<Variable>& v) { return area_downscale(v[0], height, width); }});
}

void add_resize(std::vector<OpCase>& cases, const Shape& from, std::int64_t height, std::int64_t width) {
  cases.push_back({.op = "resize_bilinear",
                   .variant = message(size_name(from), "_to_", height, 'x', width),
                   .inputs = {{from}},
                   .run = [=](const std::vector<Variable>& v) { return resize_bilinear(v[0], height, width); }});
}

}  // namespace

std::vector<OpCase> resample_cases() {
  using V = std::vector<Variable>;
  std::vector<OpCase> cases;
  for (const Shape& shape :
       {Shape{2, 3, 5, 3}, Shape{1, 1, 1, 1}, Shape{1, 1, 4, 17}, Shape{1, 5, 1, 5}, Shape{2, 2, 2, 3}}) {
    cases.push_back(
        {"upsample_nearest2x", size_name(shape), {{shape}}, [](const V& v) { return upsample_nearest2x(v[0]); }});
    cases.push_back(
        {"upsample_bilinear2x", size_name(shape), {{shape}}, [](const V& v) { return upsample_bilinear2x(v[0]); }});
  }
  cases[0].bench_shapes = cases[1].bench_shapes = {Shape{1, 256, 256, 32}};
  for (const Shape& shape : {Shape{2, 3, 2, 12}, Shape{1, 1, 1, 4}, Shape{1, 1, 3, 68}})
    cases.push_back({"pixel_shuffle", size_name(shape), {{shape}}, [](const V& v) { return pixel_shuffle(v[0]); }});
  cases.back().bench_shapes = {Shape{1, 64, 64, 256}};
  cases.push_back({"pixel_shuffle", "by_3", {{Shape{2, 2, 1, 27}}}, [](const V& v) { return pixel_shuffle(v[0], 3); }});
  for (const Shape& shape : {Shape{2, 4, 6, 3}, Shape{1, 2, 2, 1}, Shape{1, 2, 8, 17}})
    cases.push_back({"pixel_unshuffle", size_name(shape), {{shape}}, [](const V& v) { return pixel_unshuffle(v[0]); }});
  cases.push_back(
      {"pixel_unshuffle", "by_4", {{Shape{2, 4, 8, 5}}}, [](const V& v) { return pixel_unshuffle(v[0], 4); }});
  add_resize(cases, {2, 7, 5, 3}, 3, 2);
  add_resize(cases, {2, 3, 5, 3}, 8, 7);
  add_resize(cases, {1, 5, 5, 1}, 5, 5);
  add_resize(cases, {1, 1, 1, 5}, 3, 4);
  add_resize(cases, {1, 6, 4, 17}, 1, 1);
  add_resize(cases, {1, 1, 9, 3}, 4, 2);
  add_resize(cases, {1, 13, 2, 2}, 5, 11);
  add_resize(cases, {1, 40, 3, 1}, 3, 6);
  cases.back().bench_shapes = {Shape{1, 2048, 3072, 3}};
  add_area(cases, {2, 7, 5, 3}, 3, 2);
  add_area(cases, {1, 5, 5, 1}, 5, 5);
  add_area(cases, {1, 6, 4, 5}, 3, 2);
  add_area(cases, {1, 1, 9, 3}, 1, 4);
  add_area(cases, {1, 9, 1, 17}, 1, 1);
  add_area(cases, {2, 13, 11, 1}, 12, 7);
  cases.push_back({.op = "area_downscale",
                   .variant = "photograph",
                   .inputs = {{Shape{1, 8, 12, 3}}},
                   .run = [](const V& v) { return area_downscale(v[0], v[0].shape().h() / 3, v[0].shape().w() / 3); },
                   .bench_shapes = {Shape{1, 2048, 3072, 3}}});
  return cases;
}

}  // namespace duhdr::test
