// SPDX-License-Identifier: Apache-2.0
// Command lines and paths that must be refused before any work is done.
#include <sys/stat.h>

#include "tests/support/cli_files.h"
#include "tests/support/image_exr_files.h"

namespace duhdr::cli {
namespace {

namespace fs = std::filesystem;

BadCall usage(const std::string& name, const std::vector<std::string>& more, const std::string& part) {
  return {name, call("in.png", "out.exr", more), ExitCode::usage, part};
}

BadCall paths(const std::string& name, const std::vector<std::string>& arguments, ExitCode code,
              const std::string& part, std::function<void(const fs::path&)> prepare = {}) {
  std::vector<std::string> all{"-m", "model", "-d", "cpu", "-j", "1"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return {name, all, code, part, std::move(prepare)};
}

BadCall by_method(const std::string& name, const std::vector<std::string>& more, const std::string& part) {
  std::vector<std::string> all{"-i", "in.png", "-o", "out.exr"};
  all.insert(all.end(), more.begin(), more.end());
  return {name, all, ExitCode::usage, part};
}

/// duhdr-eval and one of the paper's experiments.
BadCall experiment(const std::string& name, const std::vector<std::string>& arguments, const std::string& part) {
  return {name, arguments, ExitCode::usage, part, {}, "duhdr-eval"};
}

std::vector<std::string> pairs(const std::vector<std::string>& more) {
  std::vector<std::string> all{"make", "-o", "pairs", "--from", "scenes"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

void write_exr(const fs::path& path) { write(path, files::simple_exr()); }
void copy_picture(const fs::path& folder) { fs::copy_file(folder / "in.png", folder / "in2.png"); }

std::vector<BadCall> output_paths() {
  const std::string longest(256, 'n');
  const ExitCode io = ExitCode::io, refused = ExitCode::usage;
  return {
      paths("output is the input", {"-i", "a.exr", "-o", "a.exr"}, refused, "a.exr: output is the input file itself",
            [](const fs::path& f) { write_exr(f / "a.exr"); }),
      paths("output is a hard link to the input", {"-i", "a.exr", "-o", "b.exr"}, refused, "output is the input file",
            [](const fs::path& f) {
              write_exr(f / "a.exr");
              fs::create_hard_link(f / "a.exr", f / "b.exr");
            }),
      paths("output is a symbolic link to the input", {"-i", "a.exr", "-o", "b.exr"}, refused,
            "output is the input file",
            [](const fs::path& f) {
              write_exr(f / "a.exr");
              fs::create_symlink("a.exr", f / "b.exr");
            }),
      paths("report in a file", {"-i", "in.png", "-o", "a.exr", "--report", "in.png"}, io, "in.png: cannot be made"),
      paths("layers in a format without them", {"-i", "in.png", "-o", "a.hdr", "--layers", "mask"}, refused,
            "a.hdr: Radiance HDR holds no layers, OpenEXR does"),
      paths("preview is the input", {"-i", "a.preview.png", "-o", "a.exr", "--preview"}, refused,
            "a.preview.png: preview is the input file itself",
            [](const fs::path& f) { fs::copy_file(f / "in.png", f / "a.preview.png"); }),
      paths("preview is another input",
            {"-i", "in.png", "in.preview.png", "-o", ".", "--preview", "--if-exists", "overwrite"}, refused,
            "in.preview.png: preview of in.png is another input file",
            [](const fs::path& f) { fs::copy_file(f / "in.png", f / "in.preview.png"); }),
      paths("output is another input", {"-i", "in.png", "in.exr", "in.png.exr", "-o", ".", "--if-exists", "overwrite"},
            refused, "in.png.exr: output of in.png is another input file",
            [](const fs::path& f) { write_exr(f / "in.exr"), write_exr(f / "in.png.exr"); }),
      paths("preview exists", {"-i", "in.png", "-o", "a.exr", "--preview", "--if-exists", "fail"}, refused,
            "a.preview.png: exists (--if-exists fail)", [](const fs::path& f) { write(f / "a.preview.png", "mine"); }),
      paths("output exists", {"-i", "in.png", "-o", "a.exr", "--if-exists", "fail"}, refused,
            "a.exr: exists (--if-exists fail)", [](const fs::path& f) { write(f / "a.exr", "mine"); }),
      paths("preview is a folder", {"-i", "in.png", "-o", "a.exr", "--preview"}, refused, "a.preview.png: is a folder",
            [](const fs::path& f) { fs::create_directory(f / "a.preview.png"); }),
      paths("preview name of 263 bytes", {"-i", "in.png", "-o", std::string(251, 'n') + ".exr", "--preview"}, io,
            "file name is too long (263 bytes, 255)"),
      paths("output in the folder is a folder", {"-i", "in.png", "in2.png", "-o", "results"}, refused,
            "in.exr: is a folder",
            [](const fs::path& f) {
              copy_picture(f);
              fs::create_directories(f / "results/in.exr");
            }),
      paths("two inputs into one file", {"-i", "in.png", "in2.png", "-o", "a.exr"}, refused,
            "a.exr: several inputs need a folder as output",
            [](const fs::path& f) {
              copy_picture(f);
              write(f / "a.exr", "mine");
            }),
      paths("two inputs of one name", {"-i", "in.png", "sub/in.png", "-o", "results"}, refused,
            "in.exr: would be written by both in.png and sub/in.png",
            [](const fs::path& f) {
              fs::create_directory(f / "sub");
              fs::copy_file(f / "in.png", f / "sub/in.png");
            }),
      paths("output without extension", {"-i", "in.png", "-o", "a"}, refused, "a: give an extension or --format"),
      paths("output of an unknown format", {"-i", "in.png", "-o", "a.webp"}, refused,
            "cannot write format \"webp\" here"),
      paths("output is a BMP", {"-i", "in.png", "-o", "a.bmp"}, refused, "(exr, hdr, pfm, jpg, png"),
      paths("an exposure for an Ultra HDR JPEG", {"-i", "in.png", "-o", "a.jpg", "--exposure", "1"}, refused,
            "--exposure: Ultra HDR JPEG shows the photograph as it is"),
      paths("an exposure for a PQ PNG", {"-i", "in.png", "-o", "a.png", "--exposure", "1"}, refused,
            "--exposure: PQ PNG shows the photograph as it is; --white-nits sets its brightness"),
      paths("a peak below white", {"-i", "in.png", "-o", "a.png", "--white-nits", "400", "--peak-nits", "400"}, refused,
            "--peak-nits 400: not above --white-nits 400"),
      paths("primaries for a PFM", {"-i", "in.png", "-o", "a.pfm", "--primaries", "p3"}, refused,
            "--primaries: does not apply to PFM (to OpenEXR, Radiance HDR)"),
      paths("32-bit floats for a .hdr", {"-i", "in.png", "-o", "a.hdr", "--exr", "float"}, refused,
            "--exr: does not apply to Radiance HDR (to OpenEXR)"),
      paths("compression for a PNG", {"-i", "in.png", "-o", "a.png", "--exr-compression", "zip"}, refused,
            "--exr-compression: does not apply to PQ PNG"),
      paths("a gain map for an EXR", {"-i", "in.png", "-o", "a.exr", "--gain-map", "half"}, refused,
            "--gain-map: does not apply to OpenEXR (to Ultra HDR JPEG)"),
      paths("a gain map for a PQ PNG", {"-i", "in.png", "-o", "a.png", "--gain-map", "half"}, refused,
            "--gain-map: does not apply to PQ PNG"),
      paths("a peak for a PFM", {"-i", "in.png", "-o", "a.pfm", "--peak-nits", "1000"}, refused,
            "--peak-nits: does not apply to PFM (to Ultra HDR JPEG, PQ PNG, AVIF)"),
      paths("a white for a folder of EXRs", {"-i", "in.png", "-o", "results/", "--white-nits", "203"}, refused,
            "--white-nits: does not apply to OpenEXR"),
      paths("gains a channel for a .hdr", {"-i", "in.png", "-o", "a.hdr", "--colour-gain-map"}, refused,
            "--colour-gain-map: does not apply to Radiance HDR"),
      paths("a quality for an EXR", {"-i", "in.png", "-o", "a.exr", "--quality", "95"}, refused,
            "--quality: does not apply to OpenEXR (to Ultra HDR JPEG, AVIF)"),
      paths("a quality for a PNG", {"-i", "in.png", "-o", "a.png", "--reverse", "--quality", "95"}, refused,
            "--quality: does not apply to PNG (to JPEG)"),
      paths("a depth for an Ultra HDR JPEG", {"-i", "in.png", "-o", "a.jpg", "--depth", "10"}, refused,
            "--depth: does not apply to Ultra HDR JPEG (to AVIF)"),
      paths("a peak backwards", {"-i", "in.png", "-o", "a.jpg", "--reverse", "--peak-nits", "1000"}, refused,
            "--peak-nits: does not apply to JPEG (to no format of this direction)"),
      paths("layers in an Ultra HDR JPEG", {"-i", "in.png", "-o", "a.jpg", "--layers", "mask"}, refused,
            "holds no layers"),
      paths("output is an EXR with --reverse", {"-i", "in.png", "-o", "a.exr", "--reverse"}, refused, "(png, jpg)"),
      paths("control characters in the output's name", {"-i", "in.png", "-o", "\x1b[2J\n.x\n"}, refused,
            "\\x1b[2J\\x0a.x\\x0a: cannot write format"),
      paths("output in a folder that is missing", {"-i", "in.png", "-o", "no/such/a.exr"}, io,
            "no/such: no such folder"),
      paths("output below a file", {"-i", "in.png", "-o", "in.png/a.exr"}, io, "in.png: no such folder"),
      paths("output folder below a file", {"-i", "in.png", "-o", "in.png/sub/"}, io, "cannot be made"),
      paths("output name of 256 bytes", {"-i", "in.png", "-o", longest + ".exr"}, io,
            "file name is too long (260 bytes, 255)"),
      paths("output where nothing can be written", {"-i", "in.png", "-o", "/proc/a.exr"}, io, "/proc"),
      paths("output is a device", {"-i", "in.png", "-o", "/dev/full", "-f", "exr"}, io,
            "/dev/full: cannot write (No space left"),
      paths("output is a pipe", {"-i", "in.png", "-o", "a.exr"}, io,
            "a.exr: cannot write (No such device or address); nothing reads",
            [](const fs::path& f) { mkfifo((f / "a.exr").c_str(), 0600); }),
  };
}

std::vector<BadCall> input_paths() {
  const ExitCode io = ExitCode::io, refused = ExitCode::usage;
  const std::string missing = ": no such file or folder";
  return {
      paths("no input", {"-o", "a.exr"}, refused, "no input: give files or folders with -i"),
      paths("no output", {"-i", "in.png"}, refused, "no output: give a file or a folder with -o"),
      paths("empty output", {"-i", "in.png", "-o", ""}, refused, "no output"),
      paths("input is missing", {"-i", "no.png", "-o", "a.exr"}, io, "no.png" + missing),
      paths("input name of 300 bytes", {"-i", std::string(300, 'n'), "-o", "a.exr"}, io, missing),
      paths("input below a file", {"-i", "in.png/x.png", "-o", "a.exr"}, io, missing),
      paths("control characters in a missing input", {"-i", "\x1b]0;x\a\n.png", "-o", "a.exr"}, io,
            "\\x1b]0;x\\x07\\x0a.png" + missing),
      paths("link to nowhere", {"-i", "x.png", "-o", "a.exr"}, io, "x.png" + missing,
            [](const fs::path& f) { fs::create_symlink("nowhere", f / "x.png"); }),
      paths("input is a window of the kernel", {"-i", "x.png", "-o", "a.exr"}, ExitCode::bad_image,
            "x.png: not a regular file", [](const fs::path& f) { fs::create_symlink("/proc/self/mem", f / "x.png"); }),
      paths("one of two inputs is missing", {"-i", "in.png", "no.png", "-o", "results"}, io, "no.png" + missing),
      paths("folder without pictures", {"-i", "model", "-o", "results"}, refused, "model: no pictures in this folder"),
      {"model is a file",
       {"-m", "in.png", "-i", "in.png", "-o", "a.exr"},
       ExitCode::usage,
       "in.png: not a model directory"},
      {"model without a name",
       {"-m", "", "-i", "in.png", "-o", "a.exr"},
       ExitCode::usage,
       "--model: no folder is named"},
  };
}

}  // namespace

std::vector<BadCall> bad_usage() {
  return {
      usage("unknown option", {"--bogus"}, "not expected: --bogus; see duhdr-infer --help"),
      usage("control characters in an option", {"--\x1b[2J\n"}, "--\\x1b[2J\\x0a"),
      usage("option without its value", {"--tile"}, "--tile"),
      usage("tile 31", {"--tile", "31"}, "--tile 31: not auto, none or 32..65536"),
      usage("tile with a unit", {"--tile", "64px"}, "--tile 64px"),
      usage("memory without a number", {"--max-memory", "G"}, "--max-memory G: not a size"),
      usage("memory 0", {"--max-memory", "0"}, "--max-memory 0: not a size"),
      usage("memory that overflows", {"--max-memory", "99999999999G"}, "not a size"),
      usage("unknown precision", {"--precision", "f16"}, "--precision: f16 not in {f32,mixed}"),
      usage("exposure NaN", {"--exposure", "nan"}, "--exposure"),
      usage("exposure infinite", {"--exposure", "inf"}, "--exposure inf: not a number (allowed: -32 to 32)"),
      usage("exposure 33", {"--exposure", "33"}, "--exposure 33: not a number (allowed: -32 to 32)"),
      usage("exposure as text", {"--exposure", "bright"}, "--exposure"),
      {"-1 threads", {"-j", "-1"}, ExitCode::usage, "--threads -1: not a whole number (allowed: 0 to 1024)"},
      {"10^6 threads",
       {"-j", "1000000"},
       ExitCode::usage,
       "--threads 1000000: not a whole number (allowed: 0 to 1024)"},
      {"1.5 threads", {"-j", "1.5"}, ExitCode::usage, "--threads 1.5: not a whole number"},
      usage("report of the way back", {"--reverse", "--report", "page"}, "--report excludes --reverse"),
      usage("report without a folder", {"--report", ""}, "--report: no folder is named"),
      usage("unknown --if-exists", {"--if-exists", "ask"}, "--if-exists: ask not in {skip,overwrite,fail}"),
      usage("number for --if-exists", {"--if-exists", "3"}, "--if-exists: 3 not in {skip,overwrite,fail}"),
      usage("0 pixels", {"--max-pixels", "0"}, "--max-pixels"),
      usage("part -1", {"--part", "-1"}, "--part -1: not a whole number (allowed: 0 to 65535)"),
      usage("unknown format", {"-f", "tiff"}, "cannot write format \"tiff\" here (exr, hdr, pfm, jpg, png"),
      usage("unknown primaries", {"--primaries", "rec709"}, "--primaries: rec709 not in {bt709,p3,bt2020,acescg}"),
      usage("unknown compression", {"--exr-compression", "dwa"}, "--exr-compression: dwa not in {none,rle,"),
      usage("EXR of doubles", {"--exr", "double"}, "--exr: double not in {half,float}"),
      usage("an AVIF of 8 bits", {"--depth", "8"}, "--depth: 8 not in {10,12}"),
      usage("control characters in a format", {"-f", "\x1b\n"}, "cannot write format \"\\x1b\\x0a\" here"),
      usage("option twice", {"-t", "64", "-t", "128"}, "--tile"),
      usage("size to describe that is none", {"--describe", "--size", "10x"}, "--size 10x: not N or WIDTHxHEIGHT"),
      by_method("unknown method", {"--method", "masai-2009"}, "no method \"masai-2009\"; did you mean masia-2009"),
      by_method("beginning of a method", {"--method", "huo"}, "did you mean huo-2013, huo-2014"),
      by_method("control characters in a method", {"--method", "\x1b\n"}, "no method \"\\x1b\\x0a\"; there are srgb, "),
      by_method("method without a name", {"--method", ""}, "no method \"\"; there are srgb, "),
      by_method("method and model", {"--method", "srgb", "-m", "model"}, "--model excludes --method"),
      {"method for a PQ PNG",
       {"--method", "srgb", "-i", "in.png", "-o", "out.png"},
       ExitCode::usage,
       "--method srgb: PQ PNG needs a model"},
      by_method("method backwards", {"--method", "srgb", "--reverse"}, "--method excludes --reverse"),
      by_method("method with a precision", {"--method", "srgb", "--precision", "f32"}, "--method excludes --precision"),
      by_method("method by tiles", {"--method", "srgb", "--tile", "64"}, "--method excludes --tile"),
      by_method("method to describe", {"--method", "srgb", "--describe"}, "--method excludes --describe"),
      by_method("method on a GPU", {"--method", "srgb", "-d", "cuda"}, "--device cuda: --method runs on the CPU"),
      {"memory below what a method needs",
       {"--method", "srgb", "-i", "in.png", "-o", "out.exr", "--max-memory", "1K"},
       ExitCode::out_of_memory,
       "in.png: out of memory on cpu"},
      {"unknown device",
       {"-m", "model", "-i", "in.png", "-o", "out.exr", "-d", "tpu"},
       ExitCode::usage,
       "--device tpu: unknown device (auto, cpu, cuda or cuda:N)"},
      {"device number that is none",
       {"-m", "model", "-i", "in.png", "-o", "out.exr", "-d", "cuda:-1"},
       ExitCode::usage,
       "--device cuda:-1: unknown device"},
      {"CUDA without a GPU",
       {"-m", "model", "-i", "in.png", "-o", "out.exr", "-d", "cuda"},
       ExitCode::device,
       "--device cuda: "},
      {"GPU 7 without a GPU",
       {"-m", "model", "-i", "in.png", "-o", "out.exr", "-d", "cuda:7"},
       ExitCode::device,
       "; use --device cpu"},
      {"memory below what any tile needs", call("in.png", "out.exr", {"--max-memory", "1K"}), ExitCode::out_of_memory,
       "in.png: out of memory on cpu"},
      experiment("eval: experiment without a folder", {"table3"}, "--out is required"),
      experiment("eval: experiment without a set", {"figure6", "-o", "out"}, "name one or more with --set"),
      experiment("eval: unknown budget", {"table4", "-o", "out", "--budget", "tiny"},
                 "--budget tiny: not one of smoke, short, full, or a number of steps"),
      experiment("eval: two experiments", {"table2", "-o", "out", "table3"}, "table3"),
      experiment("eval: experiment with a method", {"-m", "model", "table3", "-o", "out"},
                 "--method: does not belong to table3"),
      experiment("eval: experiment with an unknown metric", {"table3", "-o", "out", "--metrics", "vdp"},
                 "metric vdp is unknown"),
      {"train: no folder", {}, ExitCode::usage, "--init-only", {}, "duhdr-train"},
      {"train: a model rounded onto itself",
       {"--to-half", "model", "model/."},
       ExitCode::usage,
       "model/.: is the model to read",
       {},
       "duhdr-train"},
      {"train: no model to round",
       {"--to-half", "none", "half"},
       ExitCode::bad_weights,
       "none: no such model directory",
       {},
       "duhdr-train"},
      {"train: unknown trunk",
       {"--init-only", "m", "--trunk", "vgg"},
       ExitCode::usage,
       "--trunk: vgg not in {resnet18,crfnet}",
       {},
       "duhdr-train"},
      {"train: number for --down",
       {"--init-only", "m", "--down", "1"},
       ExitCode::usage,
       "--down: 1 not in",
       {},
       "duhdr-train"},
      {"train: seed 2^63",
       {"--init-only", "m", "--seed", "9223372036854775808"},
       ExitCode::usage,
       "--seed 9223372036854775808: not a whole number (allowed: at least 0)",
       {},
       "duhdr-train"},
      {"train: hours NaN", {"--max-hours", "nan"}, ExitCode::usage, "--max-hours nan: not a number", {}, "duhdr-train"},
      {"train: 10^400 hours",
       {"--max-hours", "1e400"},
       ExitCode::usage,
       "(allowed: 1e-06 to 1e+06)",
       {},
       "duhdr-train"},
      {"data: signal noise NaN",
       pairs({"--signal-noise", "nan"}),
       ExitCode::usage,
       "--signal-noise nan",
       {},
       "duhdr-data"},
      {"data: constant noise NaN",
       pairs({"--constant-noise", "nan"}),
       ExitCode::usage,
       "--constant-noise nan",
       {},
       "duhdr-data"},
      {"data: share NaN",
       pairs({"--validation-share", "nan"}),
       ExitCode::usage,
       "--validation-share nan",
       {},
       "duhdr-data"},
      {"data: seed 2^64",
       pairs({"--seed", "18446744073709551616"}),
       ExitCode::usage,
       "--seed 18446744073709551616: not a whole number",
       {},
       "duhdr-data"},
      {"train: seed as text", {"--init-only", "m", "--seed", "x"}, ExitCode::usage, "--seed", {}, "duhdr-train"},
      {"train: seed -1", {"--init-only", "m", "--seed", "-1"}, ExitCode::usage, "--seed", {}, "duhdr-train"},
  };
}

std::vector<BadCall> bad_paths() {
  std::vector<BadCall> all = output_paths();
  for (const BadCall& one : input_paths()) all.push_back(one);
  return all;
}

}  // namespace duhdr::cli
