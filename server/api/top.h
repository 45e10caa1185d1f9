// GET /api/v1/flows/top, /transactions/top, /commands/top, /events/top: the largest groups.
//
// The window is read from its newest end in slices that grow while they are quick, so that the time
// limit leaves a true account of the newest part, and says how far it goes (CO-13). Memory is
// bounded: what is beyond the limit of groups is counted together.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/api/api.h"
#include "server/api/top_query.h"

namespace tapiary::server {

Response HandleTop(const ApiContext& context, ListKind kind, const Request& request);

// A value of a group; "" and absent differ.
struct TopValue {
  bool absent = true;
  std::string text{};
  bool operator==(const TopValue&) const = default;
};

struct TopGroup {
  std::vector<TopValue> values;
  std::vector<double> sums;        // by measure
  std::set<std::string> distinct;  // of the distinct field
};

// Adds up groups; pure.
class TopTable {
 public:
  TopTable(std::size_t measures, std::size_t max_groups, std::size_t max_distinct)
      : max_groups_(max_groups), max_distinct_(max_distinct), total_(measures), other_(measures) {}
  // One row of sums for each way to choose one of every field's values: those of one field are the
  // ends of one flow, so each distinct value counts once.
  void Add(const std::vector<std::vector<TopValue>>& values, const std::vector<TopValue>& distinct,
           const std::vector<double>& sums);
  // The largest by a measure, or by the number of distinct values; equal ones by their values.
  [[nodiscard]] std::vector<const TopGroup*> Largest(std::size_t limit, std::size_t by,
                                                     bool by_distinct) const;
  [[nodiscard]] const std::vector<double>& total() const { return total_; }  // each row once
  [[nodiscard]] std::size_t groups() const { return groups_.size(); }
  // False when there were more groups, or more distinct values, than are kept.
  [[nodiscard]] bool groups_whole() const { return groups_whole_; }
  [[nodiscard]] bool distinct_whole() const { return distinct_whole_; }
  [[nodiscard]] const std::vector<double>& other() const { return other_; }  // of groups not kept

 private:
  void AddTo(const std::vector<TopValue>& values, const std::vector<TopValue>& distinct,
             const std::vector<double>& sums);

  std::size_t max_groups_;
  std::size_t max_distinct_;  // in all groups together
  std::unordered_map<std::string, TopGroup> groups_;
  std::vector<double> total_;
  std::vector<double> other_;
  std::size_t distinct_count_ = 0;
  bool groups_whole_ = true;
  bool distinct_whole_ = true;
};

}  // namespace tapiary::server
