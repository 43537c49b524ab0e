// SPDX-License-Identifier: Apache-2.0
// What one picture costs without a clock: the table "Counted" of docs/performance.md against frozen networks on meta.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>

#include "kernels/op_counter.h"
#include "models/duhdr/duhdr.h"
#include "models/expandnet/expandnet_model.h"
#include "models/hdrcnn/hdrcnn_model.h"
#include "models/vgg16.h"
#include "tensor/allocator.h"
#include "train/config.h"

namespace duhdr {
namespace {

constexpr std::int64_t side = 512;
const char* const heading = "## Counted";

/// Operations, the bytes of their results, and the most bytes of tensors alive when one has ended.
class Tally : public OpObserver {
 public:
  explicit Tally(std::size_t before) : before_(before) {}
  void on_op(const Variable& output, const std::vector<Variable>&) override {
    ++operations_;
    written_ += output.value().bytes();
    peak_ = std::max(peak_, allocator_of(Device::meta()).stats().in_use - before_);
  }
  std::int64_t operations() const { return operations_; }
  std::size_t written() const { return written_; }
  std::size_t peak() const { return peak_; }

 private:
  std::size_t before_;
  std::int64_t operations_ = 0;
  std::size_t written_ = 0, peak_ = 0;
};

std::string fixed(double value, int decimals) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

struct Network {
  std::string name;
  std::unique_ptr<Module> module;
  std::function<void(const Variable& image)> run;
};

/// The row of the table: what freezing leaves of the network, on a picture of 512 x 512.
std::string row_of(const Network& network) {
  network.module->freeze();
  network.module->to(Device::meta());
  const NoGrad no_grad;
  const std::size_t before = allocator_of(Device::meta()).stats().in_use;
  const Variable image(Tensor(Shape{1, side, side, 3}, DType::f32, Device::meta()));
  const OpCounter counter;
  const Tally tally(before);
  network.run(image);
  return message("| ", network.name, " | ", fixed(counter.flop() / 1e9, 3), " | ",
                 fixed(counter.executed_flop() / 1e9, 3), " | ", tally.operations(), " | ",
                 fixed(static_cast<double>(tally.written()) / 1e6, 1), " | ",
                 fixed(static_cast<double>(tally.peak()) / 1e6, 1), " |");
}

/// The rows below the heading, without the two of the table's head.
std::vector<std::string> documented_rows() {
  std::ifstream file(DUHDR_SOURCE_DIR "/docs/performance.md");
  std::vector<std::string> rows;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) inside = line == heading;
    if (inside && line.starts_with("| ") && !line.starts_with("| network")) rows.push_back(line);
  }
  return rows;
}

template <class N>
Network network_of(const std::string& name, std::unique_ptr<N> module,
                   const std::function<void(const N&, const Variable&)>& run) {
  const N* address = module.get();
  return {name, std::move(module), [address, run](const Variable& image) { run(*address, image); }};
}

std::vector<Network> networks_of(const std::string& config_name) {
  const TrainConfig config = read_config(DUHDR_SOURCE_DIR "/configs/" + config_name + ".json");
  const std::unique_ptr<Model> model = make_model(config.model);
  const DuHdrConfig& widths = dynamic_cast<const DuHdr&>(*model).config();
  std::vector<Network> all;
  const auto add = [&]<class N>(const std::string& name, std::unique_ptr<N> module, auto run) {
    all.push_back(network_of<N>(config_name + ' ' + name, std::move(module), run));
  };
  add("dnet", std::make_unique<Dnet>(widths), [](const Dnet& net, const Variable& x) { net(x); });
  add("innet", std::make_unique<ResponseNet>(widths), [](const ResponseNet& net, const Variable& x) { net(x); });
  add("itnet", std::make_unique<ITnet>(widths), [](const ITnet& net, const Variable& x) { net(x); });
  add("oonet", std::make_unique<OOnet>(widths), [](const OOnet& net, const Variable& x) { net(x, x, x); });
  add("chain", std::make_unique<DuHdr>(widths),
      [](const DuHdr& net, const Variable& x) { forward(net.to_hdr(), x, {"result"}); });
  add("vgg16", std::make_unique<Vgg16Features>(config.perceptual.widths),
      [](const Vgg16Features& net, const Variable& x) { net(x); });
  return all;
}

TEST(Plan, CountsAreTheDocumented) {
  std::vector<std::string> rows;
  for (const char* config : {"paper", "letter", "lite"})
    for (const Network& network : networks_of(config)) rows.push_back(row_of(network));
  rows.push_back(row_of(network_of<ExpandNet>("expandnet", std::make_unique<ExpandNet>(),
                                              [](const ExpandNet& net, const Variable& x) { net(x); })));
  rows.push_back(
      row_of(network_of<HdrcnnModel>("hdrcnn", std::make_unique<HdrcnnModel>(),
                                     [](const HdrcnnModel& model, const Variable& x) { forward(model.to_hdr(), x); })));
  std::ostringstream table;
  for (const std::string& row : rows) table << row << '\n';
  EXPECT_EQ(documented_rows(), rows) << "the table of docs/performance.md should be\n" << table.str();
}

}  // namespace
}  // namespace duhdr
