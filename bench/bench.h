// SPDX-License-Identifier: Apache-2.0
// What the parts of duhdr-bench share: the settings of a run, and how work is timed.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <string>

#include "bench/peak.h"
#include "tensor/tensor.h"

namespace duhdr::bench {

struct Settings {
  Device device = Device::cpu();
  std::int64_t size = 512;  // side of the image that networks and chains see
  Peak peak;
};

/// sum((value - reference)^2) / sum(reference^2) of a result on any device, infinite where something is not finite.
double square_error(const Tensor& value, const Tensor& reference);

/// What is timed, and what each time comes before it and is not timed.
struct Work {
  std::function<void()> timed;
  std::function<void()> before = {};
};

/// Work to time. `check` runs once before and returns an empty text or why the work is wrong: that is
/// reported as an error and never timed.
struct Benchmark {
  std::string name;
  double flop = 0;                // of one call; 0 = not counted
  std::function<double()> bytes;  // that one call reads and writes at least; empty = not counted
  std::function<std::string()> check;
  std::function<Work()> prepare;
};
void add_benchmark(Benchmark benchmark, const Settings& settings);

void add_op_benchmarks(const Settings& settings);
void add_network_benchmarks(const Settings& settings);
void add_layer_benchmarks(const Settings& settings);
void add_metric_benchmarks(const Settings& settings);

/// Runs the chain of a model directory (family duhdr) and answers on stdin and stdout, one line each, until "quit" or
/// the end:
///   "ready"          the program has started                                            -> "ok"
///   "load FILE H W"  the model, if it is the first time, and a raw f32 [H, W, 3] image  -> "ok"
///   "run N"          N reconstructions of it                                            -> N times in seconds
///   "save FILE"      writes the last result, raw f32                                    -> "ok"
///   "clipped"        share of its pixels where the mask is above zero                   -> the number
/// `masked`: tiles that the mask does not need are left out, as duhdr-infer does; otherwise all are computed.
void serve_chain(const std::string& model_folder, Device device, bool masked);

struct TrainingCase {
  std::string stage;
  std::string config;  // training configuration whose networks are taken; empty: the paper's
  DType precision = DType::f32;
};

/// Trains a stage with the weights of the golden cases and answers in the same way:
///   "ready"              the program has started                                               -> "ok"
///   "load FOLDER N H W"  the networks, if it is the first time, and raw f32 [N, H, W, 3] ldr, encoded, clipped and hdr
///                        (.raw)                                                                -> "ok"
///   "run N"              N training steps                                                      -> N times in seconds
///   "loss"               of the last step                                                      -> the number
///   "gradient FILE"      after the first step: the gradients of the trained parameters in the order of their names,
///                        raw f32                                                               -> "ok"
///   "memory"             of the device, at its most                                            -> bytes
void serve_training(const TrainingCase& training, Device device);

}  // namespace duhdr::bench
