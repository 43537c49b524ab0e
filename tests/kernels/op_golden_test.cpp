// SPDX-License-Identifier: Apache-2.0
// Every row of the op case table against the golden values of tests/golden/make_ops.py, in double and in float. A row
// without a golden file fails. `op_golden_test --list-cases` prints the table as JSON, from which make_ops.py works.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "tensor/safetensors.h"
#include "tests/cases/op_cases_conv_layers.h"
#include "tests/cases/op_evaluate.h"

namespace duhdr::test {
namespace {

std::filesystem::path golden_folder() { return std::filesystem::path(DUHDR_TEST_DATA) / "golden" / "data" / "ops"; }
std::string golden_name(const OpCase& op_case) { return op_case.op + "__" + op_case.variant + ".safetensors"; }

class OpGolden : public testing::TestWithParam<OpCase> {
 protected:
  static void expect_golden(DType dtype, const Tolerance& limit) {
    const TensorFile golden = read_safetensors(golden_folder() / golden_name(GetParam()));
    const std::vector<Variable> inputs = make_inputs(GetParam(), dtype);
    OpResult expected{golden.tensors.at("out"), {}};
    for (std::size_t k = 0; k < inputs.size(); ++k)
      expected.gradients.push_back(inputs[k].requires_grad() ? golden.tensors.at("grad/" + std::to_string(k))
                                                             : Tensor());
    expect_close(evaluate(GetParam(), inputs), expected, limit);
  }
};
INSTANTIATE_TEST_SUITE_P(Table, OpGolden, testing::ValuesIn(all_op_cases()),
                         [](const testing::TestParamInfo<OpCase>& row) { return test_name(row.param); });

// The files are rounded to float32: 2^-24 of an element.
TEST_P(OpGolden, AgreesInDouble) { expect_golden(DType::f64, {1e-12, 1e-7}); }

TEST_P(OpGolden, AgreesInFloat) { expect_golden(DType::f32, {1e-10, GetParam().float_element}); }

TEST(OpGoldenFiles, AreThoseOfTheTable) {
  std::set<std::string> rows, files;
  for (const OpCase& op_case : all_op_cases()) rows.insert(golden_name(op_case));
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder()))
    files.insert(entry.path().filename().string());
  EXPECT_EQ(files, rows);
}

nlohmann::json json_of(const Shape& shape) {
  nlohmann::json extents = nlohmann::json::array();
  for (int axis = 0; axis < shape.rank(); ++axis) extents.push_back(shape[axis]);
  return extents;
}

nlohmann::json json_of(const ConvLayer& layer) {
  return {{"stride", layer.desc.stride},
          {"dilation", layer.desc.dilation},
          {"depthwise", layer.desc.depthwise},
          {"features", layer.desc.features},
          {"upsample", layer.desc.upsample},
          {"transposed", layer.desc.transposed},
          {"activation", name_of(layer.desc.activation)},
          {"bias", layer.bias},
          {"residual", layer.residual},
          {"skip", layer.skip > 0}};
}

void list_cases() {
  std::map<std::string, nlohmann::json> conv_options;
  for (const ConvLayer& layer : small_layers()) conv_options.emplace(layer.name, json_of(layer));
  nlohmann::json table = nlohmann::json::array();
  for (const OpCase& op_case : all_op_cases()) {
    nlohmann::json row{{"op", op_case.op}, {"variant", op_case.variant}, {"inputs", nlohmann::json::array()}};
    for (const OpInput& input : op_case.inputs)
      row["inputs"].push_back({{"shape", json_of(input.shape)},
                               {"range", nlohmann::json::array({input.lo, input.hi})},
                               {"differentiable", input.differentiable}});
    if (op_case.op == "conv2d") row["options"] = conv_options.at(op_case.variant);
    table.push_back(std::move(row));
  }
  std::printf("%s\n", table.dump(1).c_str());
}

}  // namespace
}  // namespace duhdr::test

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--list-cases") {
    duhdr::test::list_cases();
    return 0;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
