// SPDX-License-Identifier: Apache-2.0
#include "train/loss_terms.h"

#include "kernels/arithmetic.h"
#include "kernels/pointwise.h"

namespace duhdr {

Variable total(const LossTerms& terms) {
  Variable sum;
  for (const LossTerm& term : terms) {
    const Variable part = term.weight == 1 ? term.value : affine(term.value, term.weight, 0);
    sum = sum.defined() ? add(sum, part) : part;
  }
  return sum;
}

}  // namespace duhdr
