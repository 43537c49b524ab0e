// SPDX-License-Identifier: Apache-2.0
// The strict parser: checks in front of nlohmann_json for what it lets pass, and a builder that sees every key.
#include "base/json.h"

#include <algorithm>
#include <iterator>

namespace duhdr {
namespace {

using nlohmann::json;

/// Where a text is wrong.
class Place {
 public:
  Place(std::string_view text, const std::string& shown_name, ExitCode code)
      : text_(text), shown_name_(shown_name), code_(code) {}

  [[noreturn]] void fail(std::size_t byte, std::string_view reason) const {
    byte = std::min(byte, text_.size());
    const std::string_view before = text_.substr(0, byte);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 = 0: the first line
    throw Error(code_, message(shown_name_, ": line ", line, ", column ", byte - line_start + 1, " (byte ", byte,
                               "): ", reason));
  }
  [[noreturn]] void fail_whole(std::string_view reason) const {
    throw Error(code_, message(shown_name_, ": ", reason));
  }

 private:
  std::string_view text_;
  const std::string& shown_name_;
  ExitCode code_;
};

/// Refuses what the parser would accept (byte order marks, NUL as an end mark) and what would cost it much
/// memory (size, depth).
void check_before_parsing(std::string_view text, JsonLimits limits, const Place& place) {
  if (text.size() > limits.bytes)
    place.fail_whole(message("JSON text too large (", text.size(), " bytes, at most ", limits.bytes, ")"));
  if (text.starts_with("\xEF\xBB\xBF")) place.fail(0, "byte order mark; save the file as UTF-8 without it");
  if (text.starts_with("\xFE\xFF") || text.starts_with("\xFF\xFE"))
    place.fail(0, "UTF-16 text; save the file as UTF-8");
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) < 0x20 && (in_string || (c != '\n' && c != '\r' && c != '\t')))
      place.fail(i, "control character " + escaped(text.substr(i, 1)));
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '{' || c == '[')) {
      if (++depth > limits.depth) place.fail(i, message("nested too deeply (at most ", limits.depth, " levels)"));
    } else if (!in_string && (c == '}' || c == ']')) {
      --depth;
    }
  }
}

/// Walks over the text and lets others see how far the parser has come.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* consumed) : at_(at), consumed_(consumed) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*consumed_;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  std::size_t* consumed_;
};

/// The parser's own words without its prefix: "syntax error while parsing value - invalid literal; ...".
std::string reason_of(const json::exception& error) {
  std::string_view text = error.what();
  const std::size_t place = text.find(": ");
  if (place != std::string_view::npos) text.remove_prefix(place + 2);
  if (text.starts_with("syntax error while parsing ")) text.remove_prefix(sizeof("syntax error while parsing ") - 1);
  return escaped(text);
}

/// Builds the value; refuses a key that its object has already.
class Builder : public json::json_sax_t {
 public:
  Builder(const Place& place, const std::size_t& consumed) : place_(place), consumed_(consumed) {}

  json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(std::int64_t value) override { return add(value); }
  bool number_unsigned(std::uint64_t value) override { return add(value); }
  bool number_float(double value, const std::string&) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    if (open_.back()->contains(name)) place_.fail(consumed_, message("duplicate key \"", escaped(name), "\""));
    key_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const json::exception& error) override {
    place_.fail(position == 0 ? 0 : position - 1, reason_of(error));
  }

 private:
  json* put(json&& value) {
    if (open_.empty()) return &(root_ = std::move(value));
    if (open_.back()->is_object()) return &((*open_.back())[std::move(key_)] = std::move(value));
    open_.back()->push_back(std::move(value));
    return &open_.back()->back();
  }
  bool add(json value) {
    put(std::move(value));
    return true;
  }
  bool open(json container) {
    open_.push_back(put(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const Place& place_;
  const std::size_t& consumed_;
  json root_;
  std::string key_;
  std::vector<json*> open_;
};

}  // namespace

json parse_json(std::string_view text, const std::string& shown_name, ExitCode code, JsonLimits limits) {
  const Place place(text, shown_name, code);
  check_before_parsing(text, limits, place);
  std::size_t consumed = 0;
  std::size_t unused = 0;
  Builder builder(place, consumed);
  const CountingIterator first(text.data(), &consumed);
  const CountingIterator last(text.data() + text.size(), &unused);
  json::sax_parse(first, last, &builder);  // the builder throws at the first error
  return builder.take();
}

}  // namespace duhdr
