// SPDX-License-Identifier: Apache-2.0
#include "eval/row_store.h"

#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "base/file.h"
#include "eval/report_table.h"
#include "tensor/safetensors.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

constexpr const char* row_key = "row";

std::vector<std::pair<std::string, Tensor Row::*>> pictures() {
  return {{"photograph", &Row::photograph},
          {"reference", &Row::reference},
          {"estimate", &Row::estimate},
          {"error", &Row::error},
          {"visibility", &Row::visibility}};
}

/// Numbers as text: JSON has none for the infinite PSNR of equal pictures.
nlohmann::json to_json(const PairResult& result) {
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : result.values) values[name] = shortest(value);
  return {{"pair", result.pair}, {"refusal", result.refusal}, {"values", values}, {"warnings", result.warnings}};
}

PairResult from_json(const nlohmann::json& json) {
  PairResult result{
      .pair = json.at("pair"), .refusal = json.at("refusal"), .values = {}, .warnings = json.at("warnings")};
  for (const auto& [name, text] : json.at("values").get<std::map<std::string, std::string>>())
    result.values[name] = std::stod(text);
  return result;
}

}  // namespace

RowStore::RowStore(fs::path folder) : folder_(std::move(folder)) {
  if (folder_.empty()) return;
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw Error(ExitCode::io, message(shown(folder_), ": cannot make the folder (", error.message(), ")"));
}

fs::path RowStore::file_of(const std::string& key) const { return folder_ / (key + ".safetensors"); }

std::optional<Row> RowStore::find(const std::string& key) const {
  std::error_code ignored;
  if (folder_.empty() || !fs::exists(file_of(key), ignored)) return std::nullopt;
  try {
    TensorFile file = read_safetensors(file_of(key));
    Row row;
    row.result = from_json(nlohmann::json::parse(file.metadata.at(row_key)));
    for (const auto& [name, member] : pictures())
      if (const auto found = file.tensors.find(name); found != file.tensors.end()) row.*member = found->second;
    return row;
  } catch (const Error&) {
  } catch (const nlohmann::json::exception&) {
  } catch (const std::logic_error&) {  // no such entry, no number
  }
  return std::nullopt;  // not a row: made anew
}

void RowStore::keep(const std::string& key, const Row& row) const {
  if (folder_.empty()) return;
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, member] : pictures())
    if ((row.*member).defined()) tensors.emplace(name, row.*member);
  write_safetensors(file_of(key), tensors, {{row_key, to_json(row.result).dump()}});
}

}  // namespace duhdr
