// SPDX-License-Identifier: Apache-2.0
#include "apps/named_method.h"

#include <cstdio>

#include "apps/program.h"
#include "data/curve_basis.h"
#include "infer/operator_method.h"

namespace duhdr {

std::unique_ptr<Method> named_method(const std::string& name, std::size_t max_memory) {
  const InverseOperator& row = inverse_operator(name);
  Tensor response;
  if (row.needs_response)
    response = read_emor(resource("curves/inverse.txt"), CurveDirection::inverse).mean.to(DType::f32);
  return std::make_unique<OperatorMethod>(row, response, max_memory);
}

void print_methods() {
  for (const InverseOperator& row : inverse_operators())
    std::printf("%-24s %s (%s)\n", std::string(row.name).c_str(), std::string(row.title).c_str(),
                std::string(row.source).c_str());
}

}  // namespace duhdr
