// The filter language's reference, made from its field table: docs/filter.md and
// GET /api/v1/filter/fields. Pure; any thread.
#pragma once

#include <string>

namespace tapiary::server {

std::string FilterReferenceMarkdown();
// {"fields": [{"name", "aliases", "type", "value", "tables", "packets", "means", "sentence"}, ...]}
std::string FilterFieldsJson();

}  // namespace tapiary::server
