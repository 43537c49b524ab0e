// SPDX-License-Identifier: Apache-2.0
// Reader and writer of safetensors files. Header and sizes are checked before any tensor is allocated.
#include "tensor/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>
#include <limits>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/checked.h"
#include "base/json.h"
#include "base/sha256.h"

namespace duhdr {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "the format is little-endian, and so are we");

constexpr std::size_t length_bytes = 8;
constexpr std::size_t longest_signature = 24;  // of lookalike()
constexpr const char* metadata_key = "__metadata__";

struct TypeName {
  const char* name;
  DType dtype;
};
constexpr std::array<TypeName, 5> type_names{
    {{"F64", DType::f64}, {"F32", DType::f32}, {"F16", DType::f16}, {"BF16", DType::bf16}, {"U8", DType::u8}}};

/// PyTorch's BatchNorm counts its batches in a 64-bit integer: such an entry is checked like all others, not stored.
constexpr std::string_view counter_suffix = ".num_batches_tracked";

/// One tensor as the header describes it; offsets count from the end of the header.
struct Entry {
  std::string name;
  DType dtype = DType::f32;
  bool counter = false;  // I64, not stored
  Shape shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

[[noreturn]] void refuse(const std::string& file, const std::string& reason) {
  throw Error(ExitCode::bad_weights, file + ": " + reason);
}

[[noreturn]] void refuse_tensor(const std::string& file, const std::string& name, const std::string& reason) {
  refuse(file, message("tensor \"", escaped(name), "\": ", reason));
}

struct Signature {
  std::string_view start;
  const char* format;
};

/// What a file that is not ours probably is; a guess for the error text alone.
std::string lookalike(std::span<const std::byte> bytes) {
  static constexpr std::array<Signature, 15> signatures{{
      {"PK\x03\x04", "a zip archive, as PyTorch writes .pth files"},
      {"PK\x05\x06", "an empty zip archive"},
      {"\x80\x02", "a Python pickle"},
      {"\x80\x03", "a Python pickle"},
      {"\x80\x04", "a Python pickle"},
      {"\x80\x05", "a Python pickle"},
      {"GGUF", "a GGUF model"},
      {"\x89HDF", "an HDF5 file"},
      {"\x93NUMPY", "a NumPy array"},
      {"\x1F\x8B", "a gzip file"},
      {"version https://git-lfs", "a Git LFS pointer; fetch the file itself with git lfs pull"},
      {"<!DOCTYPE", "a web page"},
      {"<html", "a web page"},
      {"<?xml", "an XML text"},
      {"{", "a JSON text"},
  }};
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const auto& [start, format] : signatures)
    if (text.starts_with(start)) return message(" (looks like ", format, ")");
  // An ONNX model begins with its IR version (field 1, a small number) and the producer's name (field 2).
  if (text.size() > 2 && text[0] == '\x08' && text[1] < '\x20' && text[2] == '\x12')
    return " (looks like an ONNX model)";
  return "";
}

/// The next bytes of a file, as many as there is room for. There are enough, or it throws.
using Read = std::function<void(std::span<std::byte>)>;

/// Reads the header's text, checking the length field and the first byte. The file has `size` bytes.
std::string read_header(const Read& read, std::uint64_t size, const std::string& file) {
  const auto not_ours = [&](std::span<const std::byte> start, const std::string& reason) {
    refuse(file, message("not a safetensors file", lookalike(start), ": ", reason));
  };
  Bytes start(std::min<std::uint64_t>(size, length_bytes));
  read(start);
  if (size < length_bytes)
    not_ours(start, message("it ends inside the header length (", size, " bytes, at least ", length_bytes, ")"));
  std::uint64_t length = 0;
  std::memcpy(&length, start.data(), length_bytes);
  const std::uint64_t room = size - length_bytes;
  const bool allowed = length >= 2 && length <= max_safetensors_header, there = allowed && length <= room;
  start.resize(length_bytes + (there ? length : std::min<std::uint64_t>(room, longest_signature)));
  read(std::span(start).subspan(length_bytes));
  if (!allowed) not_ours(start, message("header length ", length, " (allowed: 2 to ", max_safetensors_header, ")"));
  if (!there) not_ours(start, message("header length ", length, ", but only ", room, " bytes follow"));
  const std::string header(reinterpret_cast<const char*>(start.data()) + length_bytes, length);
  if (header.front() != '{')
    not_ours(start, message("the header at byte ", length_bytes, " does not start with { (found \"",
                            escaped(header.substr(0, 1)), "\")"));
  return header;
}

DType parse_dtype(const json& value, const std::string& file, const std::string& name) {
  if (!value.is_string()) refuse_tensor(file, name, "dtype is not a string");
  const auto text = value.get<std::string>();
  for (const auto& [known, dtype] : type_names)
    if (text == known) return dtype;
  refuse_tensor(file, name, message("dtype \"", escaped(text, 20), "\" (allowed: F64, F32, F16, BF16, U8)"));
}

Shape shape_of(const std::vector<std::int64_t>& extents) {
  switch (extents.size()) {
    case 0:
      return {};
    case 1:
      return {extents[0]};
    case 2:
      return {extents[0], extents[1]};
    case 3:
      return {extents[0], extents[1], extents[2]};
    default:
      return {extents[0], extents[1], extents[2], extents[3]};
  }
}

/// The shape, with all products in checked arithmetic, and the size in bytes that it asks for.
Shape parse_shape(const json& value, std::size_t element, std::uint64_t& size, const std::string& file,
                  const std::string& name) {
  if (!value.is_array()) refuse_tensor(file, name, "shape is not an array");
  if (value.size() > Shape::max_rank)
    refuse_tensor(file, name, message("shape with ", value.size(), " axes (allowed: 0 to ", Shape::max_rank, ")"));
  std::vector<std::int64_t> extents;
  std::uint64_t nonzero = element;  // zero extents left out: [0, 2^63] must not pass as "no elements"
  bool empty = false;
  for (const json& extent : value) {
    if (!extent.is_number_unsigned())
      refuse_tensor(file, name,
                    message("extent ", escaped(extent.dump(), 40), " in shape (allowed: whole numbers from 0)"));
    const auto n = extent.get<std::uint64_t>();
    const auto product = checked_mul(nonzero, std::max<std::uint64_t>(n, 1));
    if (!product || *product > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      refuse_tensor(file, name, message("shape ", value.dump(), " is too large"));
    nonzero = *product;
    empty = empty || n == 0;
    extents.push_back(static_cast<std::int64_t>(n));
  }
  size = empty ? 0 : nonzero;
  return shape_of(extents);
}

Entry parse_entry(const std::string& name, const json& value, std::uint64_t data_bytes, const std::string& file) {
  if (!value.is_object()) refuse_tensor(file, name, "not an object");
  for (const char* key : {"dtype", "shape", "data_offsets"})
    if (!value.contains(key)) refuse_tensor(file, name, message(key, " is missing"));
  for (const auto& item : value.items())
    if (item.key() != "dtype" && item.key() != "shape" && item.key() != "data_offsets")
      refuse_tensor(file, name, message("unknown key \"", escaped(item.key()), "\""));
  Entry entry;
  entry.name = name;
  entry.counter = name.ends_with(counter_suffix) && value["dtype"] == "I64";
  if (!entry.counter) entry.dtype = parse_dtype(value["dtype"], file, name);
  std::uint64_t size = 0;
  entry.shape = parse_shape(value["shape"], entry.counter ? 8 : size_of(entry.dtype), size, file, name);
  const json& offsets = value["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned())
    refuse_tensor(file, name, "data_offsets is not a pair of whole numbers");
  entry.begin = offsets[0].get<std::uint64_t>();
  entry.end = offsets[1].get<std::uint64_t>();
  if (entry.begin > entry.end || entry.end > data_bytes)
    refuse_tensor(
        file, name,
        message("data_offsets [", entry.begin, ", ", entry.end, "] (allowed: in order and up to ", data_bytes, ")"));
  if (entry.end - entry.begin != size)
    refuse_tensor(file, name,
                  message(entry.end - entry.begin, " bytes of data (", entry.shape, " of ",
                          entry.counter ? "i64" : name_of(entry.dtype), " takes ", size, ")"));
  return entry;
}

/// Every byte of the data belongs to exactly one tensor. Leaves the entries in the order of their data.
void check_coverage(std::vector<Entry>& entries, std::uint64_t data_bytes, const std::string& file) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  std::uint64_t covered = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != covered)
      refuse_tensor(file, entry.name,
                    message("data begins at ", entry.begin, ", ", entry.begin < covered ? "over" : "past",
                            " the end of the data before it (", covered, ")"));
    covered = entry.end;
  }
  if (covered != data_bytes)
    refuse(file, message(data_bytes - covered, " bytes after the last tensor (allowed: none)"));
}

/// Index of the first NaN or infinity, or -1. An exponent of all ones marks both.
template <class Bits>
std::int64_t first_non_finite(const Tensor& tensor, Bits exponent) {
  const std::byte* at = tensor.raw();
  for (std::int64_t i = 0; i < tensor.numel(); ++i, at += sizeof(Bits)) {
    Bits bits;
    std::memcpy(&bits, at, sizeof(Bits));
    if ((bits & exponent) == exponent) return i;
  }
  return -1;
}

std::int64_t first_non_finite(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::f64:
      return first_non_finite<std::uint64_t>(tensor, 0x7FF0000000000000u);
    case DType::f32:
      return first_non_finite<std::uint32_t>(tensor, 0x7F800000u);
    case DType::bf16:
      return first_non_finite<std::uint16_t>(tensor, 0x7F80u);
    case DType::f16:
      return first_non_finite<std::uint16_t>(tensor, 0x7C00u);
    case DType::u8:
      break;
  }
  return -1;
}

std::map<std::string, std::string> parse_metadata(const json& value, const std::string& file) {
  if (!value.is_object()) refuse(file, message(metadata_key, " is not an object"));
  std::map<std::string, std::string> out;
  for (const auto& item : value.items()) {
    if (!item.value().is_string())
      refuse(file, message(metadata_key, ": value of \"", escaped(item.key()), "\" is not a string"));
    out[item.key()] = item.value().get<std::string>();
  }
  return out;
}

/// Every tensor is read to where it stays.
TensorFile parse(const Read& read_next, std::uint64_t size, const std::string& shown_name, NonFinite non_finite) {
  Sha256 checksum;
  const Read read = [&](std::span<std::byte> to) {
    read_next(to);
    checksum.update(to);
  };
  const std::string header = read_header(read, size, shown_name);
  const std::uint64_t data_bytes = size - length_bytes - header.size();
  const JsonLimits limits{.bytes = max_safetensors_header, .depth = 3};
  const json root = parse_json(header, shown_name + ": header", ExitCode::bad_weights, limits);

  TensorFile out;
  std::vector<Entry> entries;
  for (const auto& item : root.items()) {
    if (item.key() == metadata_key)
      out.metadata = parse_metadata(item.value(), shown_name);
    else
      entries.push_back(parse_entry(item.key(), item.value(), data_bytes, shown_name));
  }
  check_coverage(entries, data_bytes, shown_name);

  for (const Entry& entry : entries) {
    if (entry.counter) {
      Bytes unused(entry.end - entry.begin);
      read(unused);
      continue;
    }
    Tensor tensor(entry.shape, entry.dtype);
    read({tensor.mutable_raw(), tensor.bytes()});
    const std::int64_t bad = non_finite == NonFinite::refused ? first_non_finite(tensor) : -1;
    if (bad >= 0) refuse_tensor(shown_name, entry.name, message("NaN or infinity at element ", bad));
    out.tensors.emplace(entry.name, std::move(tensor));
  }
  out.sha256 = checksum.finish();
  return out;
}

}  // namespace

TensorFile parse_safetensors(std::span<const std::byte> bytes, const std::string& shown_name, NonFinite non_finite) {
  const std::byte* next = bytes.data();
  const Read read = [&](std::span<std::byte> to) {
    if (!to.empty()) std::memcpy(to.data(), next, to.size());
    next += to.size();
  };
  return parse(read, bytes.size(), shown_name, non_finite);
}

TensorFile read_safetensors(const std::filesystem::path& path, NonFinite non_finite) {
  FileReader file(path, max_safetensors_file, ExitCode::bad_weights);
  TensorFile tensors = parse([&](std::span<std::byte> to) { file.read(to); }, file.size(), shown(path), non_finite);
  file.finish();
  return tensors;
}

Bytes encode_safetensors(const std::map<std::string, Tensor>& tensors,
                         const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[metadata_key] = metadata;
  std::uint64_t end = 0;
  for (const auto& [name, tensor] : tensors) {
    DUHDR_CHECK(tensor.defined() && name != metadata_key, "cannot store tensor \"", escaped(name), '"');
    auto shape = nlohmann::ordered_json::array();
    for (int axis = 0; axis < tensor.shape().rank(); ++axis) shape.push_back(tensor.shape()[axis]);
    const auto type = std::find_if(type_names.begin(), type_names.end(),
                                   [&](const TypeName& known) { return known.dtype == tensor.dtype(); });
    const std::uint64_t begin = end;
    end += tensor.bytes();
    header[name] = {{"dtype", type->name}, {"shape", shape}, {"data_offsets", {begin, end}}};
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const json::exception&) {
    DUHDR_CHECK(false, "a tensor's name or a metadata text is not valid UTF-8");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  DUHDR_CHECK(text.size() <= max_safetensors_header, "header of ", text.size(), " bytes");

  Bytes out(length_bytes + text.size() + end);
  const std::uint64_t length = text.size();
  std::memcpy(out.data(), &length, length_bytes);
  std::memcpy(out.data() + length_bytes, text.data(), text.size());
  std::byte* at = out.data() + length_bytes + text.size();
  for (const auto& [name, tensor] : tensors) {
    const Tensor host = tensor.to(Device::cpu());
    if (host.bytes() > 0) std::memcpy(at, host.raw(), host.bytes());
    at += host.bytes();
  }
  return out;
}

void write_safetensors(const std::filesystem::path& path, const std::map<std::string, Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  write_file(path, encode_safetensors(tensors, metadata));
}

}  // namespace duhdr
