// SPDX-License-Identifier: Apache-2.0
#include "infer/jobs.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/file.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

std::string extension_of(const fs::path& path) {
  std::string text = path.extension().string();
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  return text.empty() ? text : text.substr(1);
}

constexpr std::string_view preview_ending = ".preview.png";

/// What a folder is searched for: photographs, or with `reverse` HDR images. So a folder can hold its own results.
bool is_picture(const fs::path& path, bool reverse) {
  static const std::set<std::string> photographs{"jpg", "jpeg", "jpe", "jfif", "png", "apng"};
  static const std::set<std::string> hdr_images{"exr", "hdr", "pic", "pfm"};
  if (path.filename().native().ends_with(preview_ending)) return false;
  return (reverse ? hdr_images : photographs).contains(extension_of(path));
}

[[noreturn]] void refuse(const std::string& text) { throw Error(ExitCode::usage, text); }

void add_inputs(const fs::path& path, bool reverse, std::vector<fs::path>& files, bool& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error == std::errc::too_many_symbolic_link_levels)
    throw Error(ExitCode::bad_image, shown(path) + ": symbolic links form a loop");
  if (error == std::errc::permission_denied) throw Error(ExitCode::io, shown(path) + ": no permission to look there");
  if (!fs::exists(status)) throw Error(ExitCode::io, shown(path) + ": no such file or folder");
  if (!fs::is_directory(status)) return files.push_back(path);
  folder = true;
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error))
    if (is_picture(entry->path(), reverse) && !entry->is_directory(error)) found.push_back(entry->path());
  if (error) throw Error(ExitCode::io, message(shown(path), ": cannot be listed (", error.message(), ")"));
  if (found.empty())
    refuse(shown(path) + ": no pictures in this folder (" + (reverse ? "exr, hdr, pfm)" : "jpg, png)"));
  std::sort(found.begin(), found.end());
  files.insert(files.end(), found.begin(), found.end());
}

std::string list_of(const std::vector<std::string>& formats) {
  std::string text;
  for (const std::string& format : formats) text += (text.empty() ? "" : ", ") + format;
  return text;
}

std::string chosen_format(const JobRequest& request, bool to_folder) {
  std::string format = request.format;
  if (format.empty()) {
    format = to_folder ? request.fallback : extension_of(request.output);
    if (format == "jpeg") format = "jpg";
    if (format.empty())
      refuse(shown(request.output) + ": give an extension or --format (" + list_of(request.allowed) + ")");
  }
  if (std::find(request.allowed.begin(), request.allowed.end(), format) == request.allowed.end())
    refuse(message(shown(request.output), ": cannot write format \"", escaped(format), "\" here (",
                   list_of(request.allowed), ")"));
  return format;
}

void prepare_folder(const fs::path& folder, bool make) {
  std::error_code error, ignored;
  if (make) fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder, ignored))
    throw Error(ExitCode::io,
                message(shown(folder), ": ",
                        error ? "cannot be made (" + error.message() + ")" : std::string("no such folder")));
  if (access(folder.c_str(), W_OK | X_OK) != 0) throw Error(ExitCode::io, shown(folder) + ": folder is not writable");
}

void check_preview(const fs::path& input, const fs::path& preview, IfExists if_exists) {
  std::error_code ignored;
  if (fs::equivalent(input, preview, ignored)) refuse(shown(preview) + ": preview is the input file itself");
  if (if_exists == IfExists::fail && fs::exists(preview, ignored))
    refuse(shown(preview) + ": exists (--if-exists fail)");
}

}  // namespace

fs::path preview_of(fs::path output) { return output.replace_extension(preview_ending); }

JobPlan plan_jobs(const JobRequest& request) {
  if (request.inputs.empty()) refuse("no input: give files or folders with -i");
  if (request.output.empty()) refuse("no output: give a file or a folder with -o");
  std::vector<fs::path> files;
  bool folder_input = false;
  for (const fs::path& input : request.inputs) add_inputs(input, request.reverse, files, folder_input);

  std::error_code ignored;
  const bool to_folder = folder_input || request.inputs.size() > 1 || request.output.filename().empty() ||
                         fs::is_directory(request.output, ignored);
  if (to_folder && fs::exists(request.output, ignored) && !fs::is_directory(request.output, ignored))
    refuse(shown(request.output) + ": several inputs need a folder as output, this is a file");
  JobPlan plan;
  plan.format = chosen_format(request, to_folder);
  const fs::path parent = to_folder ? request.output : request.output.parent_path();
  prepare_folder(parent.empty() ? fs::path(".") : parent, to_folder);

  std::map<fs::path, fs::path> taken;
  for (const fs::path& input : files) {
    const fs::path output = to_folder ? request.output / input.stem().concat("." + plan.format) : request.output;
    if (output.filename().native().size() > 240)  // room for the temporary name of 255
      throw Error(ExitCode::io, message(shown(output), ": file name is too long (", output.filename().native().size(),
                                        " bytes, 240)"));
    if (fs::equivalent(input, output, ignored)) refuse(shown(output) + ": output is the input file itself");
    if (request.preview) check_preview(input, preview_of(output), request.if_exists);
    const auto [other, is_new] = taken.emplace(output.lexically_normal(), input);
    if (!is_new)
      refuse(message(shown(output), ": would be written by both ", shown(other->second), " and ", shown(input)));
    if (fs::exists(output, ignored)) {
      if (fs::is_directory(output, ignored)) refuse(shown(output) + ": is a folder");
      if (request.if_exists == IfExists::fail) refuse(shown(output) + ": exists (--if-exists fail)");
      if (request.if_exists == IfExists::skip || (request.if_exists == IfExists::automatic && to_folder)) {
        ++plan.skipped;
        continue;
      }
    }
    plan.jobs.push_back({input, output});
  }
  return plan;
}

}  // namespace duhdr
