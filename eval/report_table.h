// SPDX-License-Identifier: Apache-2.0
// What the reports of an evaluation share: which pairs are left out, who leads a column, how numbers are written.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "eval/evaluation.h"

namespace duhdr {

struct Exclusion {
  std::string pair;
  std::string reason;  // names the methods that refuse the pair, unless all do so with the same words
};

/// The pairs that any method refuses, in the order of Evaluation::pairs.
std::vector<Exclusion> exclusions(const Evaluation& evaluation);

/// nullptr where there is nothing to average: no entry, no pairs, or a mean that is NaN.
const Summary* summary_of(const MethodResult& method, const std::string& metric);

/// nullptr where the pair does not define the metric, or its value is NaN.
const double* value_of(const PairResult& result, const std::string& metric);

/// How much `value` is worth: more is better.
double merit(Better better, double value);

/// The methods with the best mean of a column. Only means over the most pairs of the column count, and a column with
/// fewer than two of these has no best one.
std::set<std::string> leaders(const Evaluation& evaluation, const MetricColumn& column);

/// Digits after the point for all numbers of a column: four significant ones of its largest mean, 0 to 4.
int decimals_of(const Evaluation& evaluation, const MetricColumn& column);

/// "-" for NaN, "inf", "-inf".
std::string fixed(double value, int decimals);
std::string p_value(double p);

/// The fewest digits that read back as the same double; "inf", "-inf".
std::string shortest(double value);

std::string_view direction(Better better);  // "nearer to zero is better": for people
std::string_view name_of(Better better);    // "nearer-to-zero": for programs

}  // namespace duhdr
