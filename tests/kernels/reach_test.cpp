// SPDX-License-Identifier: Apache-2.0
// What operations say they read (kernels/reach.h) against what they do read: a pixel that changes must lie in the
// window of every result that changes with it.
#include "kernels/reach.h"

#include <gtest/gtest.h>

#include "kernels/arithmetic.h"
#include "kernels/layout.h"
#include "kernels/pool.h"
#include "kernels/resample.h"
#include "tests/cases/op_evaluate.h"

namespace duhdr::test {
namespace {

std::size_t first_image(const OpCase& op_case) {
  for (std::size_t i = 0; i < op_case.inputs.size(); ++i)
    if (op_case.inputs[i].shape.rank() == 4) return i;
  return op_case.inputs.size();
}

constexpr std::int64_t scale = 12;  // of the watched image: enlargements by 2 and 3 stay above one pixel

/// Whether the result pixel `j` says that it reads pixel `i` of the watched image.
bool covers(const Sight& sight, std::int64_t coarsest, std::int64_t j, std::int64_t i) {
  const std::int64_t block = j * sight.scale / coarsest * coarsest;  // the reach counts from the block it lies in
  return block - sight.reach <= i * scale && (i + 1) * scale <= block + coarsest + sight.reach;
}

struct Traced {
  Sight sight;
  std::int64_t coarsest;
  Tensor result;
};

Traced trace_of(const OpCase& op_case, std::size_t image) {
  const NoGrad no_history;
  ReachTrace trace;
  const std::vector<Variable> inputs = make_inputs(op_case, DType::f64);
  trace.watch(inputs[image], scale);
  const Variable result = op_case.run(inputs);
  return {trace.of(result), trace.coarsest(), result.value()};
}

/// The result pixels that change when pixel (y, x) of the input does are all within the reach.
void expect_covered(const OpCase& op_case, std::size_t image, std::int64_t y, std::int64_t x, const Traced& traced) {
  std::vector<Variable> inputs = make_inputs(op_case, DType::f64);
  Tensor changed = inputs[image].value().clone();
  const Shape shape = changed.shape();
  for (std::int64_t c = 0; c < shape.c(); ++c)
    changed.mutable_data<double>()[(y * shape.w() + x) * shape.c() + c] += 0.3 + 0.1 * static_cast<double>(c);
  inputs[image] = Variable(changed);
  const Tensor after = op_case.run(inputs).value();
  const Shape& result = after.shape();
  for (std::int64_t i = 0; i < after.numel() / result.n(); ++i) {
    if (traced.result.data<double>()[i] == after.data<double>()[i]) continue;
    const std::int64_t column = i / result.c() % result.w(), row = i / result.c() / result.w();
    ASSERT_TRUE(covers(traced.sight, traced.coarsest, row, y) && covers(traced.sight, traced.coarsest, column, x))
        << op_case.name() << ": result (" << row << ", " << column << ") changes with pixel (" << y << ", " << x << ")";
  }
}

TEST(Reach, IsWhatTheOperationsRead) {
  int followed = 0;
  for (const OpCase& op_case : all_op_cases()) {
    const std::size_t image = first_image(op_case);
    if (image == op_case.inputs.size()) continue;
    const Traced traced = trace_of(op_case, image);
    if (traced.sight.global) continue;
    ++followed;
    const Shape shape = op_case.inputs[image].shape;
    const std::int64_t pixels = shape.h() * shape.w(), step = std::max<std::int64_t>(1, pixels / 12);
    for (std::int64_t i = 0; i < pixels; i += step)
      expect_covered(op_case, image, i / shape.w(), i % shape.w(), traced);
  }
  EXPECT_GT(followed, 100);
}

Sight sight_of(const std::function<Variable(const Variable&)>& network) {
  const NoGrad no_history;
  ReachTrace trace;
  const Variable x(Tensor(Shape{1, 64, 64, 4}, DType::f32, Device::meta()));
  trace.watch(x);
  return trace.of(network(x));
}

TEST(Reach, FollowsPoolingAndTheWayBack) {
  const Sight pooled = sight_of([](const Variable& x) { return avg_pool2d(avg_pool2d(x)); });
  EXPECT_EQ(pooled.scale, 4);
  EXPECT_EQ(pooled.reach, 0);  // a block of four pixels needs no others
  const Sight back = sight_of([](const Variable& x) { return upsample_nearest2x(avg_pool2d(x)); });
  EXPECT_EQ(back.scale, 1);
  EXPECT_EQ(back.reach, 0);
  const Sight smooth = sight_of([](const Variable& x) { return upsample_bilinear2x(avg_pool2d(x)); });
  EXPECT_EQ(smooth.reach, 2);  // the neighbouring pair
  const Sight shuffled = sight_of([](const Variable& x) { return pixel_shuffle(avg_pool2d(x)); });
  EXPECT_EQ(shuffled.scale, 1);
}

/// An operation that says what it reads and computes nothing; its result has `factor` times the resolution.
Variable said(const Variable& x, const Window& window, std::int64_t factor = 1) {
  const Shape& s = x.shape();
  reads(window);
  return Variable::of_op(Tensor(Shape{s.n(), s.h() * factor, s.w() * factor, s.c()}, DType::f32, x.device()), {x}, {});
}

struct Grid {
  std::int64_t reach, coarsest, coarsest_pixel;
  bool operator==(const Grid&) const = default;
};

Grid grid_of(const std::function<Variable(const Variable&)>& network) {
  const NoGrad no_history;
  ReachTrace trace;
  const Variable x(Tensor(Shape{1, 64, 64, 4}, DType::f32, Device::meta()));
  trace.watch(x);
  const std::int64_t reach = trace.of(network(x)).reach;
  return {reach, trace.coarsest(), trace.coarsest_pixel()};
}

// A 3x3 made in blocks of 4 needs pixels -1 ... 4 for 0 ... 3; behind another one these are -4 ... 7, and so -5 ... 8.
// At half the resolution a block is 8 pixels, and a 3x3 over an image enlarged by two, made in blocks of 8, needs small
// pixels -1 ... 4.
TEST(Reach, CountsWholeBlocks) {
  const Window conv{.before = 1, .after = 1, .block = 4}, up{.before = 1, .after = 1, .enlarge = 2, .block = 8};
  EXPECT_EQ(grid_of([&](const Variable& x) { return said(x, conv); }), (Grid{1, 4, 1}));
  EXPECT_EQ(grid_of([&](const Variable& x) { return said(said(x, conv), conv); }), (Grid{5, 4, 1}));
  EXPECT_EQ(grid_of([&](const Variable& x) { return said(avg_pool2d(x), conv); }), (Grid{2, 8, 2}));
  EXPECT_EQ(grid_of([&](const Variable& x) { return said(avg_pool2d(x), up, 2); }), (Grid{2, 8, 2}));
  // 0 ... 7 reads -1 ... 8, which lie in the blocks -8 ... 15, which read small pixels -5 ... 8: 10 ... 17 large ones.
  EXPECT_EQ(grid_of([&](const Variable& x) { return said(said(avg_pool2d(x), up, 2), conv); }), (Grid{10, 8, 2}));
  // Above the image's resolution: 8 pixels of the enlarged image stand for 4.
  EXPECT_EQ(grid_of([&](const Variable& x) { return avg_pool2d(said(x, up, 2)); }), (Grid{1, 4, 1}));
}

TEST(Reach, AnAverageOfTheImageReachesEverywhere) {
  const Sight weighted = sight_of([](const Variable& x) { return mul(x, global_avg_pool(x)); });
  EXPECT_TRUE(weighted.global);
  EXPECT_EQ(weighted.scale, 1);  // but the result is still an image
  const Sight average = sight_of([](const Variable& x) { return global_avg_pool(x); });
  EXPECT_TRUE(average.global);
  EXPECT_EQ(average.scale, 0);
}

TEST(Reach, OwesNothingToWorkBefore) {
  const Variable x(Tensor(Shape{1, 8, 8, 4}, DType::f32, Device::meta()));
  (void)global_avg_pool(x);  // says that it reads all, and nobody follows
  EXPECT_FALSE(sight_of([](const Variable& y) { return add(y, y); }).global);
}

TEST(Reach, RefusesWhatDoesNotFit) {
  const Variable x(Tensor(Shape{1, 8, 8, 4}, DType::f32, Device::meta()));
  ReachTrace trace;
  EXPECT_THROW((void)trace.of(x), Error);  // comes from nothing
  trace.watch(x);
  const Variable half = avg_pool2d(avg_pool2d(x));
  const Variable same_size(Tensor(Shape{1, 2, 2, 4}, DType::f32, Device::meta()));
  trace.watch(same_size);
  EXPECT_THROW((void)add(half, same_size), Error);  // one pixel stands for 4 x 4, the other for one
}

}  // namespace
}  // namespace duhdr::test
