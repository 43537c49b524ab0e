// SPDX-License-Identifier: Apache-2.0
#include "base/fields.h"

#include <algorithm>
#include <utility>

#include "base/nearest.h"

namespace duhdr {
namespace {

using nlohmann::json;

/// How a value is shown in an error: its text, cut when long.
std::string shown_value(const json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  return escaped(value.dump(-1, ' ', false, json::error_handler_t::replace), 80);
}

template <class Words>
std::string joined(const Words& words) {
  std::string out;
  for (const auto& word : words) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

bool is_whole(const json& value, std::int64_t lo, std::int64_t hi) {
  if (value.is_number_unsigned()) {
    const auto u = value.get<std::uint64_t>();
    return hi >= 0 && u <= static_cast<std::uint64_t>(hi) && (lo <= 0 || u >= static_cast<std::uint64_t>(lo));
  }
  return value.is_number_integer() && value.get<std::int64_t>() >= lo && value.get<std::int64_t>() <= hi;
}

bool is_number(const json& value, double lo, double hi) {
  return value.is_number() && value.get<double>() >= lo && value.get<double>() <= hi;
}

std::string number_range(double lo, double hi) { return message("allowed: a number from ", lo, " to ", hi); }

std::string whole_number_range(std::int64_t lo, std::int64_t hi) {
  return message("allowed: a whole number from ", lo, " to ", hi);
}

}  // namespace

JsonObject::JsonObject(const json& value, std::string shown_name, ExitCode code, std::string path)
    : value_(value), shown_name_(std::move(shown_name)), code_(code), path_(std::move(path)) {
  if (!value_.is_object())
    throw Error(code_, message(shown_name_, ": ", path_.empty() ? "" : path_ + ": ", "found ", shown_value(value_),
                               ", allowed: an object {...}"));
}

void JsonObject::refuse(std::string_view key, const std::string& reason) const {
  throw Error(code_, message(shown_name_, ": ", path_.empty() ? "" : path_ + ".", escaped(key), ": ", reason));
}

bool JsonObject::has(std::string_view key) {
  asked_.emplace(key);
  return value_.contains(key);
}

std::vector<std::string> JsonObject::keys() const {
  std::vector<std::string> out;
  for (const auto& item : value_.items()) out.push_back(item.key());
  return out;
}

const json* JsonObject::find(std::string_view key, bool required) {
  asked_.emplace(key);
  const auto found = value_.find(key);
  if (found != value_.end()) return &*found;
  if (!required) return nullptr;
  std::vector<std::string> others = keys();
  std::erase_if(others, [&](const std::string& other) { return asked_.contains(other); });
  const auto similar = nearest(key, others);
  refuse(key, similar ? message("missing (found \"", escaped(*similar), "\")") : "missing");
}

std::int64_t JsonObject::integer(std::string_view key, std::int64_t lo, std::int64_t hi,
                                 std::optional<std::int64_t> fallback) {
  const json* value = find(key, !fallback);
  if (!value) return *fallback;
  if (!is_whole(*value, lo, hi)) refuse(key, message("found ", shown_value(*value), ", ", whole_number_range(lo, hi)));
  return value->get<std::int64_t>();
}

double JsonObject::number(std::string_view key, double lo, double hi, std::optional<double> fallback) {
  const json* value = find(key, !fallback);
  if (!value) return *fallback;
  if (!is_number(*value, lo, hi)) refuse(key, message("found ", shown_value(*value), ", ", number_range(lo, hi)));
  return value->get<double>();
}

bool JsonObject::boolean(std::string_view key, std::optional<bool> fallback) {
  const json* value = find(key, !fallback);
  if (!value) return *fallback;
  if (!value->is_boolean()) refuse(key, message("found ", shown_value(*value), ", allowed: true or false"));
  return value->get<bool>();
}

std::string JsonObject::text(std::string_view key, std::optional<std::string> fallback) {
  const json* value = find(key, !fallback);
  if (!value) return *fallback;
  if (!value->is_string()) refuse(key, message("found ", shown_value(*value), ", allowed: a \"text\""));
  return value->get<std::string>();
}

std::string JsonObject::one_of(std::string_view key, std::initializer_list<std::string_view> allowed,
                               std::optional<std::string> fallback) {
  const json* value = find(key, !fallback);
  if (!value) return *fallback;
  if (!value->is_string() || std::find(allowed.begin(), allowed.end(), value->get<std::string>()) == allowed.end())
    refuse(key, message("found ", shown_value(*value), ", allowed: ", joined(allowed)));
  return value->get<std::string>();
}

std::vector<std::int64_t> JsonObject::integers(std::string_view key, std::int64_t lo, std::int64_t hi) {
  const json* value = find(key, true);
  if (!value->is_array()) refuse(key, message("found ", shown_value(*value), ", allowed: an array of whole numbers"));
  std::vector<std::int64_t> out;
  for (const json& element : *value) {
    if (!is_whole(element, lo, hi))
      refuse(key, message("element ", out.size(), ": found ", shown_value(element), ", ", whole_number_range(lo, hi)));
    out.push_back(element.get<std::int64_t>());
  }
  return out;
}

std::vector<double> JsonObject::numbers(std::string_view key, double lo, double hi) {
  const json* value = find(key, true);
  if (!value->is_array()) refuse(key, message("found ", shown_value(*value), ", allowed: an array of numbers"));
  std::vector<double> out;
  for (const json& element : *value) {
    if (!is_number(element, lo, hi))
      refuse(key, message("element ", out.size(), ": found ", shown_value(element), ", ", number_range(lo, hi)));
    out.push_back(element.get<double>());
  }
  return out;
}

std::vector<std::string> JsonObject::texts(std::string_view key) {
  const json* value = find(key, true);
  if (!value->is_array()) refuse(key, message("found ", shown_value(*value), ", allowed: an array of \"texts\""));
  std::vector<std::string> out;
  for (const json& element : *value) {
    if (!element.is_string())
      refuse(key, message("element ", out.size(), ": found ", shown_value(element), ", allowed: a \"text\""));
    out.push_back(element.get<std::string>());
  }
  return out;
}

JsonObject JsonObject::object(std::string_view key) {
  const json* value = find(key, true);
  return JsonObject(*value, shown_name_, code_, (path_.empty() ? "" : path_ + ".") + escaped(key));
}

std::vector<JsonObject> JsonObject::objects(std::string_view key) {
  const json* value = find(key, true);
  if (!value->is_array()) refuse(key, message("found ", shown_value(*value), ", allowed: an array of objects"));
  std::vector<JsonObject> out;
  const std::string prefix = (path_.empty() ? "" : path_ + ".") + escaped(key);
  for (const json& element : *value)
    out.emplace_back(element, shown_name_, code_, message(prefix, '[', out.size(), ']'));
  return out;
}

void JsonObject::finish() const {
  for (const std::string& key : keys()) {
    if (asked_.contains(key)) continue;
    const auto similar = nearest(key, asked_);
    refuse(key, similar ? message("unknown key; did you mean \"", escaped(*similar), "\"?")
                        : message("unknown key (allowed: ", asked_.empty() ? "none" : joined(asked_), ")"));
  }
}

}  // namespace duhdr
