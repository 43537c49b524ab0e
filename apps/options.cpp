// SPDX-License-Identifier: Apache-2.0
#include "apps/options.h"

#include <charconv>
#include <cstdint>
#include <type_traits>

#include "base/error.h"

namespace duhdr {
namespace {

/// "0 to 1", or "at least 0" where the upper end is that of the type.
template <class T>
std::string range_text(T least, T most) {
  if (most == std::numeric_limits<T>::max()) return message("at least ", least);
  return message(least, " to ", most);
}

}  // namespace

template <class T>
T parse_number(const std::string& option, const std::string& text, T least, T most) {
  const char *begin = text.data(), *end = text.data() + text.size();
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') ++begin;  // from_chars knows no plus sign
  T number{};
  const auto [rest, error] = std::from_chars(begin, end, number);
  // A NaN fails both comparisons; an infinity is outside every range.
  if (error != std::errc() || rest != end || !(number >= least && number <= most))
    throw Error(ExitCode::usage, message(option, ' ', escaped(text), ": not a ", std::is_integral_v<T> ? "whole " : "",
                                         "number (allowed: ", range_text(least, most), ")"));
  return number;
}

template <class T>
CLI::Option* add_number(CLI::App& app, const std::string& names, T& value, const std::string& help, T least, T most) {
  const std::string option = names.substr(names.rfind(',') + 1);
  CLI::Option* added = app.add_option_function<std::string>(
      names,
      [&value, option, least, most](const std::string& text) { value = parse_number(option, text, least, most); },
      help);
  added->type_name(std::is_integral_v<T> ? "INT" : "NUMBER");
  added->default_function([&value] { return message(value); });  // for capture_default_str()
  return added;
}

template double parse_number(const std::string&, const std::string&, double, double);
template int parse_number(const std::string&, const std::string&, int, int);
template std::int64_t parse_number(const std::string&, const std::string&, std::int64_t, std::int64_t);
template std::uint64_t parse_number(const std::string&, const std::string&, std::uint64_t, std::uint64_t);
template CLI::Option* add_number(CLI::App&, const std::string&, double&, const std::string&, double, double);
template CLI::Option* add_number(CLI::App&, const std::string&, int&, const std::string&, int, int);
template CLI::Option* add_number(CLI::App&, const std::string&, std::int64_t&, const std::string&, std::int64_t,
                                 std::int64_t);
template CLI::Option* add_number(CLI::App&, const std::string&, std::uint64_t&, const std::string&, std::uint64_t,
                                 std::uint64_t);

Dimensions parse_dimensions(const std::string& option, const std::string& text) {
  const auto number = [&](std::string_view part) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end != part.data() + part.size() || value < 1 || value > 65'536)
      throw Error(ExitCode::usage, message(option, ' ', escaped(text), ": not N or WIDTHxHEIGHT, 1..65536"));
    return value;
  };
  const std::size_t cross = text.find('x');
  const std::int64_t width = number(std::string_view(text).substr(0, cross));
  return {width, cross == std::string::npos ? width : number(std::string_view(text).substr(cross + 1))};
}

std::pair<double, double> parse_range(const std::string& option, const std::string& text, double least, double most) {
  const std::size_t dots = text.find("..");
  const double lo = parse_number(option, text.substr(0, dots), least, most);
  const double hi = dots == text.npos ? lo : parse_number(option, text.substr(dots + 2), least, most);
  if (lo > hi) throw Error(ExitCode::usage, message(option, " ", escaped(text), ": not LO..HI with LO <= HI"));
  return {lo, hi};
}

}  // namespace duhdr
