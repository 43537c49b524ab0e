// SPDX-License-Identifier: Apache-2.0
// Sets of pairs that methods are evaluated on: the project's own, and the folders of published ones as they come.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace duhdr {

struct EvaluationPair {
  std::string name;                   // unique within the set, safe to print; may hold "/": "clip_95/001"
  std::string scene;                  // versions of one scene share it (bootstrap resamples scenes)
  std::filesystem::path ldr, hdr;     // the photograph and the reference
  double clip_level = 0;              // value of the reference at which the photograph clips; 0 = unknown
  std::vector<double> inverse_curve;  // [1024] encoded -> light, the camera's true inverse response; empty = unknown
};

struct EvaluationSet {
  std::string layout, name;           // of the table below; of the folder
  std::string sha256;                 // what is in it, see open_evaluation_set()
  std::vector<EvaluationPair> pairs;  // by name
  std::vector<std::string>
      unpaired;  // one line each: files without a partner, pairs whose files are missing; they count
  std::vector<std::string> warnings;
};

/// Opens a folder in one of the layouts, or "auto": the first of them that it has.
///   duhdr     evaluation.json, made by duhdr-data evaluation
///   manifest  manifest.tsv of data/file_list.h
///   si-hdr    reference/ with input/clip_95/, input/clip_97/ (or these two beside it)      Hanji et al. 2022
///   hdr-eye   HDR/Cnn_HDR.* and LDR/Cnn_LDR.*, perhaps below images/                       Nemoto et al. 2015
///   hdr-real  HDR_gt/ and LDR_in/, equal names                                             Liu et al. 2020
///   raise     hdr/ and ldr/, equal names (RAISE and others, as pairs)
/// Every file is read once: its SHA-256 must be the one that a manifest states (else bad_image). The set's SHA-256 is
/// that of evaluation.json, which states those of all files; elsewhere of the lines "name TAB SHA-256 of ldr TAB of hdr
/// LF", by name. Throws usage for a folder of no layout or not of the one asked for, bad_image for a faulty manifest,
/// two files or pairs of one name, and a set without any pair, io for what cannot be read.
EvaluationSet open_evaluation_set(const std::filesystem::path& folder, const std::string& layout = "auto");

/// What `layout` may be: "auto" and the names above.
std::vector<std::string> evaluation_layouts();

}  // namespace duhdr
