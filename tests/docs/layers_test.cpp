// SPDX-License-Identifier: Apache-2.0
// docs/structure.md against the tree: what a folder includes and links stands below it, and what the document names is
// there.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace duhdr {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;
using Edges = std::map<std::string, Names>;
using Texts = std::map<std::string, std::string>;  // of files, by their path from the root

const fs::path root(DUHDR_SOURCE_DIR);

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// The block of lines `folder -> folder, folder` in the document's section "Layers"; folders that stand on nothing
/// have no arrow.
Edges layers_of(const std::string& document) {
  static const std::regex form("([a-z/]+)(?: +-> +([a-z/, ]+))?"), name("[a-z/]+");
  Edges edges;
  bool in_section = false, in_block = false;
  for (const std::string& line : lines_of(document)) {
    if (line.starts_with("## ")) in_section = line == "## Layers";
    if (line.starts_with("```")) {
      in_block = in_section && !in_block;
      continue;
    }
    if (!in_block) continue;
    std::smatch match;
    if (!std::regex_match(line, match, form)) throw std::runtime_error("not a line of layers: " + line);
    const std::string below = match[2];
    const auto [entry, is_new] = edges.try_emplace(match[1]);
    if (!is_new) throw std::runtime_error("twice among the layers: " + line);
    for (std::sregex_iterator found(below.begin(), below.end(), name), end; found != end; ++found)
      entry->second.insert(found->str());
  }
  return edges;
}

/// Everything that `folder` stands on, over any number of steps.
Names below(const Edges& edges, const std::string& folder) {
  Names reached;
  std::vector<std::string> next{folder};
  while (!next.empty()) {
    const auto entry = edges.find(next.back());
    next.pop_back();
    if (entry == edges.end()) continue;
    for (const std::string& name : entry->second)
      if (reached.insert(name).second) next.push_back(name);
  }
  return reached;
}

/// What is wrong with the layers themselves.
Names faults_of(const Edges& edges) {
  Names faults;
  for (const auto& [folder, direct] : edges) {
    if (below(edges, folder).contains(folder)) faults.insert(folder + " stands on itself");
    for (const std::string& name : direct)
      if (!edges.contains(name)) faults.insert(folder + " stands on " + name + ", which has no line");
  }
  return faults;
}

/// The layer of a path: the longest folder with a line; empty when there is none.
std::string layer_of(const Edges& edges, const std::string& path) {
  for (std::size_t end = path.rfind('/'); end != std::string::npos && end > 0; end = path.rfind('/', end - 1))
    if (const std::string folder = path.substr(0, end); edges.contains(folder)) return folder;
  return {};
}

/// The folder of a family of models, "models/duhdr/"; empty outside of them.
std::string family_of(const std::string& path) {
  static const std::regex form("(models/[^/]+/).+");
  std::smatch match;
  return std::regex_match(path, match, form) ? match[1].str() : std::string();
}

/// Every include that the layers do not allow: "file:line: includes X, which is not below Y".
std::vector<std::string> offenders(const Edges& edges, const Texts& sources) {
  static const std::regex form(R"re(\s*#\s*include\s*(["<])([^">]+)[">].*)re");
  std::vector<std::string> found;
  for (const auto& [path, text] : sources) {
    const std::string layer = layer_of(edges, path);
    if (layer.empty()) found.push_back(path + ":1: is in a folder without a layer");
    const Names allowed = below(edges, layer);
    std::size_t number = 0;
    for (const std::string& line : lines_of(text)) {
      ++number;
      std::smatch match;
      if (!std::regex_match(line, match, form)) continue;
      const std::string included = match[2], other = layer_of(edges, included);
      if (other.empty() && match[1] == "<") continue;  // of a library
      const bool is_allowed = !other.empty() && (other == layer || allowed.contains(other));
      const std::string family = family_of(path), other_family = family_of(included);
      const bool is_sibling = !family.empty() && !other_family.empty() && family != other_family;
      if (is_allowed && !is_sibling) continue;
      found.push_back(path + ':' + std::to_string(number) + ": includes " + included + ", which is not below " +
                      (is_sibling ? family.substr(0, family.size() - 1) : layer));
    }
  }
  return found;
}

/// The sources of the tree; folders that begin with a dot and those of builds are none of it.
Texts sources() {
  static const Names extensions{".h", ".cpp", ".cu", ".cuh"};
  Texts texts;
  for (const fs::directory_entry& folder : fs::directory_iterator(root)) {
    const std::string name = folder.path().filename().string();
    if (!folder.is_directory() || name.starts_with('.') || name.starts_with("build")) continue;
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(folder))
      if (extensions.contains(file.path().extension().string()))
        texts.emplace(file.path().lexically_relative(root).generic_string(), text_of(file.path()));
  }
  return texts;
}

/// `duhdr_library(folder DEPENDS ...)` of the top CMakeLists.txt: the folders among what a folder links.
Edges linked(const std::string& cmake, const Edges& layers) {
  static const std::regex form(R"(duhdr_library\((\w+)(?:\s+DEPENDS\s+([^)]*))?\))");
  Edges edges;
  for (std::sregex_iterator call(cmake.begin(), cmake.end(), form), end; call != end; ++call) {
    Names& names = edges[(*call)[1]];
    std::istringstream list((*call)[2]);
    for (std::string name; list >> name;)
      if (layers.contains(name)) names.insert(name);
  }
  return edges;
}

std::string joined(const auto& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n" + line;
  return text;
}

class Layers : public ::testing::Test {
 protected:
  const std::string document_ = text_of(root / "docs" / "structure.md");
  const Edges layers_ = layers_of(document_);
};

TEST_F(Layers, HaveNoCycles) {
  EXPECT_GE(layers_.size(), 12u);
  EXPECT_EQ(joined(faults_of(layers_)), "");
}

TEST_F(Layers, ContainEveryInclude) {
  const Texts tree = sources();
  Names seen;
  for (const auto& [path, text] : tree) seen.insert(layer_of(layers_, path));
  for (const auto& [folder, direct] : layers_) EXPECT_TRUE(seen.contains(folder)) << folder << " holds no source";
  EXPECT_EQ(joined(offenders(layers_, tree)), "");
}

TEST_F(Layers, AreWhatIsLinked) {
  const Edges links = linked(text_of(root / "CMakeLists.txt"), layers_);
  EXPECT_GE(links.size(), 11u);
  for (const auto& [folder, direct] : links) EXPECT_EQ(below(links, folder), below(layers_, folder)) << folder;
}

TEST_F(Layers, FindAPlantedInclude) {
  const auto found = [&](const std::string& path, const std::string& text) {
    return joined(offenders(layers_, {{path, text}}));
  };
  EXPECT_EQ(found("kernels/conv/x.cu", "// a comment\n#include <cmath>\n#include \"layers/module.h\"\n"),
            "\nkernels/conv/x.cu:3: includes layers/module.h, which is not below kernels");
  EXPECT_EQ(found("image/x.h", "#pragma once\n  # include <autograd/variable.h>  // angle brackets, too\n"),
            "\nimage/x.h:2: includes autograd/variable.h, which is not below image");
  EXPECT_EQ(found("train/x.cpp", "#include \"tests/support/train_files.h\"\n#include \"apps/program.h\"\n"),
            "\ntrain/x.cpp:1: includes tests/support/train_files.h, which is not below train"
            "\ntrain/x.cpp:2: includes apps/program.h, which is not below train");
  EXPECT_EQ(found("bench/x.cpp", "#include \"apps/program.h\"\n#include \"tests/cases/op_cases.h\"\n"),
            "\nbench/x.cpp:1: includes apps/program.h, which is not below bench");
  EXPECT_EQ(found("infer/x.cpp", "#include \"tiles.h\"\n#include \"../train/run.h\"\n"),
            "\ninfer/x.cpp:1: includes tiles.h, which is not below infer"
            "\ninfer/x.cpp:2: includes ../train/run.h, which is not below infer");
  EXPECT_EQ(found("new/x.cpp", ""), "\nnew/x.cpp:1: is in a folder without a layer");
}

TEST_F(Layers, KeepFamiliesOfModelsApart) {
  const std::string duhdr = "#include \"models/duhdr/unet.h\"\n#include \"models/model.h\"\n";
  EXPECT_EQ(joined(offenders(layers_, {{"models/expandnet/x.cpp", duhdr}})),
            "\nmodels/expandnet/x.cpp:1: includes models/duhdr/unet.h, which is not below models/expandnet");
  EXPECT_EQ(joined(offenders(layers_, {{"models/duhdr/x.cpp", duhdr}, {"models/registry.cpp", duhdr}})), "");
}

TEST(LayersTable, MayHaveFaults) {
  const std::string head = "# A\n```\nnot -> these\n```\n## Layers\n\n```\n";
  const Edges good = layers_of(head + "base\nimage -> base\napps/x -> image, base\n```\n## B\n```\nc -> d\n```\n");
  EXPECT_EQ(good, (Edges{{"base", {}}, {"image", {"base"}}, {"apps/x", {"image", "base"}}}));
  EXPECT_EQ(faults_of(good), Names{});
  EXPECT_EQ(below(good, "apps/x"), (Names{"base", "image"}));
  EXPECT_EQ(faults_of(layers_of(head + "a -> b\nb -> c\nc -> a\nd -> a\n```\n")),
            (Names{"a stands on itself", "b stands on itself", "c stands on itself"}));
  EXPECT_EQ(faults_of(layers_of(head + "a -> b\n```\n")), Names{"a stands on b, which has no line"});
  EXPECT_THROW(layers_of(head + "a\na -> b\nb\n```\n"), std::runtime_error);
  EXPECT_THROW(layers_of(head + "a => b\n```\n"), std::runtime_error);
}

/// Paths in `...` of a document that begin with a folder of the tree and lead nowhere; `*` stands for any characters of
/// a name.
std::vector<std::string> missing(const std::string& document) {
  static const std::regex form("`([A-Za-z0-9_.-]+)/([A-Za-z0-9_./*-]*)`"), dot("[.]"), star("[*]");
  std::vector<std::string> found;
  for (std::sregex_iterator path(document.begin(), document.end(), form), end; path != end; ++path) {
    const fs::path top = root / path->str(1), rest = path->str(2);
    if (!fs::is_directory(top) || path->str(1).starts_with("build")) continue;
    const fs::path folder = rest.has_filename() ? (top / rest).parent_path() : top / rest;
    const std::regex name(std::regex_replace(std::regex_replace(rest.filename().string(), dot, "[.]"), star, ".*"));
    const auto is_meant = [&](const fs::directory_entry& entry) {
      return !rest.has_filename() || std::regex_match(entry.path().filename().string(), name);
    };
    if (!fs::is_directory(folder) || std::none_of(fs::directory_iterator(folder), {}, is_meant))
      found.push_back(path->str(1) + '/' + path->str(2));
  }
  return found;
}

TEST(Documents, NameWhatIsThere) {
  std::vector<fs::path> documents{root / "README.md", root / "docs" / "structure.md"};
  for (const fs::directory_entry& page : fs::directory_iterator(root / "docs" / "adr"))
    documents.push_back(page.path());
  EXPECT_GE(documents.size(), 9u);
  for (const fs::path& document : documents) EXPECT_EQ(joined(missing(text_of(document))), "") << document;
  EXPECT_EQ(joined(missing("`base/`, `base/error.*`, `kernels/conv/*.cpp`, `nowhere/else.h`, `docs/adr`")), "");
  EXPECT_EQ(joined(missing("`base/errors.h` `bases/` `gone/` `base/gone/` `base/gone/x.h` `image/*_gone.cpp`")),
            "\nbase/errors.h\nbase/gone/\nbase/gone/x.h\nimage/*_gone.cpp");
}

}  // namespace
}  // namespace duhdr
