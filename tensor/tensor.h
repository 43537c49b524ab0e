// SPDX-License-Identifier: Apache-2.0
// Tensor: a contiguous array with a shape, an element type and a device. Copies share storage.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "tensor/device.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace duhdr {

class CachingAllocator;

/// Memory of one or more tensors on one device.
class Storage {
 public:
  Storage(std::size_t bytes, Device device);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  std::byte* bytes() const { return bytes_; }
  Device device() const { return device_; }

  /// Data derived from the contents (a packed weight, say): made once, dropped when the contents may change. It
  /// outlives the work that asks for it, so its memory is never that of AllocateFrom; but within a record (RecordScope)
  /// it is part of the record, which makes it anew at every launch, and only that record sees it.
  std::shared_ptr<const void> derived(const std::string& key, const std::function<std::shared_ptr<const void>()>& make);
  void drop_derived();

 private:
  std::shared_ptr<CachingAllocator> allocator_;
  std::byte* bytes_ = nullptr;
  Device device_;
  std::mutex derived_mutex_;
  struct Derived {
    std::shared_ptr<const void> value;
    std::uint64_t record = 0;  // that makes it; 0: none
  };
  std::map<std::string, Derived> derived_;
};

class Tensor {
 public:
  Tensor() = default;                                               // undefined: "absent" where an op allows it
  Tensor(Shape shape, DType dtype, Device device = Device::cpu());  // contents undefined

  static Tensor zeros(Shape shape, DType dtype, Device device = Device::cpu());
  static Tensor full(Shape shape, double value, DType dtype, Device device = Device::cpu());
  template <class T>
  static Tensor of(Shape shape, std::span<const T> values);  // on the CPU

  bool defined() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  Device device() const;
  std::int64_t numel() const { return shape_.numel(); }
  std::size_t bytes() const { return static_cast<std::size_t>(numel()) * size_of(dtype_); }

  /// Read access; T must be the element type. The address is the device's.
  template <class T>
  const T* data() const {
    check_type(dtype_of<T>());
    return reinterpret_cast<const T*>(raw());
  }
  /// Write access; forgets everything derived from the old contents.
  template <class T>
  T* mutable_data() {
    check_type(dtype_of<T>());
    return reinterpret_cast<T*>(mutable_raw());
  }
  const std::byte* raw() const;
  std::byte* mutable_raw();
  /// For who writes, or has written, by other ways than mutable_data(): forgets everything derived from the contents.
  void contents_changed();

  Tensor reshape(Shape shape) const;                            // shares storage
  Tensor range(std::int64_t first_element, Shape shape) const;  // a contiguous part; shares storage
  Tensor clone() const;
  Tensor to(Device device) const;  // shares storage when it is already there
  Tensor to(DType dtype) const;    // shares storage when the type is the same
  template <class T>
  std::vector<T> to_vector() const;  // synchronises; T must be the element type
  double item() const;               // the value of a one-element tensor; synchronises

  /// See Storage::derived; the key is made unique to this tensor's part of the storage.
  template <class T>
  std::shared_ptr<const T> derived(const std::string& key,
                                   const std::function<std::shared_ptr<const T>()>& make) const {
    return std::static_pointer_cast<const T>(storage_->derived(
        key + '@' + std::to_string(offset_) + shape_.text(), [&]() -> std::shared_ptr<const void> { return make(); }));
  }

 private:
  void check_type(DType asked) const;

  Shape shape_;
  DType dtype_ = DType::f32;
  std::shared_ptr<Storage> storage_;
  std::size_t offset_ = 0;  // bytes
};

template <class T>
Tensor Tensor::of(Shape shape, std::span<const T> values) {
  DUHDR_CHECK(static_cast<std::int64_t>(values.size()) == shape.numel(), values.size(), " values for shape ", shape);
  Tensor out(shape, dtype_of<T>());
  std::copy(values.begin(), values.end(), out.mutable_data<T>());
  return out;
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  DUHDR_CHECK(!device().is_meta(), "a meta tensor has no values");
  const Tensor host = to(Device::cpu());
  return std::vector<T>(host.data<T>(), host.data<T>() + host.numel());
}

// Whole-tensor moves (fill.cu): destination and source have the same number of elements.
void copy(Tensor& to, const Tensor& from);  // across types and devices
void fill(Tensor& tensor, double value);
void accumulate(Tensor& sum, const Tensor& addend);  // sum += addend, same type and device

}  // namespace duhdr
