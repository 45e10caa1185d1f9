#include <algorithm>

#include "server/api/top.h"

namespace tapiary::server {
namespace {

// Unique for the values: each with its length.
std::string KeyOf(const std::vector<TopValue>& values) {
  std::string key;
  for (const TopValue& value : values) {
    key += value.absent ? "-" : std::to_string(value.text.size());
    key += ':' + value.text;
  }
  return key;
}

void AddSums(const std::vector<double>& from, std::vector<double>* to) {
  for (std::size_t i = 0; i < to->size(); ++i) (*to)[i] += from[i];
}

}  // namespace

void TopTable::Add(const std::vector<std::vector<TopValue>>& values,
                   const std::vector<TopValue>& distinct, const std::vector<double>& sums) {
  AddSums(sums, &total_);
  std::vector<std::vector<TopValue>> chosen = {{}};
  for (const std::vector<TopValue>& ends : values) {
    std::vector<std::vector<TopValue>> longer;
    for (const auto& head : chosen) {
      for (std::size_t i = 0; i < ends.size(); ++i) {
        // An end without the field is a group of its own only when no end has it.
        const bool repeated = i > 0 && (ends[i] == ends[0] || ends[i].absent);
        const bool empty = i == 0 && ends[0].absent && ends.size() > 1 && !ends[1].absent;
        if (repeated || empty) continue;
        longer.push_back(head);
        longer.back().push_back(ends[i]);
      }
    }
    chosen = std::move(longer);
  }
  for (const auto& group : chosen) AddTo(group, distinct, sums);
}

void TopTable::AddTo(const std::vector<TopValue>& values, const std::vector<TopValue>& distinct,
                     const std::vector<double>& sums) {
  std::string key = KeyOf(values);
  auto found = groups_.find(key);
  if (found == groups_.end()) {
    if (groups_.size() >= max_groups_) {
      groups_whole_ = false;
      return AddSums(sums, &other_);
    }
    found = groups_.emplace(std::move(key), TopGroup{values, std::vector<double>(sums.size()), {}})
                .first;
  }
  TopGroup& group = found->second;
  AddSums(sums, &group.sums);
  for (const TopValue& value : distinct) {
    if (value.absent || group.distinct.contains(value.text)) continue;
    if (distinct_count_ >= max_distinct_) {
      distinct_whole_ = false;
      continue;
    }
    ++distinct_count_;
    group.distinct.insert(value.text);
  }
}

std::vector<const TopGroup*> TopTable::Largest(std::size_t limit, std::size_t by,
                                               bool by_distinct) const {
  std::vector<const TopGroup*> all;
  all.reserve(groups_.size());
  for (const auto& [key, group] : groups_) all.push_back(&group);
  const auto before = [by, by_distinct](const TopGroup* a, const TopGroup* b) {
    if (by_distinct && a->distinct.size() != b->distinct.size()) {
      return a->distinct.size() > b->distinct.size();
    }
    if (!by_distinct && a->sums[by] != b->sums[by]) return a->sums[by] > b->sums[by];
    return KeyOf(a->values) < KeyOf(b->values);
  };
  const std::size_t count = std::min(limit, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                    before);
  all.resize(count);
  return all;
}

}  // namespace tapiary::server
