// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/nearest.h"
#include "operators/akyuz.h"
#include "operators/banterle.h"
#include "operators/huo.h"
#include "operators/inverse_operator.h"
#include "operators/kovaleski_oliveira.h"
#include "operators/kuo.h"
#include "operators/landis.h"
#include "operators/linearised.h"
#include "operators/masia.h"
#include "operators/meylan.h"
#include "operators/rempel.h"

namespace duhdr {
namespace {

using Input = const OperatorInput&;

constexpr std::array table{
    InverseOperator{"srgb", "the photograph, linearised by the sRGB curve", "IEC 61966-2-1", false,
                    [](Input input) { return linear_by_srgb(input.codes); }},
    InverseOperator{"gamma-2.2", "the photograph, linearised by a power of 2.2", "display gamma", false,
                    [](Input input) { return linear_by_power(input.codes); }},
    InverseOperator{"mean-inverse", "the photograph, linearised by the mean inverse camera response",
                    "duhdr's response curves", true,
                    [](Input input) { return linear_by_curve(input.codes, input.inverse_response); }},
    InverseOperator{"akyuz-2007", "linear stretch to the display", "Akyuz et al. 2007", false,
                    [](Input input) { return akyuz(input.codes); }},
    InverseOperator{"landis-2002", "power expansion of the upper half", "Landis 2002", false,
                    [](Input input) { return landis(input.codes); }},
    InverseOperator{"masia-2009", "power of the luminance, by the image's key", "Masia et al. 2009", false,
                    [](Input input) { return masia_2009(input.codes); }},
    InverseOperator{"masia-2017", "power of the luminance, by key, mean and over-exposure", "Masia et al. 2017", false,
                    [](Input input) { return masia_2017(input.codes); }},
    InverseOperator{"kovaleski-oliveira-2014", "brightness enhancement by a cross-bilateral filter",
                    "Kovaleski and Oliveira 2014", false, [](Input input) { return kovaleski_oliveira(input.codes); }},
    InverseOperator{"huo-2013", "inverse of the retina's response", "Huo et al. 2013", false,
                    [](Input input) { return huo_2013(input.codes); }},
    InverseOperator{"huo-2014", "inverse of dodging and burning", "Huo et al. 2014", false,
                    [](Input input) { return huo_2014(input.codes); }},
    InverseOperator{"kuo-2012", "inverse of Schlick's curve, highlights smoothed", "Kuo et al. 2012", false,
                    [](Input input) { return kuo(input.codes); }},
    InverseOperator{"banterle-2006", "inverse of Reinhard's curve where lights are dense", "Banterle et al. 2006",
                    false, [](Input input) { return banterle(input.codes); }},
    InverseOperator{"meylan-2006", "two slopes, for the diffuse and the specular part", "Meylan et al. 2006", false,
                    [](Input input) { return meylan(input.codes); }},
    InverseOperator{"rempel-2007", "brightness enhancement cut at edges", "Rempel et al. 2007", false,
                    [](Input input) { return rempel(input.codes); }},
};

/// Names that begin with `word`, else the one most like it, else all.
std::string offer(std::string_view word) {
  std::vector<std::string_view> all, offered;
  for (const InverseOperator& row : table) all.push_back(row.name);
  if (!word.empty())
    std::ranges::copy_if(all, std::back_inserter(offered), [&](auto name) { return name.starts_with(word); });
  std::string text = "did you mean ";
  if (offered.empty()) {
    if (const auto similar = nearest(word, all)) return text + *similar;
    offered = all;
    text = "there are ";
  }
  for (std::size_t i = 0; i < offered.size(); ++i) text.append(i == 0 ? "" : ", ").append(offered[i]);
  return text;
}

}  // namespace

std::span<const InverseOperator> inverse_operators() { return table; }

const InverseOperator& inverse_operator(std::string_view name) {
  const auto* const found = std::ranges::find(table, name, &InverseOperator::name);
  if (found != table.end()) return *found;
  throw Error(ExitCode::usage, message("no method \"", escaped(name), "\"; ", offer(name)));
}

}  // namespace duhdr
