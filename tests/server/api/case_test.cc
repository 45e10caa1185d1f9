#include "server/api/case.h"

#include <fstream>
#include <optional>

#include "server/evidence/collector_key.h"
#include "server/evidence/verify_case.h"
#include "tests/server/api/fixture.h"
#include "tests/server/evidence/zip_file.h"

namespace tapiary::server::test {
namespace {

class CaseApi : public ApiFixture {
 protected:
  void SetUp() override {
    ApiFixture::SetUp();
    key_ = *OpenCollectorKey(*catalog_, folder_ + "/evidence.key");
    router_ = std::make_unique<Router>(ApiRoutes({*catalog_, *vault_, nullptr, nullptr, &*key_}));
  }
  std::map<std::string, std::string> Contents(const std::string& bytes) {
    const ZipFile file(bytes);
    const auto reader = file.Open();
    EXPECT_TRUE(reader);
    std::map<std::string, std::string> contents;
    if (!reader) return contents;
    for (const ZipEntry& entry : reader->entries()) {
      contents[entry.name] = *ContentOf(*reader, entry);
    }
    return contents;
  }
  static std::ptrdiff_t Lines(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  }

  std::optional<uplink::SigningKey> key_;
};

TEST_F(CaseApi, HasPacketsRecordsStatementsAndProvesItself) {
  StoreModbus(30);
  Execute("INSERT INTO audit (time_ns, actor, action, detail) VALUES (?, 'plant-a', ?, 'x')",
          {INT64_MAX - 1, "item-altered"});
  Execute("INSERT INTO audit (time_ns, actor, action, detail) VALUES (?, 'bob', ?, 'secret')",
          {INT64_MAX - 1, "search"});
  Response response = Get("/api/v1/case", {{"filter", "modbus"}, {"note", "case <12>"}});
  ASSERT_EQ(response.status, 200) << response.body;
  const std::string bytes = Body(response, 3000);
  auto contents = Contents(bytes);
  EXPECT_EQ(contents.size(), 12U);
  EXPECT_EQ(Lines(contents["flows.ndjson"]), 30);
  EXPECT_EQ(Lines(contents["transactions.ndjson"]), 60);
  EXPECT_EQ(Lines(contents["completeness.ndjson"]), 1);
  EXPECT_EQ(Lines(contents["audit.ndjson"]), 2);  // with the collector's key
  EXPECT_EQ(contents["audit.ndjson"].find("secret"), std::string::npos);
  EXPECT_EQ(PacketsOf(contents["capture.pcapng"]).size(), 300U);
  const auto manifest = nlohmann::json::parse(contents["manifest.json"]);
  EXPECT_EQ(manifest["note"], "case <12>");
  EXPECT_EQ(manifest["asked"]["filter"], "modbus");
  EXPECT_EQ(manifest["missing_parts_of_capture"], 0);
  const ZipFile file(bytes);
  const auto counts = VerifyCase(file.path(), {}, {});
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->findings, 0U);
  EXPECT_EQ(counts->statements, 1U);
}

TEST_F(CaseApi, SaysThatItsCaptureIsNotWhole) {
  StoreModbus(30);
  Execute("DELETE FROM segments WHERE first_block = (SELECT MIN(first_block) FROM segments)");
  Response response = Get("/api/v1/case", {{"filter", "modbus"}});
  ASSERT_EQ(response.status, 200) << response.body;
  const ZipFile file(Body(response));
  const auto counts = VerifyCase(file.path(), {}, {});
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->findings, 0U);
  EXPECT_EQ(counts->missing_parts, 1U);
}

TEST_F(CaseApi, MoreThanAPageOfRecordsIsThere) {
  StoreModbus(1100);
  Response response = Get("/api/v1/case", {{"filter", "modbus"}});
  ASSERT_EQ(response.status, 200);
  auto contents = Contents(Body(response, 100'000));
  EXPECT_EQ(Lines(contents["flows.ndjson"]), 1100);
  EXPECT_EQ(Lines(contents["transactions.ndjson"]), 2200);
}

TEST_F(CaseApi, OfNothingItIsStillACase) {
  Response response = Get("/api/v1/case", {{"filter", "ip.addr == 192.0.2.99"}});
  ASSERT_EQ(response.status, 200);
  const ZipFile file(Body(response));
  const auto counts = VerifyCase(file.path(), {}, {});
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->findings, 0U);
}

TEST_F(CaseApi, RefusesWhatIsAskedWrongly) {
  EXPECT_EQ(Get("/api/v1/case", {{"filter", "modbus.nonsense"}}).status, 400);
  EXPECT_EQ(Get("/api/v1/case", {{"what", "all"}}).status, 400);
  EXPECT_EQ(Get("/api/v1/case", {{"note", std::string(5000, 'x')}}).status, 400);
  router_ = std::make_unique<Router>(ApiRoutes({*catalog_, *vault_}));
  EXPECT_EQ(Get("/api/v1/case").status, 503);
}

}  // namespace
}  // namespace tapiary::server::test
