// SPDX-License-Identifier: Apache-2.0
#include "infer/jobs.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/file.h"
#include "image/formats.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view preview_ending = ".preview.png";
constexpr std::size_t longest_name = 255;  // bytes, of every file system that matters

Image::Referred read_kind(const JobRequest& request) {
  return request.reverse ? Image::Referred::scene : Image::Referred::display;
}
Image::Referred written_kind(const JobRequest& request) {
  return request.reverse ? Image::Referred::display : Image::Referred::scene;
}

[[noreturn]] void refuse(const std::string& text) { throw Error(ExitCode::usage, text); }

/// Of a folder only what the chain is meant for is taken, so a folder can hold its own results.
void add_inputs(const fs::path& path, Image::Referred kind, std::vector<fs::path>& files, bool& folder) {
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
    if (names_picture(entry->path(), kind) && !entry->path().native().ends_with(preview_ending) &&
        !entry->is_directory(error))
      found.push_back(entry->path());
  if (error) throw Error(ExitCode::io, message(shown(path), ": cannot be listed (", error.message(), ")"));
  if (found.empty()) refuse(shown(path) + ": no pictures in this folder (" + readable_formats(kind) + ")");
  std::sort(found.begin(), found.end());
  files.insert(files.end(), found.begin(), found.end());
}

const Format* chosen_format(const JobRequest& request, bool to_folder) {
  const std::vector<std::string> allowed = written_formats(written_kind(request));
  std::string list;
  for (const std::string& format : allowed) list += (list.empty() ? "" : ", ") + format;
  std::string text = request.format;
  if (text.empty()) text = to_folder ? allowed.front() : extension_of(request.output);
  if (text.empty()) refuse(shown(request.output) + ": give an extension or --format (" + list + ")");
  const Format* format = written_format(text, written_kind(request));
  if (format == nullptr)
    refuse(message(shown(request.output), ": cannot write format \"", escaped(text), "\" here (", list, ")"));
  if (format->encode == nullptr)
    refuse(message(shown(request.output), ": cannot write ", format->title, ": ", format->unavailable));
  if (request.layers && !format->holds_layers)
    refuse(message(shown(request.output), ": ", format->title, " holds no layers, OpenEXR does"));
  if (request.check) request.check(*format);
  return format;
}

void prepare_folder(const fs::path& folder, bool make, bool dry_run) {
  std::error_code error, ignored;
  if (make && dry_run && !fs::exists(folder, ignored)) return;
  if (make) fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder, ignored))
    throw Error(ExitCode::io,
                message(shown(folder), ": ",
                        error ? "cannot be made (" + error.message() + ")" : std::string("no such folder")));
  if (access(folder.c_str(), W_OK | X_OK) != 0) throw Error(ExitCode::io, shown(folder) + ": folder is not writable");
}

/// Files by the names that links and `..` lead to.
std::set<fs::path> canonical(const std::vector<fs::path>& files) {
  std::set<fs::path> found;
  std::error_code ignored;
  for (const fs::path& file : files) found.insert(fs::weakly_canonical(file, ignored));
  return found;
}

/// Whether the file is to be left as it is; refuses one that may not be replaced.
bool is_kept(const char* what, const fs::path& path, const fs::path& input, const std::set<fs::path>& inputs,
             const JobRequest& request, bool to_folder) {
  std::error_code ignored;
  if (fs::equivalent(input, path, ignored)) refuse(message(shown(path), ": ", what, " is the input file itself"));
  if (inputs.contains(fs::weakly_canonical(path, ignored)))
    refuse(message(shown(path), ": ", what, " of ", shown(input), " is another input file"));
  if (!fs::exists(path, ignored)) return false;
  if (fs::is_directory(path, ignored)) refuse(shown(path) + ": is a folder");
  if (request.if_exists == IfExists::fail) refuse(shown(path) + ": exists (--if-exists fail)");
  return request.if_exists == IfExists::skip || (request.if_exists == IfExists::automatic && to_folder);
}

/// The names, without folders, of inputs by their stems.
std::map<fs::path, std::set<fs::path>> names_of(const std::vector<fs::path>& files) {
  std::map<fs::path, std::set<fs::path>> names;
  for (const fs::path& file : files) names[file.stem()].insert(file.filename());
  return names;
}

/// Which input writes a file.
class Taken {
 public:
  /// Why `input` cannot write `path`; empty = it can. Refuses two inputs of one name.
  std::string take(const fs::path& path, const fs::path& input) {
    const std::size_t length = path.filename().native().size();
    if (length > longest_name)
      return message(shown(path), ": file name is too long (", length, " bytes, ", longest_name, ")");
    const auto [other, is_new] = by_.emplace(path.lexically_normal(), input);
    if (is_new) return {};
    const std::string reason =
        message(shown(path), ": would be written by both ", shown(other->second), " and ", shown(input));
    if (other->second.filename() == input.filename()) refuse(reason);
    return reason;
  }

 private:
  std::map<fs::path, fs::path> by_;
};

}  // namespace

fs::path preview_of(fs::path output) { return output.replace_extension(preview_ending); }

JobPlan plan_jobs(const JobRequest& request) {
  if (request.inputs.empty()) refuse("no input: give files or folders with -i");
  if (request.output.empty()) refuse("no output: give a file or a folder with -o");
  std::vector<fs::path> files;
  bool folder_input = false;
  for (const fs::path& input : request.inputs) add_inputs(input, read_kind(request), files, folder_input);

  std::error_code ignored;
  const bool to_folder = folder_input || request.inputs.size() > 1 || request.output.filename().empty() ||
                         fs::is_directory(request.output, ignored);
  if (to_folder && fs::exists(request.output, ignored) && !fs::is_directory(request.output, ignored))
    refuse(shown(request.output) + ": several inputs need a folder as output, this is a file");
  JobPlan plan;
  plan.format = chosen_format(request, to_folder);
  const fs::path parent = to_folder ? request.output : request.output.parent_path();
  prepare_folder(parent.empty() ? fs::path(".") : parent, to_folder, request.dry_run);

  const auto names = names_of(files);
  const std::set<fs::path> inputs = canonical(files);
  Taken taken;
  for (const fs::path& input : files) {
    const fs::path named = names.at(input.stem()).size() > 1 ? input.filename() : input.stem();
    Job job{input, to_folder ? request.output / fs::path(named).concat(message(".", plan.format->extensions.front()))
                             : request.output};
    job.refusal = taken.take(job.output, input);
    if (job.refusal.empty() && request.preview) job.refusal = taken.take(preview_of(job.output), input);
    if (!job.refusal.empty()) {
      if (!to_folder) throw Error(ExitCode::io, job.refusal);
    } else if (is_kept("output", job.output, input, inputs, request, to_folder)) {
      ++plan.skipped;
      continue;
    } else if (request.preview && !is_kept("preview", preview_of(job.output), input, inputs, request, to_folder)) {
      job.preview = preview_of(job.output);
    }
    plan.jobs.push_back(std::move(job));
  }
  return plan;
}

}  // namespace duhdr
