#include "ovs/yaml_fields.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"

namespace tapiary::ovs {

void YamlErrors::Add(const YAML::Mark& mark, const std::string& message) {
  if (first) return;
  const int line = mark.is_null() ? 1 : mark.line + 1;
  first = base::MakeError(base::ErrorCode::kInvalid, fmt::format("{}:{}: {}", path, line, message));
}

YamlFields::YamlFields(const YAML::Node& node, std::string what, YamlErrors* errors)
    : what_(std::move(what)), errors_(errors) {
  if (node.IsMap()) {
    node_.reset(node);
  } else {
    errors_->Add(node.Mark(), what_ + " must be a mapping (key: value)");
  }
}

YAML::Node YamlFields::Child(const std::string& key) {
  known_.insert(key);
  // The const access: the other one would create what it does not find.
  const YAML::Node& node = node_;
  return node.IsMap() ? node[key] : YAML::Node(YAML::NodeType::Undefined);
}

std::string YamlFields::Scalar(const YAML::Node& node, const std::string& key) {
  if (node.IsScalar()) return node.Scalar();
  errors_->Add(node.Mark(), fmt::format("{}: {} must be one value", what_, key));
  return "";
}

std::string YamlFields::Text(const std::string& key, bool required, std::string fallback) {
  const YAML::Node child = Child(key);
  if (child.IsDefined() && !child.IsNull()) return Scalar(child, key);
  if (required && node_.IsMap()) Wrong(key, "needs " + key);
  return fallback;
}

std::optional<std::int64_t> YamlFields::Integer(const std::string& key, std::int64_t min,
                                                std::int64_t max) {
  const YAML::Node child = Child(key);
  if (!child.IsDefined()) return std::nullopt;
  const std::string text = Scalar(child, key);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= min && value <= max) {
    return value;
  }
  Wrong(key, fmt::format("{} must be a number from {} to {}", key, min, max));
  return std::nullopt;
}

bool YamlFields::Boolean(const std::string& key, bool fallback) {
  const std::string text = Text(key, false, fallback ? "true" : "false");
  if (text != "true" && text != "false") Wrong(key, key + " must be true or false");
  return text == "true";
}

std::vector<std::string> YamlFields::Texts(const std::string& key) {
  const YAML::Node child = Child(key);
  std::vector<std::string> texts;
  if (!child.IsDefined() || child.IsNull()) return texts;
  if (!child.IsSequence()) return {Scalar(child, key)};
  for (const YAML::Node& item : child) texts.push_back(Scalar(item, key));
  return texts;
}

std::vector<YAML::Node> YamlFields::Items(const std::string& key) {
  const YAML::Node child = Child(key);
  std::vector<YAML::Node> items;
  if (!child.IsDefined() || child.IsNull()) return items;
  if (!child.IsSequence()) Wrong(key, key + " must be a list");
  if (child.IsSequence()) {
    for (const YAML::Node& item : child) items.push_back(item);
  }
  return items;
}

void YamlFields::Wrong(const std::string& key, const std::string& message) {
  const YAML::Node child = Child(key);
  errors_->Add(child.IsDefined() ? child.Mark() : node_.Mark(), what_ + ": " + message);
}

void YamlFields::Check(const std::string& key, const base::Result<>& result) {
  if (!result) Wrong(key, result.error().message);
}

void YamlFields::Finish() {
  if (!node_.IsMap()) return;
  std::set<std::string> seen;
  for (const auto& pair : node_) {
    const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "?";
    if (!known_.contains(key)) {
      errors_->Add(pair.first.Mark(), fmt::format("{}: unknown key \"{}\" (known: {})", what_,
                                                  base::EscapeBytes(key), fmt::join(known_, ", ")));
    }
    if (!seen.insert(key).second) {
      errors_->Add(pair.first.Mark(), fmt::format("{}: {} is there twice", what_, key));
    }
  }
}

}  // namespace tapiary::ovs
