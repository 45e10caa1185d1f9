#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/ingest/event_mapping.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

std::string Error(const std::string& text) {
  EventMappings mappings;
  const auto parsed = mappings.Parse(text, "m.yaml");
  EXPECT_TRUE(mappings.empty() || parsed) << "half of a file is kept";
  return parsed ? "" : parsed.error().message;
}

TEST(EventMappingYaml, ErrorsNameFileAndLine) {
  const std::string head = "mappings:\n- name: x\n  match: {a: 1}\n";
  EXPECT_EQ(Error(head), "");
  const std::pair<const char*, const char*> cases[] = {
      {"  fields: {user.nam: u}\n", "m.yaml:4: 'user.nam' is no field of events"},
      {"  set: {source.port: 70000}\n", "m.yaml:4: not a value for this field"},
      {"  set:\n    event.action: banana\n",
       "m.yaml:5: not a value for this field, which is one of: connect disconnect "},
      {"  set: {event.outcome: maybe}\n",
       "m.yaml:4: not a value for this field, which is one of: success failure"},
      {"  time: {format: epoch}\n", "m.yaml:4: time needs a path"},
      {"  time: {path: t, format: unix}\n", "m.yaml:4: a time's format is"},
      {"  time: {path: t, zone: CET}\n", "m.yaml:4: a zone is UTC"},
      {"  time: {path: t, x: y}\n", "m.yaml:4: time has path, format and zone"},
      {"  fields: [a]\n", "m.yaml:4: 1 to 100 lines"},
      {"  fields: {user.name: {a: b}}\n", "m.yaml:4: one value is expected"},
      {"  extra: 1\n", "m.yaml:4: a mapping has name, match"},
  };
  for (const auto& [line, message] : cases) {
    EXPECT_THAT(Error(head + line), testing::StartsWith(message)) << line;
  }
}

TEST(EventMappingYaml, FilesThatAreNone) {
  for (const char* text : {"", "[]", "mappings: []", "mappings: 5", "other: 1", "mappings: [5]",
                           "mappings: [{name: x}]", "mappings: [{match: {a: 1}}]",
                           "mappings: [{name: 'a b', match: {a: 1}}]", "mappings: [", "\xff"}) {
    EXPECT_THAT(Error(text), testing::StartsWith("m.yaml:")) << text;
  }
}

TEST(EventMappingYaml, LoadsFromAFile) {
  const base::TempFolder folder;
  EventMappings mappings;
  EXPECT_TRUE(mappings.empty());
  EXPECT_FALSE(mappings.Load(folder.path() + "/none.yaml"));
  const auto loaded =
      mappings.Load(folder.File("m.yaml", "mappings:\n- {name: x, match: {a: 1}}\n"));
  EXPECT_TRUE(loaded) << loaded.error().message;
  EXPECT_FALSE(mappings.empty());
}

}  // namespace
}  // namespace tapiary::server
