// SPDX-License-Identifier: Apache-2.0
// Numbers on the command line: what every program takes for one, and says when it is none.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace duhdr {

/// The number that `text` is as a whole: decimal, finite, within [least, most]; "+1" is one, "0x10", "nan", "1e999" and
/// 2^64 are none. Throws usage, naming `option` and what is allowed. T: double, int, std::int64_t, std::uint64_t.
template <class T>
T parse_number(const std::string& option, const std::string& text, T least, T most);

/// An option whose value is such a number. `value` keeps what it has when the option is not given.
template <class T>
CLI::Option* add_number(CLI::App& app, const std::string& names, T& value, const std::string& help, T least,
                        T most = std::numeric_limits<T>::max());

struct Dimensions {
  std::int64_t width = 0, height = 0;
};

/// "WIDTHxHEIGHT", or one number for both, each within 1..65536. Throws usage, naming `option`.
Dimensions parse_dimensions(const std::string& option, const std::string& text);

/// "LO..HI" or one number for both. Throws usage when it is neither, or not within [least, most] and in order.
std::pair<double, double> parse_range(const std::string& option, const std::string& text, double least, double most);

}  // namespace duhdr
