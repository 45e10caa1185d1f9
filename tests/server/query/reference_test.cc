#include "server/query/reference.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "server/query/field.h"

namespace tapiary::server {
namespace {

// docs/filter.md is made from the field table; TAPIARY_UPDATE_DOCS=1 writes it.
TEST(FilterReference, DocumentIsCurrent) {
  const std::string path = std::string(TAPIARY_SOURCE_DIR) + "/docs/filter.md";
  if (std::getenv("TAPIARY_UPDATE_DOCS") != nullptr) {
    std::ofstream(path) << FilterReferenceMarkdown();
  }
  std::stringstream stored;
  stored << std::ifstream(path).rdbuf();
  EXPECT_EQ(stored.str(), FilterReferenceMarkdown());
}

TEST(FilterReference, JsonListsEveryField) {
  const auto json = nlohmann::json::parse(FilterFieldsJson());
  ASSERT_EQ(json["fields"].size(), FilterFields().size());
  for (const auto& field : json["fields"]) {
    EXPECT_FALSE(field["name"].get<std::string>().empty());
    EXPECT_FALSE(field["sentence"].get<std::string>().empty());
  }
}

}  // namespace
}  // namespace tapiary::server
