// JsonFields: the members of a JSON object in a request's body, each known and a text, flag or
// null.
//
// What a small write route takes. Members that the route does not know are refused, so that a
// typing error does not pass as "not given". One thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "server/http/handler.h"

namespace tapiary::server {

class JsonFields {
 public:
  // kInvalid when the body is no such object, kTooLarge beyond `max_bytes`. An empty body is an
  // empty object. Errors name members, never values: these may be secrets.
  static base::Result<JsonFields> Read(BodySource& body, std::size_t max_bytes,
                                       const std::vector<std::string_view>& known);
  // kInvalid when it is not there or no text.
  [[nodiscard]] base::Result<std::string> Text(const std::string& name) const;
  // Nothing when it is not there or null; kInvalid when it is of another type.
  [[nodiscard]] base::Result<std::optional<std::string>> OptionalText(
      const std::string& name) const;
  [[nodiscard]] base::Result<std::optional<bool>> OptionalFlag(const std::string& name) const;
  [[nodiscard]] bool Has(const std::string& name) const { return values_.contains(name); }

 private:
  std::map<std::string, std::variant<std::string, bool>> values_;
};

}  // namespace tapiary::server
