// SPDX-License-Identifier: Apache-2.0
#include "train/vgg_weights.h"

#include <array>

#include "kernels/vgg_input.h"
#include "models/weight_file.h"

namespace duhdr {
namespace {

struct Layer {
  const char* ours;
  const char* torchvision;
};
constexpr std::array layers{Layer{"conv1_1", "features.0"},  Layer{"conv1_2", "features.2"},
                            Layer{"conv2_1", "features.5"},  Layer{"conv2_2", "features.7"},
                            Layer{"conv3_1", "features.10"}, Layer{"conv3_2", "features.12"},
                            Layer{"conv3_3", "features.14"}};

constexpr std::array torchvision_mean{0.485, 0.456, 0.406};
constexpr std::array torchvision_std{0.229, 0.224, 0.225};

/// From a layer over RGB (x - mean) / std to the same layer over what vgg_input() makes. Both see the same values
/// inside the image; zero padding stands for two slightly different greys at its edge.
void convert_first_layer(Tensor& weight, Tensor& bias) {
  const Tensor from = weight;
  weight = Tensor(from.shape(), DType::f32);
  bias = bias.clone();
  const VggScaling scaling;
  const std::int64_t outputs = from.shape()[0], inputs = from.shape()[1], taps = from.shape()[2] * from.shape()[3];
  for (std::int64_t o = 0; o < outputs; ++o) {
    double shift = 0;
    for (std::int64_t c = 0; c < inputs; ++c) {
      const std::int64_t rgb = scaling.source(c);
      const auto k = static_cast<std::size_t>(rgb);
      const double black = scaling(0.0, c);  // -mean of channel c on the scale of 0..255
      for (std::int64_t t = 0; t < taps; ++t) {
        const double w = from.data<float>()[(o * inputs + rgb) * taps + t] / torchvision_std[k];
        weight.mutable_data<float>()[(o * inputs + c) * taps + t] = static_cast<float>(w / 255);
        shift += w * (-black / 255 - torchvision_mean[k]);
      }
    }
    bias.mutable_data<float>()[o] += static_cast<float>(shift);
  }
}

}  // namespace

void load_vgg16(Vgg16Features& vgg, const std::filesystem::path& path) {
  const TensorFile file = read_safetensors(path);
  const bool converted = file.tensors.contains("features.0.weight");
  TensorFile renamed;
  for (const Layer& layer : layers)
    for (const char* part : {".weight", ".bias"}) {
      const auto found = file.tensors.find((converted ? layer.torchvision : std::string("vgg16.") + layer.ours) + part);
      if (found != file.tensors.end())
        renamed.tensors[std::string("vgg16.") + layer.ours + part] = found->second.to(DType::f32);
    }
  const auto weight = renamed.tensors.find("vgg16.conv1_1.weight"), bias = renamed.tensors.find("vgg16.conv1_1.bias");
  const bool first = weight != renamed.tensors.end() && bias != renamed.tensors.end() &&
                     weight->second.shape().rank() == 4 && weight->second.shape()[1] == 3 &&
                     bias->second.shape() == Shape{weight->second.shape()[0]};
  if (converted && first) convert_first_layer(weight->second, bias->second);
  set_weights(vgg, "vgg16", renamed, shown(path));
}

}  // namespace duhdr
