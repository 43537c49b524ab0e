// SPDX-License-Identifier: Apache-2.0
// Convolutions of response features (kernels/camera/response_features.h), without making them. Of a pixel's 102
// channels 96, the image and its soft histograms of 4, 8 and 16 bins, are piecewise linear functions of its three
// values with corners at multiples of 1/16. What a tap makes of a value is therefore a value between two rows of a
// table with a row for each corner: exact, at 6 + 6 multiply-adds a tap in place of 102. The other six, Sobel's, are
// summed as they are.
#include <algorithm>

#include "kernels/camera/histogram.h"
#include "kernels/camera/response_features.h"
#include "kernels/camera/sobel.h"
#include "kernels/conv/cpu/operands.h"
#include "kernels/pointwise.h"
#include "tensor/parallel.h"

namespace duhdr::cpu {
namespace {

/// f(channel, weight) for the features of colour c that are not zero at a knot.
template <class F>
void for_features_at(int knot, Index c, F f) {
  constexpr int bins = hat_knots - 1;
  const double value = static_cast<double>(knot) / bins;
  f(c, value);
  Index channel = first_sobel_channel + sobel_channels + c;
  for (const int scale : {4, 8, 16})
    for (int i = 0; i <= scale; ++i, channel += 3)
      if (const double hat = SoftBin{scale}(value, i); hat != 0) f(channel, hat);
}

struct Table {
  std::vector<ChannelBlock> blocks;
  Tensor rows;
};

std::shared_ptr<const Table> table_of(const ConvProblem& p, const Tensor& weight) {
  return weight.derived<Table>("hats", [&]() -> std::shared_ptr<const Table> {
    const auto table = std::make_shared<Table>();
    const Index lanes = conv_kernels().lanes, area = p.kh * p.kw;
    table->blocks = blocks_of(p.co);
    table->rows = room_for(area * 3 * hat_knots * round_up(p.co, lanes));
    float* rows = table->rows.mutable_data<float>();
    const float* w = weight.data<float>();
    parallel_for(std::ssize(table->blocks), [&](Index b) {
      const ChannelBlock& block = table->blocks[static_cast<std::size_t>(b)];
      const Index wide = block.vectors * lanes;
      float* to = rows + area * 3 * hat_knots * block.first;
      for (Index tap = 0; tap < area; ++tap)
        for (Index c = 0; c < 3; ++c)
          for (int knot = 0; knot < hat_knots; ++knot)
            for (Index o = block.first; o < block.first + wide; ++o) {
              double sum = 0;
              if (o < p.co)
                for_features_at(knot, c, [&](Index channel, double value) {
                  sum += value * static_cast<double>(w[(o * p.wi + channel) * area + tap]);
                });
              *to++ = static_cast<float>(sum);
            }
    });
    return table;
  });
}

std::vector<HatSample> samples_of(const Tensor& image) {
  constexpr int bins = hat_knots - 1;
  std::vector<HatSample> samples(static_cast<std::size_t>(image.numel()));
  const float* x = image.data<float>();
  const Index row = image.shape().w() * 3;
  parallel_for(image.numel() / row, [&](Index y) {
    for (Index i = y * row; i < (y + 1) * row; ++i) {
      const float value = Clamp{0, 1}(x[i]) * bins;
      const int knot = value >= 0 ? std::min(static_cast<int>(value), bins - 1) : 0;  // not a number stays one
      samples[static_cast<std::size_t>(i)] = {knot, value - static_cast<float>(knot)};
    }
  });
  return samples;
}

Tensor sobel_of(const Tensor& image) {
  const NoGrad no_grad;
  return sobel(clamp(Variable(image), 0, 1)).value();
}

/// The part of the convolution that sees Sobel's channels.
ConvProblem of_sobel(ConvProblem p) {
  p.features = false;
  p.first = first_sobel_channel;
  p.ci = sobel_channels;
  return p;
}

HatConv conv_of(const ConvProblem& p, const std::vector<HatSample>& samples) {
  HatConv conv;
  conv.samples = samples.data();
  conv.n = p.n, conv.h = p.h, conv.w = p.w, conv.oh = p.oh, conv.ow = p.ow;
  conv.kh = p.kh, conv.kw = p.kw, conv.stride = p.stride, conv.top = p.pad_top, conv.left = p.pad_left;
  return conv;
}

void forward(const ConvProblem& p, const Tensor& x, const Tensor&, const Tensor& weight, const ConvEpilogue& epilogue,
             Tensor& y) {
  conv_direct.forward(of_sobel(p), sobel_of(x), {}, weight, {.residual = epilogue.residual}, y);
  const auto table = table_of(p, weight);
  const std::vector<HatSample> samples = samples_of(x);
  HatConv conv = conv_of(p, samples);
  conv.target = target_of(y, {epilogue.bias, y, epilogue.activation});
  conv.table = table->rows.data<float>();
  conv.blocks = table->blocks.data();
  conv.block_count = static_cast<int>(table->blocks.size());
  parallel_for(p.n * p.oh, [&](Index row) { conv_kernels().hats(conv, row, 1); });
  finish(y, epilogue);
}

void backward_weight(const ConvProblem& p, const Tensor& x, const Tensor& dy, Tensor& weight_gradient) {
  constexpr Index most_parts = 16;
  conv_direct.backward_weight(of_sobel(p), sobel_of(x), dy, weight_gradient);
  const std::vector<HatSample> samples = samples_of(x);
  HatConv conv = conv_of(p, samples);
  Tensor gradient = dy;  // only read
  conv.target = target_of(gradient, {});
  const Index area = p.kh * p.kw, columns = round_up(p.co, conv_kernels().lanes), size = 3 * hat_knots * columns;
  const Index rows = p.n * p.oh, parts = std::min(most_parts, rows);
  Tensor tables = Tensor::zeros(Shape{parts, area, size}, DType::f32);
  float* table = tables.mutable_data<float>();
  parallel_for(parts * area, [&](Index job) {
    const Index part = job / area, tap = job % area, first = part * rows / parts;
    conv_kernels().hat_gradient(conv, tap / p.kw, tap % p.kw, first, (part + 1) * rows / parts - first, columns,
                                table + job * size);
  });
  float* w = weight_gradient.mutable_data<float>();
  parallel_for(p.co, [&](Index o) {
    for (Index tap = 0; tap < area; ++tap)
      for (Index c = 0; c < 3; ++c) {
        double sums[response_feature_channels] = {};
        for (int knot = 0; knot < hat_knots; ++knot) {
          double sum = 0;
          for (Index part = 0; part < parts; ++part)
            sum += static_cast<double>(table[(part * area + tap) * size + (c * hat_knots + knot) * columns + o]);
          for_features_at(knot, c, [&](Index channel, double value) { sums[channel] += value * sum; });
        }
        for (Index channel = c; channel < response_feature_channels; channel += 3)
          if (channel < first_sobel_channel || channel >= first_sobel_channel + sobel_channels)
            w[(o * p.wi + channel) * area + tap] = static_cast<float>(sums[channel]);
      }
  });
}

bool supports(const ConvProblem& p, ConvDirection direction) {
  return p.dtype == DType::f32 && p.features && direction != ConvDirection::backward_input;
}

}  // namespace
}  // namespace duhdr::cpu

namespace duhdr {
const ConvBackend conv_hats{"hats", cpu::supports, cpu::forward, nullptr, cpu::backward_weight};
}  // namespace duhdr
