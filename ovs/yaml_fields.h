// Reads one YAML mapping field by field and remembers the first error with its line. Private to the
// .cc files that parse YAML in ovs/: it includes yaml-cpp, so no other header may include it.
#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace tapiary::ovs {

// Shared by all mappings of one file.
struct YamlErrors {
  std::string path;
  std::optional<base::Error> first;
  void Add(const YAML::Mark& mark, const std::string& message);
};

class YamlFields {
 public:
  // A node that is no mapping is an error; all fields are then absent.
  YamlFields(const YAML::Node& node, std::string what, YamlErrors* errors);

  std::string Text(const std::string& key, bool required = true, std::string fallback = "");
  std::optional<std::int64_t> Integer(const std::string& key, std::int64_t min, std::int64_t max);
  bool Boolean(const std::string& key, bool fallback);
  // One scalar or a sequence of scalars.
  std::vector<std::string> Texts(const std::string& key);
  // The items of a sequence; empty when absent.
  std::vector<YAML::Node> Items(const std::string& key);
  YAML::Node Child(const std::string& key);  // undefined when absent
  // Adds an error at the line of `key` (of the mapping when absent).
  void Wrong(const std::string& key, const std::string& message);
  // Adds `result`'s error at the line of `key`.
  void Check(const std::string& key, const base::Result<>& result);
  // Every key that was not asked for is an error.
  void Finish();

 private:
  std::string Scalar(const YAML::Node& node, const std::string& key);
  YAML::Node node_;
  std::string what_;
  YamlErrors* errors_;
  std::set<std::string> known_;
};

}  // namespace tapiary::ovs
