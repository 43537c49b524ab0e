// SPDX-License-Identifier: Apache-2.0
// Named tensors in a file: the safetensors format, read strictly. Nothing in such a file is ever executed.
//
// Layout: 8 bytes little-endian length n of the header; n bytes of JSON {"name": {"dtype", "shape",
// "data_offsets": [begin, end]}, "__metadata__": {"key": "text"}}, padded with blanks; the data, back to back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "base/file.h"
#include "tensor/tensor.h"

namespace duhdr {

struct TensorFile {
  std::map<std::string, Tensor> tensors;  // on the CPU
  std::map<std::string, std::string> metadata;
  std::string sha256;  // of the whole file
};

/// What to do with NaN and infinity in the data: weights have none, recorded test values may.
enum class NonFinite { refused, allowed };

constexpr std::uint64_t max_safetensors_header = std::uint64_t{16} << 20;  // bytes
constexpr std::uint64_t max_safetensors_file = std::uint64_t{16} << 30;    // bytes

/// Reads a whole file. Throws io when it cannot be read, bad_weights as parse_safetensors does.
TensorFile read_safetensors(const std::filesystem::path& path, NonFinite non_finite = NonFinite::refused);

/// Reads a file's bytes. Everything not exactly in the layout above throws bad_weights and names the tensor:
/// lengths, JSON (parse_json), unknown or missing keys, element types other than F64 F32 F16 BF16 U8, more than
/// four axes, sizes that overflow or disagree with the offsets, holes, overlaps, bytes left over, NaN or infinity.
/// Entries "*.num_batches_tracked" may also be I64: they are checked in the same way and left out.
TensorFile parse_safetensors(std::span<const std::byte> bytes, const std::string& shown_name,
                             NonFinite non_finite = NonFinite::refused);

/// The bytes of a file with these tensors (from any device), ordered by name: equal contents give equal bytes.
/// Throws internal when a name is not valid UTF-8 or is "__metadata__", or when a tensor is undefined.
Bytes encode_safetensors(const std::map<std::string, Tensor>& tensors,
                         const std::map<std::string, std::string>& metadata = {});

/// encode_safetensors into a file, all or nothing (write_file).
void write_safetensors(const std::filesystem::path& path, const std::map<std::string, Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace duhdr
