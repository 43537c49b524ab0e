// SPDX-License-Identifier: Apache-2.0
#include "kernels/layout.h"
#include "tests/cases/op_cases.h"

namespace duhdr::test {
namespace {

using V = std::vector<Variable>;

OpCase padding(const char* variant, const Shape& shape, std::int64_t bottom, std::int64_t right, std::int64_t top,
               std::int64_t left) {
  return {"reflect_pad", variant, {{shape}}, [=](const V& v) { return reflect_pad(v[0], bottom, right, top, left); }};
}

OpCase window(const char* variant, const Shape& shape, std::int64_t top, std::int64_t left, std::int64_t height,
              std::int64_t width) {
  return {"crop", variant, {{shape}}, [=](const V& v) { return crop(v[0], top, left, height, width); }};
}

OpCase channels(const char* variant, const Shape& shape, std::int64_t first, std::int64_t count) {
  return {"slice_channels", variant, {{shape}}, [=](const V& v) { return slice_channels(v[0], first, count); }};
}

}  // namespace

std::vector<OpCase> layout_cases() {
  const auto concat = [](const V& v) { return concat_channels(v); };
  std::vector<OpCase> cases{
      OpCase{"concat_channels", "two", {{Shape{2, 3, 5, 3}}, {Shape{2, 3, 5, 5}}}, concat}.benched(
          {Shape{1, 512, 512, 16}, Shape{1, 512, 512, 16}}),
      {"concat_channels", "three", {{Shape{1, 1, 4, 1}}, {Shape{1, 1, 4, 17}}, {Shape{1, 1, 4, 3}}}, concat},
      {"concat_channels", "constant", {{Shape{2, 2, 2, 3}}, {Shape{2, 2, 2, 1}, -1, 1, false}}, concat},
      {"concat_channels", "one", {{Shape{1, 1, 1, 5}}}, concat},
      {"concat_channels",
       "twice",
       {{Shape{2, 3, 1, 3}}},
       [](const V& v) {
         return concat_channels({v[0], v[0]});
       }},
      channels("first", {2, 3, 5, 17}, 0, 5),
      channels("middle", {1, 1, 4, 5}, 1, 3),
      channels("last", {2, 4, 1, 3}, 2, 1),
      channels("all", {1, 2, 2, 3}, 0, 3),
      padding("sides", {2, 5, 4, 3}, 3, 2, 1, 3),
      padding("to_multiple", {1, 5, 7, 3}, 3, 1, 0, 0),
      padding("folded", {2, 2, 3, 1}, 7, 9, 3, 5),
      padding("row", {1, 1, 3, 5}, 4, 1, 2, 0),
      padding("pixel", {1, 1, 1, 17}, 3, 2, 0, 0),
      padding("none", {1, 2, 2, 3}, 0, 0, 0, 0),
      window("middle", {2, 6, 5, 3}, 1, 2, 4, 2),
      window("corner", {1, 4, 7, 5}, 3, 6, 1, 1),
      window("all", {1, 3, 1, 17}, 0, 0, 3, 1),
      {"reshape",
       "merge",
       {{Shape{2, 3, 1, 5}}},
       [](const V& v) {
         return reshape(v[0], Shape{v[0].shape().n(), v[0].shape().numel() / v[0].shape().n()});
       }},
      {"reshape", "same", {{Shape{7}}}, [](const V& v) { return reshape(v[0], v[0].shape()); }},
  };
  return cases;
}

}  // namespace duhdr::test
