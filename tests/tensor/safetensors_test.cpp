// SPDX-License-Identifier: Apache-2.0
// safetensors: round trips, and a table of files that must be refused with their reason.
#include "tensor/safetensors.h"
#include "base/sha256.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

namespace duhdr {
namespace {

namespace fs = std::filesystem;

Bytes bytes_of(std::string_view text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

/// A file with this header text and this many zero bytes of data.
Bytes file_of(std::string_view header, std::size_t data_bytes) {
  std::uint64_t length = header.size();
  Bytes out(sizeof(length));
  std::memcpy(out.data(), &length, sizeof(length));
  for (const char c : header) out.push_back(static_cast<std::byte>(c));
  out.resize(out.size() + data_bytes);
  return out;
}

/// The same with a length field that may lie.
Bytes with_length(Bytes bytes, std::uint64_t length) {
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes;
}

std::string error_of(const std::function<void()>& call, ExitCode code = ExitCode::bad_weights) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    const std::string text = error.what();
    EXPECT_EQ(text.find_first_of("\n\x1b"), std::string::npos) << text;
    EXPECT_LT(text.size(), 800u);
    return text;
  }
  return "no error";
}

std::string refusal_of(const Bytes& bytes) {
  return error_of([&] { parse_safetensors(bytes, "w.safetensors"); });
}

struct BadFile {
  Bytes bytes;
  std::string part;  // of the message
};

constexpr const char* small = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";

/// A header with one tensor "a" made of these three texts.
Bytes one(const std::string& dtype, const std::string& shape, const std::string& offsets, std::size_t data_bytes) {
  return file_of("{\"a\":{\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}",
                 data_bytes);
}

/// A header with one I64 counter of BatchNorm.
Bytes counter(const std::string& shape, const std::string& offsets, std::size_t data_bytes) {
  return file_of(R"({"bn.num_batches_tracked":{"dtype":"I64","shape":)" + shape + ",\"data_offsets\":" + offsets + "}}",
                 data_bytes);
}

/// A header with F32 tensors a, b, ... of one element each at these offsets.
Bytes several(const std::vector<std::string>& offsets, std::size_t data_bytes) {
  std::string header = "{";
  for (std::size_t i = 0; i < offsets.size(); ++i)
    header += message(i ? "," : "", '"', static_cast<char>('a' + i),
                      "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":", offsets[i], "}");
  return file_of(header + "}", data_bytes);
}

std::vector<BadFile> bad_lengths_and_formats() {
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  return {
      {{}, "0 bytes, at least 8"},
      {Bytes(7), "7 bytes, at least 8"},
      {with_length(file_of(small, 8), most), "header length 18446744073709551615"},
      {with_length(file_of(small, 8), most - 7), "header length"},
      {with_length(file_of(small, 8), 0), "header length 0 "},
      {with_length(file_of(small, 8), 1), "header length 1 "},
      {with_length(file_of(small, 8), (16u << 20) + 1), "header length 16777217 (allowed: 2 to 16777216)"},
      {with_length(file_of(small, 8), 63), "header length 63, but only 62 bytes follow"},
      {with_length(file_of(small, 8), 53), "header"},
      {bytes_of("PK\x03\x04" + std::string(60, '\1')), "looks like a zip archive"},
      {bytes_of("\x80\x02}q\x01." + std::string(60, '\1')), "looks like a Python pickle"},
      {bytes_of("\x80\x04\x95" + std::string(60, '\1')), "looks like a Python pickle"},
      {bytes_of("GGUF\x03" + std::string(60, '\1')), "looks like a GGUF model"},
      {bytes_of("\x08\x07\x12\x07pytorch" + std::string(60, '\1')), "looks like an ONNX model"},
      {bytes_of("\x89HDF\r\n\x1a\n" + std::string(60, '\1')), "looks like an HDF5 file"},
      {bytes_of("\x93NUMPY\x01" + std::string(60, '\1')), "looks like a NumPy array"},
      {bytes_of("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "looks like a Git LFS pointer"},
      {bytes_of("<!DOCTYPE html><html><body>404</body></html>"), "looks like a web page"},
      {bytes_of("{\"a\": 1, \"b\": 2}"), "looks like a JSON text"},
      {file_of(std::string(" ") + small, 8), "does not start with {"},
      {file_of("[]", 0), "does not start with {"},
      {file_of("\x1b[2J", 0), "(found \"\\x1b\")"},
      {file_of("{]", 0), "header: line 1, column 2 (byte 1)"},
      {file_of("{\"a\"", 0), "header: line 1"},
      {file_of("{} x", 0), "header: line 1, column 4"},
      {file_of(std::string("{}\0\0\0\0\0\0", 8), 0), "control character \\x00"},
      {file_of("{\"\xFF\":1}", 0), "(byte 2)"},
      {file_of("{\"a\":[[[[1]]]]}", 0), "nested too deeply"},
  };
}

std::vector<BadFile> bad_entries() {
  return {
      {file_of("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
               "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
               4),
       "duplicate key \"a\""},
      {file_of("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4),
       "duplicate key"},
      {file_of("{\"a\":1}", 0), "tensor \"a\": not an object"},
      {file_of("{\"a\":null}", 0), "tensor \"a\": not an object"},
      {file_of("{\"a\":{}}", 0), "tensor \"a\": dtype is missing"},
      {file_of("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4), "shape is missing"},
      {file_of("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4), "data_offsets is missing"},
      {file_of("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4), "unknown key \"x\""},
      {one("32", "[1]", "[0,4]", 4), "dtype is not a string"},
      {one("\"F8_E4M3\"", "[1]", "[0,1]", 1), "dtype \"F8_E4M3\" (allowed: F64, F32, F16, BF16, U8)"},
      {one("\"I64\"", "[1]", "[0,8]", 8), "tensor \"a\": dtype \"I64\""},
      {counter("[2]", "[0,8]", 8), "tensor \"bn.num_batches_tracked\": 8 bytes of data ([2] of i64 takes 16)"},
      {counter("[-1]", "[0,8]", 8), "extent -1 in shape"},
      {counter("[1]", "[8,16]", 16), "data begins at 8"},
      {counter("[1]", "[0,8]", 9), "1 bytes after the last tensor"},
      {one("\"f32\"", "[1]", "[0,4]", 4), "dtype \"f32\""},
      {one("\"\\u001b\\n\"", "[1]", "[0,4]", 4), "dtype \"\\x1b\\x0a\""},
      {one("\"F32\"", "1", "[0,4]", 4), "shape is not an array"},
      {one("\"F32\"", "[-1]", "[0,4]", 4), "extent -1"},
      {one("\"F32\"", "[1.5]", "[0,6]", 6), "extent 1.5"},
      {one("\"F32\"", "[1e3]", "[0,4000]", 4000), "extent 1000.0"},
      {one("\"F32\"", "[\"1\"]", "[0,4]", 4), "extent \"1\""},
      {one("\"F32\"", "[[1]]", "[0,4]", 4), "nested too deeply"},
      {one("\"F32\"", "[1,1,1,1,1]", "[0,4]", 4), "5 axes (allowed: 0 to 4)"},
      {one("\"F32\"", "[8589934592,8589934592]", "[0,0]", 0), "too large"},
      {one("\"F32\"", "[4294967296,4294967296]", "[0,0]", 0), "too large"},
      {one("\"U8\"", "[9223372036854775808]", "[0,0]", 0), "too large"},
      {one("\"F32\"", "[4611686018427387904]", "[0,0]", 0), "too large"},
      {one("\"F32\"", "[0,9223372036854775808]", "[0,0]", 0), "too large"},
      {one("\"F32\"", "[18446744073709551616]", "[0,0]", 0), "extent"},
      {one("\"F32\"", "[1]", "[0]", 4), "pair of whole numbers"},
      {one("\"F32\"", "[1]", "[0,2,4]", 4), "pair of whole numbers"},
      {one("\"F32\"", "[1]", "[0,-4]", 4), "pair of whole numbers"},
      {one("\"F32\"", "[1]", "[0,4.0]", 4), "pair of whole numbers"},
      {one("\"F32\"", "[1]", "{\"0\":4}", 4), "pair of whole numbers"},
      {one("\"F32\"", "[1]", "[4,0]", 4), "data_offsets [4, 0]"},
      {one("\"F32\"", "[1]", "[0,8]", 4), "data_offsets [0, 8] (allowed: in order and up to 4)"},
      {one("\"F32\"", "[1]", "[18446744073709551612,18446744073709551615]", 4), "allowed: in order"},
      {one("\"F32\"", "[2]", "[0,4]", 4), "4 bytes of data ([2] of f32 takes 8)"},
      {one("\"BF16\"", "[2]", "[0,8]", 8), "8 bytes of data ([2] of bf16 takes 4)"},
      {one("\"F32\"", "[1]", "[0,4]", 5), "1 bytes after the last tensor"},
      {one("\"F32\"", "[1]", "[4,8]", 8), "data begins at 4, past"},
      {several({"[0,4]", "[0,4]"}, 4), "tensor \"b\": data begins at 0, over the end"},
      {several({"[0,4]", "[2,6]"}, 6), "tensor \"b\": data begins at 2, over the end"},
      {several({"[0,4]", "[8,12]"}, 12), "tensor \"b\": data begins at 8, past the end"},
      {several({"[8,12]", "[0,4]"}, 12), "tensor \"a\": data begins at 8"},
      {several({"[0,4]", "[4,8]"}, 12), "4 bytes after the last tensor"},
      {file_of("{}", 1), "1 bytes after the last tensor"},
      {file_of("{\"__metadata__\":1}", 0), "__metadata__ is not an object"},
      {file_of("{\"__metadata__\":{\"k\":1}}", 0), "value of \"k\" is not a string"},
      {file_of("{\"__metadata__\":{\"k\":{}}}", 0), "value of \"k\" is not a string"},
      {file_of("{\"\\u001b[2J\\n\":1}", 0), "tensor \"\\x1b[2J\\x0a\""},
  };
}

TEST(Safetensors, RefusesBadFiles) {
  for (const auto& table : {bad_lengths_and_formats(), bad_entries()})
    for (const BadFile& bad : table) {
      const std::string text = refusal_of(bad.bytes);
      EXPECT_NE(text.find(bad.part), std::string::npos) << "expected: " << bad.part << "\ngot: " << text;
      EXPECT_TRUE(text.starts_with("w.safetensors: ")) << text;
    }
}

template <class T>
Tensor counting(Shape shape) {
  std::vector<T> values;
  for (std::int64_t i = 0; i < shape.numel(); ++i) values.push_back(static_cast<T>(static_cast<float>(i % 100)));
  return Tensor::of<T>(shape, values);
}

std::map<std::string, Tensor> samples() {
  return {{"double", counting<double>({3})},
          {"float", counting<float>({2, 3})},
          {"bf16", counting<bf16>({1, 2, 3})},
          {"half", counting<f16>({1, 2, 3, 4})},
          {"bytes", counting<std::uint8_t>({5})},
          {"scalar", counting<float>({})},
          {"empty", counting<float>({0})},
          {"empty2", counting<double>({3, 0, 2})},
          {"n\xC3\xA4me \"q\" \n", counting<float>({1})}};
}

void expect_equal(const std::map<std::string, Tensor>& a, const std::map<std::string, Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) {
    ASSERT_TRUE(b.contains(name)) << name;
    const Tensor& other = b.at(name);
    EXPECT_EQ(tensor.shape(), other.shape()) << name;
    ASSERT_EQ(tensor.dtype(), other.dtype()) << name;
    ASSERT_EQ(tensor.bytes(), other.bytes()) << name;
    EXPECT_TRUE(std::equal(tensor.raw(), tensor.raw() + tensor.bytes(), other.raw())) << name;
  }
}

TEST(Safetensors, RoundTrip) {
  const std::map<std::string, std::string> metadata{{"format", "pt"}, {"licence", "CC0 \xC3\xA9\n"}};
  const Bytes bytes = encode_safetensors(samples(), metadata);
  const TensorFile file = parse_safetensors(bytes, "w");
  expect_equal(samples(), file.tensors);
  EXPECT_EQ(file.metadata, metadata);
  EXPECT_EQ(file.sha256, sha256(bytes));
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof(header));
  EXPECT_EQ(header % 8, 0u);
  EXPECT_EQ(encode_safetensors(file.tensors, file.metadata), bytes);
}

TEST(Safetensors, EmptyFileOfTensors) {
  const TensorFile file = parse_safetensors(encode_safetensors({}), "w");
  EXPECT_TRUE(file.tensors.empty());
  EXPECT_TRUE(file.metadata.empty());
}

TEST(Safetensors, DataInAnyOrderOfNames) {
  Bytes bytes = several({"[4,8]", "[0,4]"}, 8);
  const float values[] = {2.0f, 1.0f};
  std::memcpy(bytes.data() + bytes.size() - sizeof(values), values, sizeof(values));
  const TensorFile file = parse_safetensors(bytes, "w");
  EXPECT_EQ(file.tensors.at("a").item(), 1.0);
  EXPECT_EQ(file.tensors.at("b").item(), 2.0);
}

TEST(Safetensors, KnownBytes) {
  const std::vector<float> values{1.0f, -2.0f};
  const std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  Bytes expected = file_of(header + std::string((8 - header.size() % 8) % 8, ' '), 8);
  std::memcpy(expected.data() + expected.size() - 8, values.data(), 8);
  EXPECT_EQ(encode_safetensors({{"a", Tensor::of<float>({2}, values)}}), expected);
}

TEST(Safetensors, FilesOnDisk) {
  std::string folder = fs::temp_directory_path() / "duhdr-safetensors-test-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const fs::path path = fs::path(folder) / "net.safetensors";
  write_safetensors(path, samples(), {{"k", "v"}});
  expect_equal(samples(), read_safetensors(path).tensors);
  fs::resize_file(path, fs::file_size(path) - 1);
  EXPECT_NE(error_of([&] { read_safetensors(path); }).find("net.safetensors: "), std::string::npos);
  EXPECT_NE(error_of([&] { read_safetensors(folder); }).find("not a regular file"), std::string::npos);
  fs::remove_all(folder);
  EXPECT_NE(error_of([&] { read_safetensors(path); }, ExitCode::io).find("No such file"), std::string::npos);
  EXPECT_NE(error_of([&] { write_safetensors(path, samples()); }, ExitCode::io).find("No such file"),
            std::string::npos);
}

TEST(Safetensors, EveryTruncationIsRefused) {
  std::map<std::string, Tensor> tensors = samples();
  tensors["long"] = counting<float>({1000});
  const Bytes bytes = encode_safetensors(tensors, {{"key", "value"}});
  ASSERT_GT(bytes.size(), 4096u);
  for (std::size_t size = 0; size < 4096; ++size)
    EXPECT_NE(refusal_of(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size))), "no error") << size;
}

TEST(Safetensors, BitFlipsAreRefusedOrSeenInTheChecksum) {
  const Bytes bytes = encode_safetensors(samples(), {{"key", "value"}});
  const std::string checksum = parse_safetensors(bytes, "w").sha256;
  int accepted = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    Bytes flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    try {
      EXPECT_NE(parse_safetensors(flipped, "w").sha256, checksum) << bit;
      ++accepted;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_weights) << bit;
    }
  }
  EXPECT_GT(accepted, 0);  // flips in names and values make another valid file
}

template <class T>
void expect_non_finite_refused(T value, std::size_t index) {
  std::vector<T> values(10, static_cast<T>(1.0f));
  values[index] = value;
  const Bytes bytes = encode_safetensors({{"w", Tensor::of<T>({10}, values)}});
  EXPECT_EQ(refusal_of(bytes), message("w.safetensors: tensor \"w\": NaN or infinity at element ", index));
  const TensorFile file = parse_safetensors(bytes, "w", NonFinite::allowed);
  EXPECT_FALSE(std::isfinite(static_cast<double>(file.tensors.at("w").data<T>()[index])));
}

TEST(Safetensors, NonFiniteValues) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float value : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) {
    expect_non_finite_refused<float>(value, 0);
    expect_non_finite_refused<double>(static_cast<double>(value), 9);
    expect_non_finite_refused<bf16>(bf16(value), 5);
    expect_non_finite_refused<f16>(f16(value), 3);
  }
  const std::vector<std::uint8_t> all{255, 127};
  EXPECT_NO_THROW(parse_safetensors(encode_safetensors({{"w", Tensor::of<std::uint8_t>({2}, all)}}), "w"));
  const std::vector<float> largest{std::numeric_limits<float>::max(), -std::numeric_limits<float>::denorm_min()};
  EXPECT_NO_THROW(parse_safetensors(encode_safetensors({{"w", Tensor::of<float>({2}, largest)}}), "w"));
}

TEST(Safetensors, WriterRefusesWhatCouldNotBeReadBack) {
  const auto refused = [](const std::map<std::string, Tensor>& tensors,
                          const std::map<std::string, std::string>& extra) {
    return error_of([&] { encode_safetensors(tensors, extra); }, ExitCode::internal);
  };
  EXPECT_NE(refused({{"__metadata__", counting<float>({1})}}, {}), "no error");
  EXPECT_NE(refused({{"undefined", Tensor()}}, {}), "no error");
  EXPECT_NE(refused({{"\xFF", counting<float>({1})}}, {}), "no error");
  EXPECT_NE(refused({}, {{"key", "\xFF"}}), "no error");
}

}  // namespace
}  // namespace duhdr
