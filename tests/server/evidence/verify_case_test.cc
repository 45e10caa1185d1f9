#include "server/evidence/verify_case.h"

#include <utility>
#include <vector>

#include "server/evidence/case_archive.h"

#include <map>
#include "server/evidence/signed_text.h"
#include "tests/server/evidence/zip_file.h"

namespace tapiary::server::test {
namespace {

using Texts = std::vector<std::string>;
using Members = std::vector<std::pair<std::string, std::string>>;

const uplink::SigningKey& Key() {
  static const uplink::SigningKey key({7});
  return key;
}

std::string Statement(const std::string& text) {
  return text.substr(0, text.size() - 1) + ",\"jws\":\"" + SignedText(Key(), text) + "\"}\n";
}

Members Honest() {
  return {{"capture.pcapng", std::string(100'000, 'p')},
          {"flows.ndjson", "{\"id\":\"a.1.1\"}\n"},
          {"completeness.ndjson", Statement(R"({"offered":1})") + Statement(R"({"offered":2})")}};
}

// As a collector makes it: name to content, in order.
Members Made(Members members) {
  std::vector<CaseMember> sources;
  for (const auto& [name, content] : members) {
    sources.push_back({name, [text = content]() mutable -> base::Result<std::string> {
                         return std::exchange(text, "");
                       }});
  }
  CaseArchive archive(
      std::move(sources), [] { return R"({"by":"ann"})"; }, Key());
  std::string bytes;
  std::vector<char> buffer(10'000);
  for (;;) {
    const auto size = archive.Read(buffer);
    if (!size || *size == 0) break;
    bytes.append(buffer.data(), *size);
  }
  const ZipFile file(bytes);
  const auto reader = file.Open();
  Members made;
  for (const ZipEntry& entry : reader->entries()) {
    made.emplace_back(entry.name, *ContentOf(*reader, entry));
  }
  return made;
}

// What somebody else packs.
std::string Pack(const Members& members) {
  ZipWriter zip(0);
  std::vector<std::uint8_t> out;
  for (const auto& [name, content] : members) {
    EXPECT_TRUE(zip.Begin(name, out));
    EXPECT_TRUE(zip.Write(content, out));
    EXPECT_TRUE(zip.End(out));
  }
  zip.Finish(out);
  return std::string(base::AsText(out));
}

std::string& At(Members& members, const std::string& name) {
  for (auto& [other, content] : members) {
    if (other == name) return content;
  }
  static std::string none;
  return none;
}

Texts Findings(const std::string& bytes, const std::string& key = {}) {
  const ZipFile file(bytes);
  Texts findings;
  VerifyVisitor visitor;
  visitor.finding = [&findings](const Finding& finding) {
    findings.push_back(std::string(ToString(finding.code)) + " " + finding.item);
  };
  const auto counts = VerifyCase(file.path(), {key}, visitor);
  if (!counts) return {"error " + counts.error().message};
  EXPECT_EQ(counts->findings, findings.size());
  return findings;
}

TEST(VerifyCase, AnHonestCaseHasNoFindings) {
  const ZipFile file(Pack(Made(Honest())));
  const std::string key = base::ToHex(Key().public_key());
  const auto counts = VerifyCase(file.path(), {key}, {});
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->findings, 0U);
  EXPECT_EQ(counts->members, 4U);
  EXPECT_EQ(counts->statements, 2U);
  EXPECT_EQ(counts->by, "ann");
  EXPECT_EQ(counts->key, key);
  EXPECT_TRUE(counts->key_known);
}

TEST(VerifyCase, NamesWhatWasAlteredAddedAndTakenAway) {
  Members members = Made(Honest());
  At(members, "capture.pcapng")[70'000] = 'q';
  EXPECT_EQ(Findings(Pack(members)), Texts{"altered capture.pcapng"});
  members = Made(Honest());
  members.emplace_back("more.txt", "x");
  EXPECT_EQ(Findings(Pack(members)), Texts{"added more.txt"});
  members = Made(Honest());
  std::erase_if(members, [](const auto& one) { return one.first == "flows.ndjson"; });
  EXPECT_EQ(Findings(Pack(members)), Texts{"missing flows.ndjson"});
  members = Made(Honest());
  members.emplace_back("flows.ndjson", "{\"id\":\"a.1.1\"}\n");
  EXPECT_EQ(Findings(Pack(members)), Texts{"added flows.ndjson"});
}

TEST(VerifyCase, AManifestThatFollowsTheForgeryHasNoSignature) {
  Members honest = Made(Honest());
  Members lie = Honest();
  At(lie, "flows.ndjson") = "{}\n";
  Members forged = Made(lie);
  At(forged, "manifest.jws") = At(honest, "manifest.jws");
  EXPECT_EQ(Findings(Pack(forged)), Texts{"altered manifest.json"});
  At(forged, "manifest.jws") = "e30.e30.e30";
  EXPECT_EQ(Findings(Pack(forged)), Texts{"unsigned manifest.jws"});
  std::erase_if(forged, [](const auto& one) { return one.first == "manifest.jws"; });
  EXPECT_EQ(Findings(Pack(forged)), Texts{"unsigned manifest.jws"});
}

TEST(VerifyCase, AnotherKeyIsSeenByWhoKnowsTheRightOne) {
  const std::string other = base::ToHex(uplink::SigningKey({8}).public_key());
  EXPECT_EQ(Findings(Pack(Made(Honest())), other), Texts{"unsigned manifest.json"});
}

TEST(VerifyCase, StatementsHaveTheirOwnSignatures) {
  Members lie = Honest();
  std::string& lines = At(lie, "completeness.ndjson");
  lines.replace(lines.find(":1,"), 3, ":9,");
  EXPECT_EQ(Findings(Pack(Made(lie))), Texts{"altered completeness.ndjson line 1"});
  lines = Statement(R"({"offered":1})") + "{\"offered\":3}\n";
  EXPECT_EQ(Findings(Pack(Made(lie))), Texts{"altered completeness.ndjson line 2"});
}

TEST(VerifyCase, WhatIsNoCaseIsAnError) {
  EXPECT_TRUE(Findings("no archive at all, and longer than an end").at(0).starts_with("error"));
  EXPECT_TRUE(Findings(Pack({{"a", "b"}})).at(0).starts_with("error"));
  for (const char* manifest : {"", "[]", "{}", R"({"format":"tapiary-case-1"})",
                               R"({"format":"tapiary-case-1","collector":{"x":5},"members":[]})"}) {
    EXPECT_TRUE(Findings(Pack({{"manifest.json", manifest}})).at(0).starts_with("error"))
        << manifest;
  }
}

}  // namespace
}  // namespace tapiary::server::test
