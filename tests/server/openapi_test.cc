// The OpenAPI document against the routes of a collector that was started with its defaults.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "server/api/openapi.h"
#include "server/api/top_query.h"
#include "server/collector.h"
#include "tests/base/temp_folder.h"
#include "uplink/wire/wire.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::json;

Json Document() {
  return Json::parse(OpenApiDocument(), nullptr, false);
}

constexpr const char* kScopes[] = {"public", "sensor", "viewer", "analyst", "admin"};

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Operation -> role. The page's own files are no part of the interface.
std::map<std::string, std::string> Served(const Collector& collector) {
  std::map<std::string, std::string> found;
  for (const auto& route : collector.routes()) {
    const bool interface = route.pattern.starts_with("/api/") || route.pattern == "/healthz" ||
                           route.pattern == "/metrics";
    if (!interface) continue;
    found[Lower(route.method) + " " + route.pattern] =
        kScopes[static_cast<std::size_t>(route.scope)];
  }
  return found;
}

std::map<std::string, std::string> Documented(const Json& document) {
  std::map<std::string, std::string> found;
  for (const auto& [path, item] : document["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      found[method + " " + path] = operation.value("x-role", "none");
    }
  }
  return found;
}

TEST(OpenApi, DescribesEveryRouteWithItsRoleAndNoOther) {
  base::TempFolder folder;
  CollectorConfig config;
  config.data = folder.path();
  config.listen = {"127.0.0.1:0"};
  const auto options = Complete(config);
  ASSERT_TRUE(options) << options.error().message;
  const auto collector = Collector::Start(*options);
  ASSERT_TRUE(collector) << collector.error().message;
  EXPECT_EQ(Served(**collector), Documented(Document()));
}

void CheckReferences(const Json& document, const Json& part) {
  if (part.is_object() && part.contains("$ref")) {
    const std::string target = part["$ref"].get<std::string>().substr(1);
    EXPECT_TRUE(document.contains(Json::json_pointer(target))) << target;
  }
  for (const auto& child : part) {
    if (child.is_structured()) CheckReferences(document, child);
  }
}

TEST(OpenApi, ReferencesLeadSomewhereAndNamesAreOnce) {
  const Json document = Document();
  ASSERT_TRUE(document.is_object());
  CheckReferences(document, document);
  std::set<std::string> ids, tags;
  for (const auto& tag : document["tags"]) tags.insert(tag["name"]);
  for (const auto& [path, item] : document["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      EXPECT_TRUE(ids.insert(operation["operationId"]).second) << path;
      EXPECT_TRUE(tags.contains(operation["tags"][0])) << path;
      EXPECT_TRUE(operation["responses"].contains("default")) << path;
      EXPECT_EQ(operation["x-role"] == "public", operation.contains("security")) << path;
    }
  }
}

// Parts of a path in braces are exactly the parameters in the path.
// A parameter may stand where it is used, or be a reference.
const Json& Whole(const Json& document, const Json& parameter) {
  const auto reference = parameter.find("$ref");
  if (reference == parameter.end()) return parameter;
  return document[Json::json_pointer(reference->get<std::string>().substr(1))];
}

TEST(OpenApi, PathParametersAreDeclared) {
  const Json document = Document();
  for (const auto& [path, item] : document["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      std::set<std::string> in_path, declared;
      for (std::size_t at = path.find('{'); at != path.npos; at = path.find('{', at + 1)) {
        in_path.insert(path.substr(at + 1, path.find('}', at) - at - 1));
      }
      for (const auto& parameter : operation.value("parameters", Json::array())) {
        const Json& whole = Whole(document, parameter);
        if (whole["in"] == "path") declared.insert(whole["name"]);
      }
      EXPECT_EQ(in_path, declared) << method << " " << path;
    }
  }
}

TEST(OpenApi, ATopIsOrderedByWhatItsListSums) {
  const Json document = Document();
  for (const auto& [path, kind] :
       std::map<std::string, ListKind>{{"flows", ListKind::kFlows},
                                       {"transactions", ListKind::kTransactions},
                                       {"commands", ListKind::kCommands},
                                       {"events", ListKind::kEvents}}) {
    const Json& operation = document["paths"]["/api/v1/" + path + "/top"]["get"];
    for (const auto& parameter : operation["parameters"]) {
      const Json& whole = Whole(document, parameter);
      if (whole["name"] != "by") continue;
      Json measures = TopMeasures(kind);
      EXPECT_EQ(whole["schema"]["default"], measures[0]) << path;
      measures.push_back("distinct");
      EXPECT_EQ(whole["schema"]["enum"], measures) << path;
    }
  }
}

TEST(OpenApi, EpochsAreAsTheServerTakesThem) {
  EXPECT_EQ(Document()["components"]["parameters"]["Epoch"]["schema"]["maximum"],
            uplink::kMaxEpoch);
}

}  // namespace
}  // namespace tapiary::server
