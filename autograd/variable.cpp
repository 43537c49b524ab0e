// SPDX-License-Identifier: Apache-2.0
#include "autograd/variable.h"

#include <algorithm>
#include <unordered_set>

namespace duhdr {

namespace {
thread_local bool no_grad = false;
thread_local OpObserver* observer = nullptr;
}  // namespace

OpObserver::OpObserver() : outer_(observer) { observer = this; }
OpObserver::~OpObserver() { observer = outer_; }

NoGrad::NoGrad() : before_(no_grad) { no_grad = true; }
NoGrad::~NoGrad() { no_grad = before_; }
bool NoGrad::active() { return no_grad; }

struct Variable::Node {
  Tensor value;
  Tensor grad;
  bool requires_grad = false;
  std::vector<std::shared_ptr<Node>> inputs;
  Backward backward;  // empty in a leaf

  bool is_leaf() const { return !backward; }

  void add_grad(Tensor gradient) {
    DUHDR_CHECK(gradient.shape() == value.shape(), "gradient of shape ", gradient.shape(), " for a value of shape ",
                value.shape());
    if (!grad.defined())
      grad = std::move(gradient);  // may be shared with a sibling: it is copied before it is added to
    else {
      if (!owns_grad) grad = grad.clone();
      accumulate(grad, gradient);
      owns_grad = true;
    }
  }
  bool owns_grad = false;

  ~Node() {  // a long history is released by a loop, not by recursion
    std::vector<std::shared_ptr<Node>> pending = std::move(inputs);
    while (!pending.empty()) {
      const std::shared_ptr<Node> node = std::move(pending.back());
      pending.pop_back();
      if (node && node.use_count() == 1)
        std::move(node->inputs.begin(), node->inputs.end(), std::back_inserter(pending));
      if (node && node.use_count() == 1) node->inputs.clear();
    }
  }
};

Variable::Variable(Tensor value, bool requires_grad) : node_(std::make_shared<Node>()) {
  node_->value = std::move(value);
  node_->requires_grad = requires_grad;
}

Variable Variable::of_op(Tensor value, std::vector<Variable> inputs, Backward backward) {
  Variable out(std::move(value));
  if (observer) observer->on_op(out, inputs);
  const auto needs = [](const Variable& input) { return input.defined() && input.requires_grad(); };
  if (no_grad || std::none_of(inputs.begin(), inputs.end(), needs)) return out;
  out.node_->requires_grad = true;
  out.node_->backward = std::move(backward);
  for (Variable& input : inputs) out.node_->inputs.push_back(std::move(input.node_));
  return out;
}

const Tensor& Variable::value() const {
  DUHDR_CHECK(defined(), "the variable is undefined");
  return node_->value;
}

void Variable::set_value(Tensor value) {
  DUHDR_CHECK(defined() && node_->is_leaf() && value.shape() == shape(), "set_value needs a leaf of shape ",
              value.shape());
  node_->value = std::move(value);
}

const Tensor& Variable::grad() const {
  DUHDR_CHECK(defined(), "the variable is undefined");
  return node_->grad;
}

void Variable::zero_grad() {
  node_->grad = {};
  node_->owns_grad = false;
}

bool Variable::requires_grad() const { return defined() && node_->requires_grad; }

void Variable::set_requires_grad(bool requires_grad) {
  DUHDR_CHECK(defined() && node_->is_leaf(), "only a leaf can be told to need a gradient");
  node_->requires_grad = requires_grad;
}

Variable Variable::detach() const { return Variable(value()); }

void Variable::backward(Tensor seed) const {
  DUHDR_CHECK(requires_grad(), "backward() of a value that depends on nothing that needs a gradient");
  if (!seed.defined()) {
    DUHDR_CHECK(value().numel() == 1, "backward() without a seed needs one element, not ", shape());
    seed = Tensor::full(shape(), 1, dtype(), device());
  }
  // Depth-first post-order: every node after all of its inputs.
  std::vector<std::shared_ptr<Node>> order;
  std::unordered_set<Node*> seen{node_.get()};
  std::vector<std::pair<std::shared_ptr<Node>, std::size_t>> stack{{node_, 0}};
  while (!stack.empty()) {
    auto& [node, next] = stack.back();
    if (next == node->inputs.size()) {
      order.push_back(node);
      stack.pop_back();
      continue;
    }
    const std::shared_ptr<Node> input = node->inputs[next++];
    if (input && input->requires_grad && seen.insert(input.get()).second) stack.emplace_back(input, 0);
  }
  node_->add_grad(std::move(seed));
  while (!order.empty()) {
    const std::shared_ptr<Node> node = std::move(order.back());
    order.pop_back();
    if (node->is_leaf()) continue;
    if (node->grad.defined()) {
      std::vector<bool> wants;
      for (const auto& input : node->inputs) wants.push_back(input && input->requires_grad);
      std::vector<Tensor> gradients = node->backward(node->grad, wants);
      DUHDR_CHECK(gradients.size() == node->inputs.size(), "an op returned ", gradients.size(), " gradients for ",
                  node->inputs.size(), " inputs");
      for (std::size_t i = 0; i < gradients.size(); ++i)
        if (wants[i] && gradients[i].defined()) node->inputs[i]->add_grad(std::move(gradients[i]));
    }
    node->grad = {};
    node->backward = nullptr;
    node->inputs.clear();
    node->requires_grad = false;
  }
}

}  // namespace duhdr
