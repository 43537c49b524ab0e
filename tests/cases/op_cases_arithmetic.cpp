// SPDX-License-Identifier: Apache-2.0
// Every way in which two operands can be repeated, for each op of two operands.
#include "kernels/arithmetic.h"
#include "tests/cases/op_cases.h"

namespace duhdr::test {
namespace {

using Binary = Variable (*)(const Variable&, const Variable&);

struct Pattern {
  const char* name;
  Shape a, b;
};

const std::vector<Pattern>& patterns() {
  static const std::vector<Pattern> all{
      {"equal", {2, 5, 3, 4}, {2, 5, 3, 4}},
      {"equal_rank1", {1}, {1}},
      {"pixel", {2, 3, 5, 1}, {2, 3, 5, 3}},
      {"channel", {2, 4, 3, 5}, {1, 1, 1, 5}},
      {"image", {2, 1, 1, 17}, {2, 3, 2, 17}},
      {"number", {2, 3, 1, 3}, {1, 1, 1, 1}},
      {"both", {2, 1, 3, 1}, {1, 5, 1, 4}},
      {"many_channel", {2, 17, 9, 3}, {1, 1, 1, 3}},  // repeated more often than one pass sums
      {"many_number", {1, 1, 1, 1}, {2, 10, 15, 1}},
      {"many_image", {2, 16, 17, 1}, {2, 1, 1, 5}},
  };
  return all;
}

void add_patterns(std::vector<OpCase>& cases, const char* op, Binary run, double lo_of_b) {
  for (const Pattern& pattern : patterns())
    cases.push_back({.op = op,
                     .variant = pattern.name,
                     .inputs = {{pattern.a}, {pattern.b, lo_of_b, 2}},
                     .run = [run](const std::vector<Variable>& v) { return run(v[0], v[1]); }});
}

}  // namespace

std::vector<OpCase> arithmetic_cases() {
  std::vector<OpCase> cases;
  add_patterns(cases, "add", add, -1);
  cases.front().bench_shapes = {Shape{1, 1024, 1024, 16}, Shape{1, 1024, 1024, 16}};
  add_patterns(cases, "sub", sub, -1);
  add_patterns(cases, "mul", mul, -1);
  cases.back().bench_shapes = {Shape{1, 1024, 1024, 1}, Shape{1, 1024, 1024, 3}};
  add_patterns(cases, "div", div, 0.5);
  add_patterns(cases, "gain", gain, -1);
  add_patterns(cases, "maximum", maximum, -1);
  add_patterns(cases, "minimum", minimum, -1);
  return cases;
}

}  // namespace duhdr::test
