// SPDX-License-Identifier: Apache-2.0
// RunPage: a page that shows what a run of duhdr-infer made, one file that needs no other. The light of its pictures
// goes to disk as they come.
#pragma once

#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/file_writer.h"
#include "infer/job_run.h"

namespace duhdr {

class RunPage {
 public:
  /// Name and value, as text, in the page's head: settings that hold for all pictures.
  using Facts = std::vector<std::pair<std::string, std::string>>;

  /// `folder` is made where there is none; what is written is `folder`/report.html. Throws io.
  RunPage(const std::filesystem::path& folder, std::size_t pictures, Facts facts);

  /// The long side of the copies in a page of so many pictures, BatchOptions::copy_side: at most 1024, so that the
  /// page stays below about 130 MB.
  static std::int64_t copy_side(std::size_t pictures);

  /// In the order of the run. Of the first 1000 pictures the page has copies, of others what is known. A page that
  /// cannot be written is given up: finish() tells.
  void add(const JobReport& report);

  /// Writes the page, and returns its path; throws the error of the write that failed.
  std::filesystem::path finish(std::size_t skipped);

 private:
  void write(const std::string& text);
  std::string head(std::size_t skipped) const;
  std::string table() const;

  std::filesystem::path path_;
  FileWriter file_;
  Facts facts_;
  std::exception_ptr failure_;
  std::size_t number_ = 0, failed_ = 0;
  double seconds_ = 0;
  std::string entries_, rows_, failures_;
};

}  // namespace duhdr
