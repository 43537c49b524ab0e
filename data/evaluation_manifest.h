// SPDX-License-Identifier: Apache-2.0
// evaluation.json: what a set of pairs for evaluation is made of, and how it was made.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/evaluation_camera.h"

namespace duhdr {

inline constexpr const char* evaluation_manifest_name = "evaluation.json";
inline constexpr const char* evaluation_curves_name = "curves.safetensors";

/// A file and what its bytes are.
struct StatedFile {
  std::string path;  // relative to the folder of the manifest, with "/"; a bare name for a source
  std::string sha256;
};

struct EvaluationManifest {
  struct Pair {
    std::string name, scene;
    StatedFile source;         // the HDR image it was made from: not part of the set
    StatedFile ldr, hdr;       // JPEG; EXR, 16-bit floats where they hold its values, else 32-bit ones
    double clip_level = 1;     // value of hdr at which ldr clips
    double clipped = 0;        // share of the pixels with a channel above it
    double exposure = 1;       // hdr : source
    std::int64_t quality = 0;  // of the JPEG
    std::string curve;         // tensor [1024] of the curves file: encoded -> light
  };
  std::string program;  // that made it
  EvaluationOptions options;
  StatedFile curves;
  std::vector<Pair> pairs;
};

/// Its text: equal contents give equal bytes.
std::string encode_evaluation_manifest(const EvaluationManifest& manifest);

/// Reads such a text strictly. Throws bad_image, beginning with `shown_name`, for another format version, unknown or
/// missing keys, paths that leave the folder, SHA-256 that are none, and names that appear twice or cannot be printed.
EvaluationManifest parse_evaluation_manifest(std::string_view text, const std::string& shown_name);

/// The same of a file.
EvaluationManifest read_evaluation_manifest(const std::filesystem::path& path);

}  // namespace duhdr
