// SPDX-License-Identifier: Apache-2.0
// Several sources as one, and the photographs of a source alone.
#include <algorithm>

#include "data/dataset.h"
#include "data/draws.h"

namespace duhdr {
namespace {

class MixedDataset : public Dataset {
 public:
  MixedDataset(std::vector<std::unique_ptr<Dataset>> parts, std::vector<double> shares, std::uint64_t seed,
               std::int64_t group)
      : parts_(std::move(parts)), shares_(std::move(shares)), seed_(seed), group_(static_cast<std::uint64_t>(group)) {
    for (const double share : shares_) total_ += share;
  }

  /// What every sample has at least: paired when some are synthesised and some paired.
  Pairing pairing() const override {
    const auto given = [&](const auto& part) { return part->pairing() != parts_.front()->pairing(); };
    return std::any_of(parts_.begin(), parts_.end(), given) ? Pairing::paired : parts_.front()->pairing();
  }
  std::int64_t files() const override {
    std::int64_t sum = 0;
    for (const auto& part : parts_) sum += part->files();
    return sum;
  }
  BadFiles bad_files() const override {
    BadFiles out;
    for (const auto& part : parts_) {
      const BadFiles bad = part->bad_files();
      out.messages.insert(out.messages.end(), bad.messages.begin(), bad.messages.end());
      out.total += bad.total;
    }
    return out;
  }
  std::string text() const override {
    std::string out;
    for (const auto& part : parts_) out += (out.empty() ? "" : " + ") + part->text();
    return out;
  }

  Sample sample(std::uint64_t index) const override {
    double left = total_ * draws_for(seed_, Purpose::source, index / group_).uniform(0);
    std::size_t part = 0;
    while (part + 1 < parts_.size() && left >= shares_[part]) left -= shares_[part++];
    return parts_[part]->sample(index);
  }

 private:
  const std::vector<std::unique_ptr<Dataset>> parts_;
  const std::vector<double> shares_;
  const std::uint64_t seed_, group_;
  double total_ = 0;
};

class WithoutHdr : public Dataset {
 public:
  explicit WithoutHdr(std::unique_ptr<Dataset> dataset) : dataset_(std::move(dataset)) {}

  Pairing pairing() const override { return Pairing::unpaired; }
  std::int64_t files() const override { return dataset_->files(); }
  BadFiles bad_files() const override { return dataset_->bad_files(); }
  std::string text() const override { return dataset_->text() + ", photographs only"; }

  Sample sample(std::uint64_t index) const override {
    const Sample whole = dataset_->sample(index);
    Sample out;
    out.pairing = Pairing::unpaired;
    out.ldr = whole.ldr;
    out.weight = whole.weight;
    return out;
  }

 private:
  const std::unique_ptr<Dataset> dataset_;
};

}  // namespace

std::unique_ptr<Dataset> open_mixed(const std::vector<DataSource>& sources, const DataOptions& options,
                                    std::int64_t group) {
  DUHDR_CHECK(!sources.empty() && group >= 1, sources.size(), " sources, batches of ", group);
  std::vector<std::unique_ptr<Dataset>> parts;
  std::vector<double> shares;
  for (const DataSource& source : sources) {
    DUHDR_CHECK(source.share > 0, source.text(), " has the share ", source.share);
    if ((source.pairing() == Pairing::unpaired) != (sources.front().pairing() == Pairing::unpaired))
      throw Error(ExitCode::usage,
                  message(source.text(), ": photographs alone cannot be mixed with ", "data that has an HDR side"));
    parts.push_back(open_dataset(source, options));
    shares.push_back(source.share);
  }
  if (parts.size() == 1) return std::move(parts.front());
  return std::make_unique<MixedDataset>(std::move(parts), std::move(shares), options.seed, group);
}

std::unique_ptr<Dataset> without_hdr(std::unique_ptr<Dataset> dataset) {
  return std::make_unique<WithoutHdr>(std::move(dataset));
}

}  // namespace duhdr
