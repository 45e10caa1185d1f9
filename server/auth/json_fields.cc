#include "server/auth/json_fields.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tapiary::server {
namespace {

base::Error Invalid(std::string message) {
  return base::MakeError(base::ErrorCode::kInvalid, std::move(message));
}

base::Error WrongType(const std::string& name, const char* type) {
  return Invalid("'" + name + "' is " + type);
}

}  // namespace

base::Result<JsonFields> JsonFields::Read(BodySource& body, std::size_t max_bytes,
                                          const std::vector<std::string_view>& known) {
  TAPIARY_ASSIGN(const std::string text, ReadBody(body, max_bytes));
  JsonFields fields;
  if (text.empty()) return fields;
  // Without a callback and exceptions, broken text gives a discarded value.
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return Invalid("the body is a JSON object");
  for (const auto& [name, value] : json.items()) {
    if (std::ranges::find(known, name) == known.end()) {
      return Invalid("there is no member '" + base::EscapeBytes(name.substr(0, 40)) + "'");
    }
    if (value.is_string()) {
      fields.values_.emplace(name, value.get<std::string>());
    } else if (value.is_boolean()) {
      fields.values_.emplace(name, value.get<bool>());
    } else if (!value.is_null()) {
      return WrongType(name, "a text or a flag");
    }
  }
  return fields;
}

base::Result<std::string> JsonFields::Text(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return Invalid("'" + name + "' is missing");
  const auto* const text = std::get_if<std::string>(&found->second);
  if (text == nullptr) return WrongType(name, "a text");
  return *text;
}

base::Result<std::optional<std::string>> JsonFields::OptionalText(const std::string& name) const {
  if (!Has(name)) return std::optional<std::string>();
  TAPIARY_ASSIGN(std::string text, Text(name));
  return std::optional<std::string>(std::move(text));
}

base::Result<std::optional<bool>> JsonFields::OptionalFlag(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::optional<bool>();
  const auto* const flag = std::get_if<bool>(&found->second);
  if (flag == nullptr) return WrongType(name, "true or false");
  return std::optional<bool>(*flag);
}

}  // namespace tapiary::server
