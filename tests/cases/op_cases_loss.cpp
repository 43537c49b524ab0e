// SPDX-License-Identifier: Apache-2.0
#include "kernels/loss.h"
#include "tests/cases/op_cases.h"

namespace duhdr::test {

std::vector<OpCase> loss_cases() {
  using V = std::vector<Variable>;
  const Shape s{2, 5, 3, 3}, large{3, 19, 17, 4}, one{1, 1, 1, 1};
  const Shape large_image{3, 1, 1, 1}, large_pixel{3, 19, 17, 1};
  const std::vector<Shape> big{Shape{2, 512, 512, 3}, Shape{2, 512, 512, 3}};
  const auto weights = [](const V& v) {
    LossWeights w;
    if (v.size() > 2) w.image = v[2].value().to(DType::f32);
    if (v.size() > 3) w.pixel = v[3].value();
    return w;
  };
  const auto square = [=](const V& v) { return squared_error(v[0], v[1], weights(v)); };
  const auto logs = [=](const V& v) { return squared_log_error(v[0], v[1], 1.0 / 255, weights(v)); };
  const auto mu = [=](const V& v) { return mu_law_error(v[0], v[1], 10, weights(v)); };
  const auto absolute = [=](const V& v) { return absolute_error(v[0], v[1], weights(v)); };
  const auto cosine = [=](const V& v) { return cosine_error(v[0], v[1], weights(v)); };
  const OpInput image{large_image, 0.2, 1, false}, pixel{large_pixel, 0, 1, false};
  return {
      OpCase{"squared_error", "plain", {{s}, {s}}, square}.benched(big),
      {"squared_error", "weighted", {{large}, {large}, image, pixel}, square},
      {"squared_error", "constant_target", {{large}, {large, -1, 1, false}, image}, square},
      {"squared_error", "one", {{one}, {one}}, square},
      {"absolute_error", "plain", {{s}, {s}}, absolute},
      {"absolute_error", "weighted", {{large}, {large}, image, pixel}, absolute},
      OpCase{"squared_log_error", "plain", {{s, 0, 2}, {s, 0, 2}}, logs}.benched(big),
      {"squared_log_error", "weighted", {{large, 0, 2}, {large, 0, 2}, image, pixel}, logs},
      OpCase{"mu_law_error", "plain", {{s, 0, 2}, {s, 0, 2}}, mu}.benched(big),
      {"mu_law_error", "weighted", {{large, 0, 2}, {large, 0, 2}, image, pixel}, mu},
      OpCase{"cosine_error", "plain", {{s}, {s}}, cosine}.benched(big),
      {"cosine_error", "weighted", {{large}, {large}, image, pixel}, cosine},
      {"cosine_error", "positive", {{large, 0.01, 1}, {large, 0, 2, false}, image}, cosine},
      {"cosine_error", "black_target", {{s, 0.1, 1}, {s, 0, 0, false}}, cosine},
      {"cosine_error", "c2", {{Shape{1, 1, 1, 2}}, {Shape{1, 1, 1, 2}}}, cosine},
  };
}

}  // namespace duhdr::test
