#include "server/retention/policy.h"

#include <algorithm>

#include "base/text.h"

namespace tapiary::server {
namespace {

base::Error Invalid(std::string message) {
  return base::MakeError(base::ErrorCode::kInvalid, std::move(message));
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = text.find_first_not_of(' '); at != text.npos;
       at = text.find_first_not_of(' ', at)) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace

const SensorLimit* RetentionPolicy::Of(DataKind kind, std::string_view sensor) const {
  for (const SensorLimit& limit : sensors) {
    if (limit.kind == kind && limit.sensor == sensor) return &limit;
  }
  return nullptr;
}

base::Result<SensorLimit> ParseSensorLimit(std::string_view text) {
  const std::vector<std::string> words = Words(text);
  if (words.size() != 4) {
    return Invalid("'" + std::string(text) + "' is not SENSOR KIND AGE BYTES");
  }
  SensorLimit limit;
  limit.sensor = words[0];
  TAPIARY_ASSIGN(limit.kind, ParseDataKind(words[1]));
  if (words[2] != "-") {
    TAPIARY_ASSIGN(limit.keep.age_ns, base::ParseDuration(words[2]));
  }
  if (words[3] != "-") {
    TAPIARY_ASSIGN(limit.keep.bytes, base::ParseSize(words[3]));
  }
  if (limit.keep.age_ns < 0 || limit.keep.bytes < 0) return Invalid("a limit below 0");
  return limit;
}

}  // namespace tapiary::server
