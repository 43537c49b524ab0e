// SPDX-License-Identifier: Apache-2.0
#include "tensor/tensor.h"

#include "tensor/allocator.h"
#include "tensor/recorder.h"

namespace duhdr {

std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return 8;
    case DType::f32:
      return 4;
    case DType::bf16:
      return 2;
    case DType::f16:
      return 2;
    case DType::u8:
      return 1;
  }
  return 0;
}

const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return "f64";
    case DType::f32:
      return "f32";
    case DType::bf16:
      return "bf16";
    case DType::f16:
      return "f16";
    case DType::u8:
      return "u8";
  }
  return "?";
}

Storage::Storage(std::size_t bytes, Device device)
    : allocator_(allocator_for_new(device)),
      bytes_(static_cast<std::byte*>(allocator_->allocate(bytes))),
      device_(device) {}

Storage::~Storage() { allocator_->release(bytes_); }

std::shared_ptr<const void> Storage::derived(const std::string& key,
                                             const std::function<std::shared_ptr<const void>()>& make) {
  const std::lock_guard lock(derived_mutex_);
  const std::uint64_t record = RecordScope::current();
  Derived& entry = derived_[key];
  if (entry.value && (entry.record == 0 || entry.record == record)) return entry.value;
  if (record != 0) {
    entry = {make(), record};
  } else {
    const AllocateFrom device_itself(device_, nullptr);
    entry = {make(), 0};
  }
  return entry.value;
}

void Storage::drop_derived() {
  const std::lock_guard lock(derived_mutex_);
  derived_.clear();
}

Tensor::Tensor(Shape shape, DType dtype, Device device) : shape_(shape), dtype_(dtype) {
  std::int64_t bytes = 0;
  DUHDR_CHECK(!__builtin_mul_overflow(shape.numel(), static_cast<std::int64_t>(size_of(dtype)), &bytes),
              "too many bytes in ", shape);
  storage_ = std::make_shared<Storage>(static_cast<std::size_t>(bytes), device);
}

Tensor Tensor::full(Shape shape, double value, DType dtype, Device device) {
  Tensor out(shape, dtype, device);
  fill(out, value);
  return out;
}

Tensor Tensor::zeros(Shape shape, DType dtype, Device device) { return full(shape, 0, dtype, device); }

Device Tensor::device() const {
  DUHDR_CHECK(defined(), "the tensor is undefined");
  return storage_->device();
}

const std::byte* Tensor::raw() const {
  DUHDR_CHECK(defined(), "the tensor is undefined");
  return storage_->bytes() + offset_;
}

std::byte* Tensor::mutable_raw() {
  contents_changed();
  return storage_->bytes() + offset_;
}

void Tensor::contents_changed() {
  DUHDR_CHECK(defined(), "the tensor is undefined");
  storage_->drop_derived();
}

void Tensor::check_type(DType asked) const {
  DUHDR_CHECK(asked == dtype_, "a ", name_of(dtype_), " tensor was read as ", name_of(asked));
}

Tensor Tensor::reshape(Shape shape) const {
  DUHDR_CHECK(shape.numel() == numel(), "cannot reshape ", shape_, " to ", shape);
  Tensor out = *this;
  out.shape_ = shape;
  return out;
}

Tensor Tensor::range(std::int64_t first_element, Shape shape) const {
  DUHDR_CHECK(first_element >= 0 && first_element <= numel() && shape.numel() <= numel() - first_element,
              "elements from ", first_element, " of shape ", shape, " are not all in ", shape_);
  Tensor out = *this;
  out.shape_ = shape;
  out.offset_ += static_cast<std::size_t>(first_element) * size_of(dtype_);
  return out;
}

Tensor Tensor::clone() const {
  Tensor out(shape_, dtype_, device());
  copy(out, *this);
  return out;
}

Tensor Tensor::to(Device to_device) const {
  if (to_device == device()) return *this;
  Tensor out(shape_, dtype_, to_device);
  copy(out, *this);
  return out;
}

Tensor Tensor::to(DType to_dtype) const {
  if (to_dtype == dtype_) return *this;
  Tensor out(shape_, to_dtype, device());
  copy(out, *this);
  return out;
}

double Tensor::item() const {
  DUHDR_CHECK(!device().is_meta(), "a meta tensor has no values");
  DUHDR_CHECK(numel() == 1, "item() of a tensor of shape ", shape_);
  return to(Device::cpu()).to(DType::f64).data<double>()[0];
}

}  // namespace duhdr
