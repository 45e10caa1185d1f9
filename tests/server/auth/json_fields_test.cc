#include "server/auth/json_fields.h"

#include "tests/server/auth/fixture.h"

namespace tapiary::server::test {
namespace {

base::Result<JsonFields> Read(const std::string& text, std::size_t most = 1000) {
  TextBody body(text);
  return JsonFields::Read(body, most, {"name", "flag"});
}

TEST(JsonFields, GivesTextsAndFlags) {
  const auto fields = Read(R"({"name":"a\u00e4","flag":true})");
  ASSERT_TRUE(fields);
  EXPECT_EQ(*fields->Text("name"), "a\xc3\xa4");
  EXPECT_EQ(*fields->OptionalFlag("flag"), true);
  EXPECT_FALSE(fields->Text("flag"));
  EXPECT_FALSE(fields->OptionalFlag("name"));
  EXPECT_FALSE(fields->OptionalText("flag"));
}

TEST(JsonFields, NothingGivenIsNothing) {
  for (const char* text : {"", "{}", R"({"name":null})"}) {
    const auto fields = Read(text);
    ASSERT_TRUE(fields) << text;
    EXPECT_FALSE(fields->Has("name"));
    EXPECT_FALSE(*fields->OptionalText("name"));
    EXPECT_FALSE(*fields->OptionalFlag("flag"));
    EXPECT_FALSE(fields->Text("name"));
  }
}

TEST(JsonFields, OtherBodiesAndMembersAreRefusedWithoutTheirValues) {
  for (const char* text :
       {"x", "[]", "1", "\"name\"", "{", "\xff", "{\"name\":\"\xff\"}", R"({"other":"secret"})",
        R"({"name":["secret"]})", R"({"name":1})", R"({"name":"a"} {"name":"b"})"}) {
    const auto fields = Read(text);
    ASSERT_FALSE(fields) << text;
    EXPECT_EQ(fields.error().code, base::ErrorCode::kInvalid);
    EXPECT_EQ(fields.error().message.find("secret"), std::string::npos);
  }
  EXPECT_EQ(Read("{}", 1).error().code, base::ErrorCode::kTooLarge);
  EXPECT_FALSE(Read(std::string(1000, '[')));
}

}  // namespace
}  // namespace tapiary::server::test
