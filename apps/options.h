// SPDX-License-Identifier: Apache-2.0
// Numbers on the command line: what every program takes for one, and says when it is none.
#pragma once

#include <CLI/CLI.hpp>
#include <limits>
#include <string>

namespace duhdr {

/// The number that `text` is as a whole: decimal, finite, within [least, most]; "+1" is one, "0x10", "nan", "1e999" and
/// 2^64 are none. Throws usage, naming `option` and what is allowed. T: double, int, std::int64_t, std::uint64_t.
template <class T>
T parse_number(const std::string& option, const std::string& text, T least, T most);

/// An option whose value is such a number. `value` keeps what it has when the option is not given.
template <class T>
CLI::Option* add_number(CLI::App& app, const std::string& names, T& value, const std::string& help, T least,
                        T most = std::numeric_limits<T>::max());

}  // namespace duhdr
