// SPDX-License-Identifier: Apache-2.0
// Convolutions on the CPU through oneDNN. Activations are NHWC in and out; weights are packed once into the layout the
// primitive prefers and kept beside the weight. A primitive is made once for each problem.
//
// The two ways back take Winograd's algorithm where oneDNN has it and it pays: fewer multiplications, and the
// activations laid out for it and back on every call. The way forward does not: its rounding error (about 1e-6 of the
// result) decides which side of a ReLU an element falls on, while a gradient only carries it along.
#include <dnnl.hpp>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "kernels/conv/backend.h"
#include "kernels/conv/onednn_faults.h"

namespace duhdr {
namespace {

using dnnl::memory;

dnnl::engine& engine() {
  static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::stream& stream() {
  thread_local dnnl::stream order(engine());
  return order;
}

memory::data_type type_of(DType dtype) {
  return dtype == DType::bf16 ? memory::data_type::bf16 : memory::data_type::f32;
}

memory view(const memory::desc& layout, const Tensor& tensor) {
  return memory(layout, engine(), const_cast<std::byte*>(tensor.raw()));  // inputs are only read
}

/// The layouts of a problem: activations and weights as they lie, and as they are offered to the primitive.
struct Layouts {
  dnnl::algorithm algorithm = dnnl::algorithm::convolution_direct;
  memory::desc x, y, bias, weight, any_x, any_y, any_weight;
  memory::dims strides, dilates, pad_before, pad_after;

  explicit Layouts(const ConvProblem& p, bool winograd = false) {
    const auto type = type_of(p.dtype);
    x = memory::desc({p.n, p.ci, p.h, p.w}, type, memory::format_tag::nhwc);
    y = memory::desc({p.n, p.co, p.oh, p.ow}, type, memory::format_tag::nhwc);
    bias = memory::desc({p.co}, memory::data_type::f32, memory::format_tag::x);
    const std::int64_t area = p.kh * p.kw;
    if (p.depthwise) {
      weight = memory::desc({p.co, 1, 1, p.kh, p.kw}, type, {area, area, area, p.kw, 1});
      any_weight = memory::desc({p.co, 1, 1, p.kh, p.kw}, type, memory::format_tag::any);
    } else {
      weight = memory::desc({p.co, p.ci, p.kh, p.kw}, type, {p.wi * area, area, p.kw, 1});
      any_weight = memory::desc({p.co, p.ci, p.kh, p.kw}, type, memory::format_tag::any);
    }
    any_x = x;
    any_y = y;
    if (winograd) {
      algorithm = dnnl::algorithm::convolution_winograd;
      any_x = memory::desc({p.n, p.ci, p.h, p.w}, type, memory::format_tag::any);
      any_y = memory::desc({p.n, p.co, p.oh, p.ow}, type, memory::format_tag::any);
    }
    strides = {p.stride, p.stride};
    dilates = {p.dilation - 1, p.dilation - 1};
    pad_before = {p.pad_top, p.pad_left};
    pad_after = {p.pad_bottom(), p.pad_right()};
  }
};

/// The channels of the weight that belong to x, as they lie in the tensor.
memory weight_view(const ConvProblem& p, const Layouts& layouts, const Tensor& weight) {
  const std::size_t offset = p.depthwise ? 0 : static_cast<std::size_t>(p.first * p.kh * p.kw) * size_of(p.dtype);
  return memory(layouts.weight, engine(), const_cast<std::byte*>(weight.raw()) + offset);
}

// oneDNN 3 dropped the operation descriptors of version 2; the two spellings stand side by side here and nowhere else.
#if DNNL_VERSION_MAJOR >= 3
void append_eltwise(dnnl::post_ops& ops, dnnl::algorithm algorithm, float alpha) {
  ops.append_eltwise(algorithm, alpha, 0.f);
}
dnnl::convolution_forward::primitive_desc forward_desc(const Layouts& l, const dnnl::primitive_attr& attr, bool bias) {
  const auto kind = dnnl::prop_kind::forward_training;
  if (bias)
    return {engine(), kind,      l.algorithm, l.any_x,      l.any_weight, l.bias,
            l.any_y,  l.strides, l.dilates,   l.pad_before, l.pad_after,  attr};
  return {engine(),  kind,      l.algorithm,  l.any_x,     l.any_weight, l.any_y,
          l.strides, l.dilates, l.pad_before, l.pad_after, attr};
}
dnnl::convolution_backward_data::primitive_desc backward_data_desc(
    const Layouts& l, const dnnl::convolution_forward::primitive_desc& hint) {
  return {engine(), l.algorithm, l.any_x, l.any_weight, l.any_y, l.strides, l.dilates, l.pad_before, l.pad_after, hint};
}
dnnl::convolution_backward_weights::primitive_desc backward_weight_desc(
    const Layouts& l, const dnnl::convolution_forward::primitive_desc& hint) {
  return {engine(), l.algorithm, l.any_x, l.any_weight, l.any_y, l.strides, l.dilates, l.pad_before, l.pad_after, hint};
}
#else
void append_eltwise(dnnl::post_ops& ops, dnnl::algorithm algorithm, float alpha) {
  ops.append_eltwise(1.f, algorithm, alpha, 0.f);
}
dnnl::convolution_forward::primitive_desc forward_desc(const Layouts& l, const dnnl::primitive_attr& attr, bool bias) {
  using Desc = dnnl::convolution_forward::desc;
  const auto kind = dnnl::prop_kind::forward_training;
  const Desc desc =
      bias ? Desc(kind, l.algorithm, l.any_x, l.any_weight, l.bias, l.any_y, l.strides, l.dilates, l.pad_before,
                  l.pad_after)
           : Desc(kind, l.algorithm, l.any_x, l.any_weight, l.any_y, l.strides, l.dilates, l.pad_before, l.pad_after);
  return {desc, attr, engine()};
}
dnnl::convolution_backward_data::primitive_desc backward_data_desc(
    const Layouts& l, const dnnl::convolution_forward::primitive_desc& hint) {
  const dnnl::convolution_backward_data::desc desc(l.algorithm, l.any_x, l.any_weight, l.any_y, l.strides, l.dilates,
                                                   l.pad_before, l.pad_after);
  return {desc, engine(), hint};
}
dnnl::convolution_backward_weights::primitive_desc backward_weight_desc(
    const Layouts& l, const dnnl::convolution_forward::primitive_desc& hint) {
  const dnnl::convolution_backward_weights::desc desc(l.algorithm, l.any_x, l.any_weight, l.any_y, l.strides, l.dilates,
                                                      l.pad_before, l.pad_after);
  return {desc, engine(), hint};
}
#endif

/// While one lives, this thread's parallel regions have one thread. oneDNN plans for the number it sees.
class OneThread {
 public:
  OneThread() : before_(cpu_threads()) { set_cpu_threads(1); }
  ~OneThread() { set_cpu_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

std::string implementation_of(const dnnl::primitive& primitive) {
  const char* name = nullptr;
  dnnl::error::wrap_c_api(dnnl_primitive_desc_query(primitive.get_primitive_desc(), dnnl_query_impl_info_str, 0, &name),
                          "could not ask for the implementation of a primitive");
  return name;
}

struct Eltwise {
  dnnl::algorithm algorithm;
  float alpha;
  float scale = 1;  // of the result
};

/// Every activation, in oneDNN's terms; none for Activation::none.
std::optional<Eltwise> eltwise_of(Activation activation) {
  switch (activation) {
    case Activation::none:
      break;
    case Activation::relu:
      return Eltwise{dnnl::algorithm::eltwise_relu, 0.f};
    case Activation::leaky_relu:
      return Eltwise{dnnl::algorithm::eltwise_relu, 0.1f};
    case Activation::tanh:
      return Eltwise{dnnl::algorithm::eltwise_tanh, 0.f};
    case Activation::sigmoid:
      return Eltwise{dnnl::algorithm::eltwise_logistic, 0.f};
    case Activation::selu:
      return Eltwise{dnnl::algorithm::eltwise_elu, static_cast<float>(Selu::a), static_cast<float>(Selu::s)};
  }
  return std::nullopt;
}

dnnl::primitive_attr attributes(const ConvEpilogue& epilogue) {
  dnnl::post_ops ops;
  if (epilogue.accumulate) ops.append_sum(1.f);
  if (const auto fused = eltwise_of(epilogue.activation)) {
    append_eltwise(ops, fused->algorithm, fused->alpha);
    if (fused->scale != 1) append_eltwise(ops, dnnl::algorithm::eltwise_linear, fused->scale);
  }
  dnnl::primitive_attr attr;
  attr.set_post_ops(ops);
  return attr;
}

/// A primitive and the layouts it wants: of the activations, and of the weight (a source, or the result of
/// backward_weight).
struct Plan {
  dnnl::primitive primitive;
  memory::desc x, y, weight;
  bool one_thread = false;

  void execute(const std::unordered_map<int, memory>& arguments) const {
    std::optional<OneThread> scope;
    if (one_thread) scope.emplace();
    primitive.execute(stream(), arguments);
  }
};

/// make() on as many threads as give the same bits on any number of them.
template <class Make>
Plan for_any_threads(Make make) {
  Plan plan = make();
  if (!depends_on_threads(implementation_of(plan.primitive))) return plan;
  const OneThread scope;
  plan = make();
  plan.one_thread = true;
  return plan;
}

// Where it was measured to be faster, 1.6 times at the least; smaller problems were not tried.
constexpr std::int64_t winograd_channels = 32;
constexpr std::int64_t winograd_pixels = 512;

bool suits_winograd(const ConvProblem& p) {
  return !p.size_independent && p.dtype == DType::f32 && !p.depthwise && p.kh == 3 && p.kw == 3 && p.stride == 1 &&
         p.dilation == 1 && p.ci >= winograd_channels && p.co >= winograd_channels && p.ci % 16 == 0 &&
         p.co % 16 == 0 && p.n * p.oh * p.ow >= winograd_pixels;
}

/// make(layouts) with the layouts of the fastest algorithm that this processor and this oneDNN have.
template <class Make>
Plan fastest(const ConvProblem& p, Make make) {
  if (!suits_winograd(p)) return make(Layouts(p));
  try {
    return make(Layouts(p, true));
  } catch (const dnnl::error& error) {
    if (error.status != dnnl_unimplemented) throw;
  }
  return make(Layouts(p));
}

/// All that a primitive depends on.
struct PlanKey {
  ConvProblem problem;
  ConvDirection direction = ConvDirection::forward;
  bool bias = false, accumulate = false;
  Activation activation = Activation::none;

  bool operator==(const PlanKey&) const = default;
  struct Hash {
    std::size_t operator()(const PlanKey& key) const {
      return hash_of(key.problem, key.direction, key.bias, key.accumulate, key.activation);
    }
  };
};

template <class Make>
const Plan& plan_of(const PlanKey& key, Make make) {
  static std::mutex mutex;
  static std::unordered_map<PlanKey, Plan, PlanKey::Hash> plans;
  const std::lock_guard lock(mutex);
  const auto found = plans.find(key);
  if (found != plans.end()) return found->second;
  require_room_for_plan();
  return plans.emplace(key, for_any_threads(make)).first->second;
}

/// Packed copies of one weight, one for each layout that some primitive asked for of each part of its channels.
struct PackedWeights {
  struct Copy {
    std::int64_t first;
    memory contents;
  };
  std::mutex mutex;
  std::vector<Copy> copies;
};

memory packed(const ConvProblem& p, const Layouts& layouts, const Tensor& weight, const memory::desc& wanted) {
  const auto shared = weight.derived<PackedWeights>("onednn", [] { return std::make_shared<PackedWeights>(); });
  auto& cache = const_cast<PackedWeights&>(*shared);  // guarded by its own mutex
  const std::lock_guard lock(cache.mutex);
  for (const PackedWeights::Copy& copy : cache.copies)
    if (copy.first == p.first && copy.contents.get_desc() == wanted) return copy.contents;
  memory source = weight_view(p, layouts, weight);
  memory copy(wanted, engine());
  dnnl::reorder(source, copy).execute(stream(), source, copy);
  stream().wait();
  cache.copies.push_back({p.first, copy});
  return copy;
}

/// An activation in the layout a primitive wants: itself, or room in that layout.
class Arranged {
 public:
  Arranged(const memory::desc& layout, const memory::desc& wanted, const Tensor& tensor)
      : own_(view(layout, tensor)), used_(own_) {
    if (wanted == layout) return;
    room_ = Tensor(Shape{static_cast<std::int64_t>(wanted.get_size())}, DType::u8);
    used_ = memory(wanted, engine(), room_.mutable_raw());
  }
  /// The activation, for a primitive to read.
  memory& source() {
    move(own_, used_);
    return used_;
  }
  /// Where a primitive shall write; finish() afterwards.
  memory& result() { return used_; }
  void finish() { move(used_, own_); }

 private:
  void move(memory& from, memory& to) const {
    if (room_.defined()) dnnl::reorder(from, to).execute(stream(), from, to);
  }

  Tensor room_;
  memory own_, used_;
};

[[noreturn]] void rethrow(const ConvProblem& p, const dnnl::error& error) {
  const ExitCode code = error.status == dnnl_out_of_memory ? ExitCode::out_of_memory : ExitCode::internal;
  throw Error(code, message("oneDNN: ", error.what(), " (convolution ", p.text(), ")"));
}

bool supports(const ConvProblem& p, ConvDirection direction) {
  if (p.dtype != DType::f32 && !(p.dtype == DType::bf16 && has_avx512())) return false;
  return direction != ConvDirection::backward_weight || backward_weight_is_safe(p);
}

void forward(const ConvProblem& p, const Tensor& x, const Tensor& weight, const ConvEpilogue& epilogue, Tensor& y) {
  try {
    const Layouts layouts(p);
    const bool bias = epilogue.bias.defined();
    const PlanKey key{p, ConvDirection::forward, bias, epilogue.accumulate, epilogue.activation};
    const Plan& plan = plan_of(key, [&] {
      const auto desc = forward_desc(layouts, attributes(epilogue), bias);
      return Plan{dnnl::convolution_forward(desc), desc.src_desc(), desc.dst_desc(), desc.weights_desc()};
    });
    std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, view(layouts.x, x)},
                                              {DNNL_ARG_WEIGHTS, packed(p, layouts, weight, plan.weight)},
                                              {DNNL_ARG_DST, memory(layouts.y, engine(), y.mutable_raw())}};
    if (bias) arguments.emplace(DNNL_ARG_BIAS, view(layouts.bias, epilogue.bias));
    plan.execute(arguments);
    stream().wait();
  } catch (const dnnl::error& error) {
    rethrow(p, error);
  }
}

void backward_input(const ConvProblem& p, const Tensor& dy, const Tensor& weight, Tensor& dx) {
  try {
    const Layouts layouts(p);
    const Plan& plan = plan_of({p, ConvDirection::backward_input}, [&] {
      return fastest(p, [](const Layouts& offered) {
        const auto desc = backward_data_desc(offered, forward_desc(offered, {}, false));
        return Plan{dnnl::convolution_backward_data(desc), desc.diff_src_desc(), desc.diff_dst_desc(),
                    desc.weights_desc()};
      });
    });
    dx.contents_changed();
    Arranged source(layouts.y, plan.y, dy), result(layouts.x, plan.x, dx);
    plan.execute({{DNNL_ARG_DIFF_DST, source.source()},
                  {DNNL_ARG_WEIGHTS, packed(p, layouts, weight, plan.weight)},
                  {DNNL_ARG_DIFF_SRC, result.result()}});
    result.finish();
    stream().wait();
  } catch (const dnnl::error& error) {
    rethrow(p, error);
  }
}

void backward_weight(const ConvProblem& p, const Tensor& x, const Tensor& dy, Tensor& weight_gradient) {
  try {
    const Layouts layouts(p);
    const Plan& plan = plan_of({p, ConvDirection::backward_weight}, [&] {
      return fastest(p, [](const Layouts& offered) {
        const auto desc = backward_weight_desc(offered, forward_desc(offered, {}, false));
        return Plan{dnnl::convolution_backward_weights(desc), desc.src_desc(), desc.diff_dst_desc(),
                    desc.diff_weights_desc()};
      });
    });
    Tensor room(Shape{static_cast<std::int64_t>(plan.weight.get_size())}, DType::u8);
    memory result(plan.weight, engine(), room.mutable_raw());
    Arranged source(layouts.x, plan.x, x), gradient(layouts.y, plan.y, dy);
    plan.execute(
        {{DNNL_ARG_SRC, source.source()}, {DNNL_ARG_DIFF_DST, gradient.source()}, {DNNL_ARG_DIFF_WEIGHTS, result}});
    weight_gradient.contents_changed();
    memory place = weight_view(p, layouts, weight_gradient);
    dnnl::reorder(result, place).execute(stream(), result, place);
    stream().wait();
  } catch (const dnnl::error& error) {
    rethrow(p, error);
  }
}

}  // namespace

const ConvBackend conv_onednn{"oneDNN", supports, forward, backward_input, backward_weight};

}  // namespace duhdr
