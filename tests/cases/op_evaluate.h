// SPDX-License-Identifier: Apache-2.0
// One run of an op case, forward and back, and the measure by which two runs are compared.
#pragma once

#include <gtest/gtest.h>
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <limits>
#include <ostream>

#include "tests/cases/op_cases.h"
#include "tests/golden/fill.h"

namespace duhdr::test {

inline void PrintTo(const OpCase& op_case, std::ostream* out) { *out << op_case.name(); }

/// "op/variant" as a test name: letters, digits and underscores.
inline std::string test_name(const OpCase& op_case) {
  std::string name = op_case.op + "__" + op_case.variant;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
}

/// The gradient g of loss = sum(out * g): fixed draws, in the type and on the device of `like`.
inline Tensor output_gradient(const OpCase& op_case, const Tensor& like) {
  Tensor g(like.shape(), DType::f32);
  golden::fill(op_case.name() + "/grad_out", {-1, 1}, {g.mutable_data<float>(), static_cast<std::size_t>(g.numel())});
  return g.to(like.dtype()).to(like.device());
}

/// Everything a run gives, on the CPU; the gradient of a constant input is undefined.
struct OpResult {
  Tensor out;
  std::vector<Tensor> gradients;
};

inline OpResult evaluate(const OpCase& op_case, const std::vector<Variable>& inputs, DType gradient_type) {
  const Variable out = op_case.run(inputs);
  OpResult result{out.value().to(Device::cpu()), {}};
  if (out.requires_grad()) out.backward(output_gradient(op_case, out.value()).to(gradient_type).to(out.dtype()));
  for (const Variable& input : inputs)
    result.gradients.push_back(input.grad().defined() ? input.grad().to(Device::cpu()) : Tensor());
  return result;
}

inline OpResult evaluate(const OpCase& op_case, const std::vector<Variable>& inputs) {
  return evaluate(op_case, inputs, DType::f32);
}

/// sum((value - reference)^2) / sum(reference^2); 0 when both are all zero, infinite where something is not finite.
inline double normalised_square_error(const Tensor& value, const Tensor& reference) {
  const std::vector<double> a = value.to(DType::f64).to_vector<double>();
  const std::vector<double> b = reference.to(DType::f64).to_vector<double>();
  if (value.shape() != reference.shape()) return std::numeric_limits<double>::infinity();
  double error = 0, square = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    error += (a[i] - b[i]) * (a[i] - b[i]);
    square += b[i] * b[i];
  }
  if (error == 0) return 0;
  return std::isfinite(error) && square > 0 ? error / square : std::numeric_limits<double>::infinity();
}

/// The largest |value - reference| over the largest |reference|; 0 when all are equal, infinite where something is not
/// finite or the shapes differ.
inline double largest_element_error(const Tensor& value, const Tensor& reference) {
  if (value.shape() != reference.shape()) return std::numeric_limits<double>::infinity();
  const std::vector<double> a = value.to(DType::f64).to_vector<double>();
  const std::vector<double> b = reference.to(DType::f64).to_vector<double>();
  double error = 0, largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) return std::numeric_limits<double>::infinity();
    error = std::max(error, std::abs(a[i] - b[i]));
    largest = std::max(largest, std::abs(b[i]));
  }
  if (error == 0) return 0;
  return largest > 0 ? error / largest : std::numeric_limits<double>::infinity();
}

inline void expect_close(const Tensor& value, const Tensor& reference, const Tolerance& limit,
                         const std::string& what) {
  EXPECT_LE(normalised_square_error(value, reference), limit.mean_square) << what;
  EXPECT_LE(largest_element_error(value, reference), limit.element) << what << ", its worst element";
}

inline void expect_close(const OpResult& value, const OpResult& reference, const Tolerance& limit) {
  expect_close(value.out, reference.out, limit, "output");
  for (std::size_t k = 0; k < reference.gradients.size(); ++k)
    if (reference.gradients[k].defined())
      expect_close(value.gradients[k], reference.gradients[k], limit, message("gradient ", k));
}

/// A call that breaks an op's conditions is our mistake (internal), and the message names this condition, not another.
inline void expect_refused(const std::function<void()>& call, const std::string& says, const std::string& name) {
  try {
    call();
    ADD_FAILURE() << name << " is not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::internal) << name;
    EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << name << ": " << error.what();
  }
}

inline void expect_same_bits(const OpResult& value, const OpResult& reference) {
  EXPECT_EQ(std::memcmp(value.out.raw(), reference.out.raw(), reference.out.bytes()), 0) << "output";
  for (std::size_t k = 0; k < reference.gradients.size(); ++k) {
    const Tensor &a = value.gradients[k], &b = reference.gradients[k];
    if (!b.defined()) continue;
    EXPECT_EQ(std::memcmp(a.raw(), b.raw(), b.bytes()), 0) << "gradient " << k;
  }
}

}  // namespace duhdr::test
