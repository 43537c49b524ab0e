// SPDX-License-Identifier: Apache-2.0
#include "apps/eval_options.h"

#include <filesystem>
#include <set>

#include "apps/options.h"
#include "apps/program.h"
#include "base/writable.h"
#include "eval/folder_set.h"

namespace duhdr {

void EvalOptions::add_to(CLI::App& app) {
  app.add_option("-s,--set,set", set, "Folder of pairs in a known layout (duhdr-data evaluation makes one)")
      ->type_name("DIR");
  app.add_option("--layout", layout, "Layout of the set, auto = by looking")->capture_default_str();
  app.add_option("--ref", references, "Instead of --set: folder of references")->type_name("DIR");
  app.add_option("--ldr", photographs, "With --ref: folder of photographs of the same names")->type_name("DIR");
  app.add_option("-m,--method", methods,
                 "[LABEL=]METHOD: model directory, folder of results, operator or sanity row (--list-methods)")
      ->type_name("METHOD");
  app.add_option("--pred", predictions, "[LABEL=]DIR: folder of results, as --method")->type_name("DIR");
  app.add_option("-p,--protocol", protocol, "How estimates are aligned and shown (--list-protocols)")
      ->capture_default_str();
  app.add_option("--metrics", metrics, "Comma-separated (--list-metrics). Default: all")->type_name("LIST");
  app.add_option("--mask", mask, "all, or clipped: outside of clipped pixels estimates are the reference")
      ->check(CLI::IsMember({"all", "clipped"}))
      ->capture_default_str();
  add_number(app, "--clip-level", clip_level, "With --ref: value of the references at which the photographs clip", 0.0)
      ->type_name("VALUE");
  app.add_option("--csv", csv, "Write a row for each method and pair")->type_name("FILE");
  app.add_option("--json", json, "Write everything but pictures")->type_name("FILE");
  app.add_option("--markdown", markdown, "Write the tables for a document")->type_name("FILE");
  app.add_option("--html", html, "Write a page with tables and pictures, complete in itself")->type_name("FILE");
  app.add_option("--keep", keep, "Folder of finished rows: an interrupted evaluation goes on from there")
      ->type_name("DIR");
  app.add_option("-d,--device", device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  app.add_option("--max-memory", max_memory, "Limit of the memory for tensors, for example 4G")->type_name("SIZE");
  add_number(app, "-j,--threads", threads, "CPU threads; 0 = all", 0, 1024)->capture_default_str();
  add_number(app, "--max-pixels", limits.pixels, "Largest picture that is read", std::int64_t{1}, std::int64_t{1} << 34)
      ->capture_default_str();
  app.add_flag("--list-methods", list_methods, "Name the operators and sanity rows, and stop");
  app.add_flag("--list-metrics", list_metrics, "Name the metrics, and stop");
  app.add_flag("--list-protocols", list_protocols, "Name the protocols, and stop");
  app.add_flag("-q,--quiet", quiet, "No progress");
  app.add_flag("-v,--verbose", verbose, "Rows as they begin, warnings of every pair, comparisons of methods");
  app.add_flag("--dry-run", dry_run, "Open set and methods, name the pairs, compute nothing");
}

EvaluationSet EvalOptions::open_set() const {
  if (set.empty() == references.empty())
    throw Error(ExitCode::usage, "name either a set of pairs or, with --ref, a folder of references");
  if (references.empty() && (!photographs.empty() || clip_level != 0))
    throw Error(ExitCode::usage, "--ldr and --clip-level belong to --ref");
  return references.empty() ? open_evaluation_set(set, layout) : folder_set(references, photographs, clip_level);
}

void EvalOptions::check_outputs() const {
  std::set<std::filesystem::path> files;
  for (const std::string& file : {csv, json, markdown, html}) {
    if (file.empty()) continue;
    check_writable(file);
    if (!files.insert(std::filesystem::weakly_canonical(std::filesystem::absolute(file))).second)
      throw Error(ExitCode::usage, escaped(file) + ": named for two reports");
  }
}

EngineOptions EvalOptions::engine_options() const {
  EngineOptions options;
  options.device = parse_device(device);
  if (!max_memory.empty()) options.max_memory = parse_size("--max-memory", max_memory);
  return options;
}

EvaluateOptions EvalOptions::evaluation_options() const {
  EvaluateOptions options;
  options.protocol = &protocol_of(protocol);
  options.metrics = metrics_of(metrics);
  options.only_clipped = mask == "clipped";
  options.pictures = !html.empty();
  options.keep = keep;
  options.version = DUHDR_VERSION;
  options.computes = message(program_sha256(), ", ", parse_device(device).text());
  options.limits = limits;
  return options;
}

}  // namespace duhdr
