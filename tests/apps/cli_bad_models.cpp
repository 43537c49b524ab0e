// SPDX-License-Identifier: Apache-2.0
// Model directories that must be refused with exit code 4: damaged weight files, damaged descriptions.
#include <algorithm>
#include <cstring>
#include <limits>

#include "base/sha256.h"
#include "models/model_directory.h"
#include "tensor/safetensors.h"
#include "tests/support/cli_files.h"
#include "tests/support/image_files.h"

namespace duhdr::cli {
namespace {

namespace fs = std::filesystem;
using files::bytes_of;
using nlohmann::json;
using files::operator+;

std::string text_of(const fs::path& path) {
  const Bytes bytes = read_file(path, 1 << 30, ExitCode::internal);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

BadCall bad(const std::string& name, const std::string& part, std::function<void(const fs::path&)> prepare) {
  return {name, call("in.png", "out.exr"), ExitCode::bad_weights, part, std::move(prepare)};
}

void edit(const fs::path& folder, const std::function<void(json&)>& change) {
  json description = json::parse(text_of(folder / "model/model.json"));
  change(description);
  write(folder / "model/model.json", description.dump(2));
}

/// model.json as `change` leaves it.
BadCall described(const std::string& name, const std::string& part, const std::function<void(json&)>& change) {
  return bad(name, part, [change](const fs::path& folder) { edit(folder, change); });
}

/// model.json with this text.
BadCall text(const std::string& name, const std::string& part, const std::function<std::string(std::string)>& change) {
  return bad(name, part, [change](const fs::path& folder) {
    write(folder / "model/model.json", change(text_of(folder / "model/model.json")));
  });
}

/// dnet.safetensors as `change` makes it; model.json has its checksum.
BadCall weights(const std::string& name, const std::string& part, const std::function<Bytes(const Bytes&)>& change) {
  return bad(name, part, [change](const fs::path& folder) {
    const fs::path path = folder / "model/dnet.safetensors";
    const Bytes changed = change(read_file(path, 1 << 30, ExitCode::internal));
    write(path, changed);
    edit(folder, [&](json& model) { model["files"]["dnet"]["sha256"] = sha256(changed); });
  });
}

/// The same by its tensors.
BadCall tensors(const std::string& name, const std::string& part,
                const std::function<void(std::map<std::string, Tensor>&)>& change) {
  return weights(name, part, [change](const Bytes& bytes) {
    TensorFile file = parse_safetensors(bytes, "dnet", NonFinite::refused);
    change(file.tensors);
    return encode_safetensors(file.tensors, file.metadata);
  });
}

/// The header's text changed and its length made right.
std::function<Bytes(const Bytes&)> header(const std::function<std::string(std::string)>& change) {
  return [change](const Bytes& bytes) {
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    const auto end = static_cast<std::ptrdiff_t>(8 + length);
    const std::string old(reinterpret_cast<const char*>(bytes.data()) + 8, length), now = change(old);
    return files::little(static_cast<std::int64_t>(now.size()), 8) + now + Bytes(bytes.begin() + end, bytes.end());
  };
}

std::function<std::string(std::string)> with(const std::string& from, const std::string& to) {
  return [from, to](std::string all) {
    const std::size_t at = all.find(from);
    return at == std::string::npos ? throw Error(ExitCode::internal, from + " is not there")
                                   : all.replace(at, from.size(), to);
  };
}

std::function<Bytes(const Bytes&)> length(std::uint64_t value) {
  return [value](Bytes bytes) {
    std::memcpy(bytes.data(), &value, 8);
    return bytes;
  };
}

std::function<Bytes(const Bytes&)> instead(const std::string& start) {
  return [start](const Bytes&) { return bytes_of(start) + Bytes(100, std::byte{1}); };
}

std::vector<BadCall> lengths_and_formats() {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  return {
      weights("header length 2^64-1", "not a safetensors file: header length 18446744073709551615", length(most)),
      weights("header length 0", "not a safetensors file: header length 0", length(0)),
      weights("header length above its limit", "header length 16777217", length((1 << 24) + 1)),
      weights("header length above the file's", "header length 16000000, but only", length(16'000'000)),
      weights("empty weight file", "not a safetensors file", [](const Bytes&) { return Bytes(); }),
      weights("Python pickle as weights", "not a safetensors file (looks like a Python pickle)",
              instead("\x80\x04\x95")),
      weights("zip archive as weights", "not a safetensors file (looks like a zip archive", instead("PK\x03\x04")),
      weights("GGUF as weights", "not a safetensors file (looks like a GGUF model)", instead("GGUF\x03")),
      weights("Git LFS pointer as weights", "looks like a Git LFS pointer", instead("version https://git-lfs.github")),
      weights("header with a blank in front", "does not start with {", header(with("{", " {"))),
      weights("header that is no JSON", "header: line 1", header(with("{", "{]"))),
      weights("header that is not UTF-8", "header: line 1", header(with("{\"", "{\"\xFF"))),
      weights("weight file cut in its header", "header length", [](const Bytes& b) { return files::cut(b, 500); }),
      weights("weight file cut by 1 byte", "data_offsets", [](const Bytes& b) { return files::cut(b, b.size() - 1); }),
      weights("bytes behind the last tensor", "4 bytes after the last tensor",
              [](const Bytes& b) { return b + Bytes(4); }),
      weights("unknown element type", "dtype \"F8\"", header(with("\"F32\"", "\"F8\""))),
      weights("shape whose product wraps", "is too large",
              header(with("\"shape\":[2", "\"shape\":[8589934592,8589934592,2"))),
      weights("negative extent", "extent -1 in shape", header(with("\"shape\":[2", "\"shape\":[-1"))),
      weights("extent 1e3", "extent 1000.0 in shape", header(with("\"shape\":[2", "\"shape\":[1e3"))),
      weights("tensor name twice", "duplicate key \"dnet.down1.0.bias\"",
              header(with("\"dnet.down1.0.weight\"", "\"dnet.down1.0.bias\""))),
  };
}

std::vector<BadCall> contents() {
  const std::string name = "dnet.stem.0.weight";
  const auto first = [](std::map<std::string, Tensor>& all) -> Tensor& { return all.begin()->second; };
  return {
      tensors("missing tensor", "tensor dnet.down1.0.bias is missing", [](auto& all) { all.erase(all.begin()); }),
      tensors("extra tensor", "tensor extra\\x1b[2J does not belong to this network",
              [](auto& all) { all["extra\x1b[2J"] = Tensor::full(Shape{1}, 1, DType::f32); }),
      tensors("wrong shape", "tensor dnet.down1.0.bias has shape [7], expected [2]",
              [first](auto& all) { first(all) = Tensor::full(Shape{7}, 1, DType::f32); }),
      tensors("wrong element type", "expected F32, F16 or BF16",
              [first](auto& all) { first(all) = first(all).to(DType::f64); }),
      tensors("weight of 3e38", "tensor dnet.down1.0.bias: element 1 is too large for a weight (-3e+38, at most 1e+16)",
              [first](auto& all) {
                std::vector<float> values = first(all).template to_vector<float>();
                values[1] = -3e38f;
                first(all) = Tensor::of<float>(first(all).shape(), values);
              }),
      tensors("NaN in the weights", "tensor \"dnet.down1.0.bias\": NaN or infinity at element 1",
              [first](auto& all) {
                std::vector<float> values = first(all).template to_vector<float>();
                values[1] = std::numeric_limits<float>::quiet_NaN();
                first(all) = Tensor::of<float>(first(all).shape(), values);
              }),
      tensors("infinity in the weights", "tensor \"dnet.down1.0.bias\": NaN or infinity at element 0",
              [first](auto& all) {
                std::vector<float> values = first(all).template to_vector<float>();
                values[0] = std::numeric_limits<float>::infinity();
                first(all) = Tensor::of<float>(first(all).shape(), values);
              }),
      bad("one bit flipped in the weights", "dnet.safetensors: checksum mismatch (SHA-256 ",
          [](const fs::path& folder) {
            Bytes bytes = read_file(folder / "model/dnet.safetensors", 1 << 30, ExitCode::internal);
            bytes.back() ^= std::byte{1};
            write(folder / "model/dnet.safetensors", bytes);
          }),
      bad("weights of another network", "oonet.safetensors: tensor oonet.",
          [](const fs::path& folder) {
            edit(folder, [](json& model) { model["files"]["oonet"]["sha256"] = model["files"]["dnet"]["sha256"]; });
            fs::copy_file(folder / "model/dnet.safetensors", folder / "model/oonet.safetensors",
                          fs::copy_options::overwrite_existing);
          }),
      bad("weight file is a folder", "not a regular file",
          [](const fs::path& folder) {
            fs::remove(folder / "model/itnet.safetensors");
            fs::create_directory(folder / "model/itnet.safetensors");
          }),
      bad("weight file is missing", "files.itnet.file: \"itnet.safetensors\" is missing",
          [](const fs::path& folder) { fs::remove(folder / "model/itnet.safetensors"); }),
      bad("weight file is a symbolic link", "\"itnet.safetensors\" is a symbolic link",
          [](const fs::path& folder) {
            fs::rename(folder / "model/itnet.safetensors", folder / "elsewhere");
            fs::create_symlink("../elsewhere", folder / "model/itnet.safetensors");
          }),
      bad("no model.json", "model.json: missing; this folder is no model directory",
          [](const fs::path& folder) { fs::remove(folder / "model/model.json"); }),
      bad("no model directory", "model: no such model directory; make an untrained one with: duhdr-train",
          [](const fs::path& folder) { fs::remove_all(folder / "model"); }),
  };
}

BadCall file_named(const std::string& name, const std::string& file) {
  return described(name, "files.dnet.file: \"" + escaped(file) + "\" is not a plain file name",
                   [file](json& model) { model["files"]["dnet"]["file"] = file; });
}

BadCall architecture(const std::string& name, const std::string& key, const json& value, const std::string& part) {
  return described(name, "model.json: architecture." + key + ": " + part,
                   [key, value](json& model) { model["architecture"][key] = value; });
}

}  // namespace

std::vector<BadCall> bad_weight_files() {
  std::vector<BadCall> all = lengths_and_formats();
  for (const BadCall& one : contents()) all.push_back(one);
  return all;
}

std::vector<BadCall> bad_descriptions() {
  const auto widths = [](const std::string& name, const json& value, const std::string& part) {
    return described(name, "architecture.widths.oonet: " + part,
                     [value](json& model) { model["architecture"]["widths"]["oonet"] = value; });
  };
  const auto fixed = [](const std::string& all) { return [all](const std::string&) { return all; }; };
  return {
      text("empty model.json", "model.json: line 1, column 1", fixed("")),
      text("model.json cut", "model.json: line ", [](const std::string& t) { return t.substr(0, t.size() / 2); }),
      text("model.json with a trailing comma", "model.json: line 2, column 1", fixed("{\"a\": 1,\n}")),
      text("model.json with a comment", "model.json: line 1, column 1", fixed("// model\n{}")),
      text("model.json with a byte order mark", "byte order mark",
           [](const std::string& t) { return "\xEF\xBB\xBF" + t; }),
      text("model.json in UTF-16", "UTF-16", fixed(std::string("\xFF\xFE{\0}\0", 6))),
      text("10^6 nested arrays", "nested too deeply", fixed(std::string(1'000'000, '['))),
      text("model.json of 2 MB", "file too large (2097152 bytes, at most 1048576)", fixed(std::string(1 << 21, ' '))),
      text("model.json is an array", "found an array, allowed: an object", fixed("[1]")),
      text("key twice", "duplicate key \"name\"", with("\"name\":", "\"name\": \"a\", \"name\":")),
      text("unknown key with control characters", "\\x1b[2J\\x0a: unknown key",
           with("\"name\":", "\"\\u001b[2J\\n\": 1, \"name\":")),
      described("format version 2", "format_version: found 2, allowed: a whole number from 1 to 1",
                [](json& model) { model["format_version"] = 2; }),
      described("format version as text", "format_version: found \"1\"",
                [](json& model) { model["format_version"] = "1"; }),
      described("no licence", "licence: missing", [](json& model) { model.erase("licence"); }),
      described("misspelt key", "licence: missing (found \"license\")",
                [](json& model) {
                  model.erase("licence");
                  model["license"] = "MIT";
                }),
      architecture("unknown key", "curve_sample", 64, "unknown key; did you mean \"curve_samples\"?"),
      architecture("unknown trunk", "trunk", "resnet34", "found \"resnet34\", allowed: resnet18, crfnet"),
      architecture("alpha 2", "alpha", 2, "found 2, allowed: a number from 0 to 0.999"),
      architecture("alpha as text", "alpha", "0.95", "found \"0.95\""),
      architecture("0 curve samples", "curve_samples", 0, "found 0, allowed: a whole number from 2 to 65536"),
      architecture("2^63 iterations", "itnet_iterations", 9223372036854775808u, "found 9223372036854775808, allowed"),
      architecture("1.5 curve vectors", "curve_k", 1.5, "found 1.5, allowed: a whole number"),
      widths("width 0", {0, 2, 2, 2, 2}, "element 0: found 0"),
      widths("width 10^9", {2, 2, 2, 2, 1'000'000'000}, "element 4: found 1000000000, allowed"),
      widths("four widths", {2, 2, 2, 2}, "4 widths, expected 5"),
      widths("odd last width", {2, 2, 2, 2, 3}, "the last width must be even"),
      described("widths of 4096 take no memory", "has shape",
                [](json& model) {
                  for (auto& list : model["architecture"]["widths"]) std::fill(list.begin(), list.end(), 4096);
                }),
      described("more curve vectors than in the file", "has shape",
                [](json& model) { model["architecture"]["curve_k"] = 3; }),
      file_named("path upwards in model.json", "../dnet.safetensors"),
      file_named("absolute path in model.json", "/dev/zero"),
      file_named("folder in model.json", "a/../dnet.safetensors"),
      file_named("\"..\" in model.json", ".."),
      file_named("empty file name in model.json", ""),
      file_named("NUL in a file name", std::string("dnet\0x", 6)),
      described("file name of 300 bytes", "is not a plain file name",
                [](json& model) { model["files"]["dnet"]["file"] = std::string(300, 'x'); }),
      described("checksum missing", "files.dnet.sha256: missing",
                [](json& model) { model["files"]["dnet"].erase("sha256"); }),
      described("sixth network", "files.vgg: unknown key",
                [](json& model) {
                  model["files"]["vgg"] = {{"file", "x"}};
                }),
      described("network missing", "files.nnet: missing", [](json& model) { model["files"].erase("nnet"); }),
  };
}

}  // namespace duhdr::cli
