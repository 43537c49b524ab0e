// SPDX-License-Identifier: Apache-2.0
// What an evaluation found: the numbers of every method on every pair, and what follows from them. Reports print this
// and nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace duhdr {

enum class Better { higher, lower, nearer_to_zero };

/// A column of the report.
struct MetricColumn {
  std::string name;        // "pu21-psnr": of the command line, of JSON and CSV
  std::string title;       // "PU21-PSNR"
  std::string unit;        // "dB"; empty = none
  std::string definition;  // one sentence
  Better better = Better::higher;
  std::string needs = {};  // without which a pair has no value: "clipped pixels"; empty = nothing
};

/// One method on one pair.
struct PairResult {
  std::string pair;
  std::string refusal;                   // why the pair is left out, for every method; empty = it counts
  std::map<std::string, double> values;  // by the column's name; a metric that the pair does not define has no entry
  std::vector<std::string> warnings;
};

/// Mean over the scenes of the pairs that count, versions of one scene averaged first, and its 95 % interval by
/// bootstrap over scenes.
struct Summary {
  double mean = 0, low = 0, high = 0;
  std::int64_t pairs = 0;
};

struct MethodResult {
  std::string name;                          // "lite", "akyuz", "expandnet"
  std::string description;                   // one line: what it is, with the SHA-256 of a model
  std::vector<PairResult> pairs;             // in the order of Evaluation::pairs
  std::map<std::string, Summary> summaries;  // by the column's name
  double seconds = 0;                        // spent in reconstruction, for the text on the terminal only
};

/// Two methods on one metric, pair by pair.
struct Comparison {
  std::string metric, method, other;
  double difference = 0, low = 0, high = 0;  // mean of method - other, and its 95 % interval
  double p = 1;                              // two-sided, of the sign-flip permutation test
  std::int64_t pairs = 0;
};

/// Small pictures of one pair for the eye: linear light [1, h, w, 3] f32, 1.0 = the photograph's clip level.
struct PairPictures {
  Tensor photograph, reference;              // the photograph as codes in 0..1; undefined where there is none
  std::map<std::string, Tensor> estimates;   // by method, aligned by the protocol
  std::map<std::string, Tensor> errors;      // by method [1, h, w, 1]: |log2 estimate - log2 reference| in stops
  std::map<std::string, Tensor> visibility;  // by method [1, h, w, 1]: HDR-VDP-3's difference, 0 = invisible
};

struct Evaluation {
  std::string protocol, protocol_definition;  // "paper", and one sentence
  std::string set_name, set_sha256;           // of the pairs: the manifest's, or of the files' names and contents
  std::string version;                        // of duhdr
  std::vector<MetricColumn> metrics;
  std::vector<std::string> pairs;
  std::vector<MethodResult> methods;
  std::vector<Comparison> comparisons;
  std::vector<std::string> remarks;              // "blind-gain: gains energy without structure"
  std::map<std::string, PairPictures> pictures;  // by pair; what is missing is not shown
};

}  // namespace duhdr
