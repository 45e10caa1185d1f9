#include "ovs/yaml_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tapiary::ovs {
namespace {

using testing::ElementsAre;

TEST(YamlFields, KeepsTheFirstErrorOnly) {
  YamlErrors errors{"f", std::nullopt};
  YamlFields fields(YAML::Load("a: 1\nb: x\nc: [1]\n"), "thing", &errors);
  EXPECT_EQ(fields.Integer("a", 0, 10), 1);
  EXPECT_EQ(fields.Integer("b", 0, 10), std::nullopt);
  EXPECT_EQ(fields.Text("c"), "");
  EXPECT_EQ(errors.first->message, "f:2: thing: b must be a number from 0 to 10");
}

TEST(YamlFields, IntegersAreWholeAndInRange) {
  for (const char* text :
       {"a: 11", "a: -1", "a: 1x", "a: 1.0", "a: ''", "a: 99999999999999999999"}) {
    YamlErrors errors{"f", std::nullopt};
    YamlFields fields(YAML::Load(text), "thing", &errors);
    EXPECT_EQ(fields.Integer("a", 0, 10), std::nullopt) << text;
    EXPECT_TRUE(errors.first) << text;
  }
}

TEST(YamlFields, OneOrSeveralTexts) {
  YamlErrors errors{"f", std::nullopt};
  YamlFields fields(YAML::Load("one: x\nmany: [x, y]\nnone:\n"), "thing", &errors);
  EXPECT_THAT(fields.Texts("one"), ElementsAre("x"));
  EXPECT_THAT(fields.Texts("many"), ElementsAre("x", "y"));
  EXPECT_TRUE(fields.Texts("none").empty());
  EXPECT_TRUE(fields.Texts("absent").empty());
  fields.Finish();
  EXPECT_FALSE(errors.first);
}

}  // namespace
}  // namespace tapiary::ovs
