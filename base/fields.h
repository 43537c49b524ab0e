// SPDX-License-Identifier: Apache-2.0
// Fields: the named values of a JSON object, read one by one, each with its type and its bounds.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace duhdr {

/// Reads one JSON object key by key. Every key must be asked for: finish() refuses the others. All errors carry
/// the code given, the file's name, the full key ("train.lr"), what was found and what is allowed. A getter with
/// a fallback returns it when the key is absent.
class JsonObject {
 public:
  /// `value` must outlive the reader; `path` is the key under which it was found, empty at the top.
  JsonObject(const nlohmann::json& value, std::string shown_name, ExitCode code, std::string path = "");

  bool has(std::string_view key);         // counts as asking for it
  std::vector<std::string> keys() const;  // every key of the object, sorted

  /// A whole number in [lo, hi]. 1.5, 1e3 and "1" are refused.
  std::int64_t integer(std::string_view key, std::int64_t lo, std::int64_t hi,
                       std::optional<std::int64_t> fallback = {});
  /// A number in [lo, hi], written with or without a fraction.
  double number(std::string_view key, double lo, double hi, std::optional<double> fallback = {});
  bool boolean(std::string_view key, std::optional<bool> fallback = {});
  std::string text(std::string_view key, std::optional<std::string> fallback = {});
  std::string one_of(std::string_view key, std::initializer_list<std::string_view> allowed,
                     std::optional<std::string> fallback = {});
  /// An array of whole numbers, each in [lo, hi].
  std::vector<std::int64_t> integers(std::string_view key, std::int64_t lo, std::int64_t hi);
  /// An array of numbers, each in [lo, hi].
  std::vector<double> numbers(std::string_view key, double lo, double hi);
  /// An array of strings.
  std::vector<std::string> texts(std::string_view key);
  /// The object under `key`; its own finish() is its reader's to call.
  JsonObject object(std::string_view key);
  /// An array of objects, each with a reader of its own.
  std::vector<JsonObject> objects(std::string_view key);

  /// Throws when the object has a key that no getter asked for, and offers the nearest one that was.
  void finish() const;

  /// Throws this reader's error for `key`: "<file>: <key>: <reason>". For checks that span several keys.
  [[noreturn]] void refuse(std::string_view key, const std::string& reason) const;

 private:
  const nlohmann::json* find(std::string_view key, bool required);

  const nlohmann::json& value_;
  std::string shown_name_;
  ExitCode code_;
  std::string path_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace duhdr
