#include "server/evidence/case_archive.h"

#include <map>

#include <nlohmann/json.hpp>

#include "server/evidence/signed_text.h"
#include "tests/server/evidence/zip_file.h"

namespace tapiary::server::test {
namespace {

CaseMember Member(const std::string& name, std::vector<std::string> pieces) {
  return {name, [pieces, at = std::size_t{0}]() mutable -> base::Result<std::string> {
            return at < pieces.size() ? pieces[at++] : std::string();
          }};
}

base::Result<std::string> ReadAll(BodySource& source) {
  std::string all;
  std::vector<char> buffer(777);
  for (;;) {
    TAPIARY_ASSIGN(const std::size_t size, source.Read(buffer));
    if (size == 0) return all;
    all.append(buffer.data(), size);
  }
}

TEST(CaseArchive, HasItsMembersDigestsAndASignedManifest) {
  const uplink::SigningKey key({1});
  std::vector<CaseMember> members;
  members.push_back(Member("a", {"one", "two"}));
  members.push_back(Member("b", {}));
  CaseArchive archive(
      std::move(members), [] { return R"({"by":"ann"})"; }, key);
  const auto bytes = ReadAll(archive);
  ASSERT_TRUE(bytes);
  const ZipFile file(*bytes);
  const auto reader = file.Open();
  ASSERT_TRUE(reader) << reader.error().message;
  std::map<std::string, std::string> content;
  for (const ZipEntry& entry : reader->entries()) content[entry.name] = *ContentOf(*reader, entry);
  EXPECT_EQ(content["a"], "onetwo");
  EXPECT_EQ(content["b"], "");
  EXPECT_EQ(content["SHA256SUMS"].substr(0, 64),
            base::ToHex(base::Sha256Of(base::AsBytes("onetwo"))));
  const auto manifest = nlohmann::json::parse(content["manifest.json"]);
  EXPECT_EQ(manifest["by"], "ann");
  EXPECT_EQ(manifest["format"], kCaseFormat);
  ASSERT_EQ(manifest["members"].size(), 3U);
  EXPECT_EQ(manifest["members"][0]["bytes"], 6);
  std::string jws = content["manifest.jws"];
  jws.pop_back();
  EXPECT_EQ(*OpenSignedText(key.public_key(), jws), content["manifest.json"]);
}

TEST(CaseArchive, AMemberThatFailsBreaksItOff) {
  const uplink::SigningKey key({1});
  std::vector<CaseMember> members;
  members.push_back({"a", []() -> base::Result<std::string> {
                       return base::MakeError(base::ErrorCode::kUnavailable, "gone");
                     }});
  CaseArchive archive(
      std::move(members), [] { return "{}"; }, key);
  EXPECT_FALSE(ReadAll(archive));
}

}  // namespace
}  // namespace tapiary::server::test
