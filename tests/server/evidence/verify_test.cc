#include "server/evidence/verify.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "server/evidence/keys.h"
#include "tests/capture/support/meter_run.h"
#include "tests/server/ingest/fixture.h"
#include "tests/server/support/signing_sensor.h"

namespace tapiary::server::test {
namespace {

using uplink::ItemKind;

class Verify : public IngestFixture {
 protected:
  // Two segments, two flows items and three facts items, the last of which is not told.
  void StoreAll(SigningSensor& sensor, std::uint64_t epoch) {
    for (std::uint64_t i = 0; i < 2; ++i) {
      StoreFlows(sensor, epoch, i);
      StoreSegment(sensor, epoch, i);
      StoreFacts(sensor, epoch, i);
    }
    StoreFacts(sensor, epoch, 2);
  }
  void StoreFlows(SigningSensor& sensor, std::uint64_t epoch, std::uint64_t seq) {
    uplink::FlowBatch batch{.epoch = epoch, .seq = seq, .flows = {}};
    capture::FlowRecord flow;
    flow.id = {epoch, seq};
    flow.service = "modbus";
    flow.orig.bytes = 100;
    batch.flows.push_back(flow);
    const std::string body = uplink::EncodeFlows(batch);
    sensor.Made(ItemKind::kFlows, epoch, seq, body);
    ASSERT_EQ(Put("flows", epoch, seq, {body}).status, 201);
  }
  void StoreSegment(SigningSensor& sensor, std::uint64_t epoch, std::uint64_t seq) {
    const std::string body = MakeSegment(seq * 10);
    sensor.Made(ItemKind::kSegments, epoch, seq, body);
    ASSERT_EQ(Put("segments", epoch, seq, {body}).status, 201);
  }
  void StoreFacts(SigningSensor& sensor, std::uint64_t epoch, std::uint64_t seq) {
    uplink::FactBatch facts;
    capture::Transaction transaction;
    transaction.flow_id = {epoch, 1};
    transaction.number = static_cast<std::uint32_t>(seq);
    transaction.protocol = "modbus";
    transaction.operation = "write_single_register";
    facts.transactions.push_back(transaction);
    ASSERT_EQ(Put("facts", epoch, seq, {sensor.Facts(facts, epoch, seq)}).status, 201);
  }
  // "code item" of each finding, sorted.
  std::vector<std::string> Findings(VerifyOptions options = {}) {
    std::vector<std::string> found;
    VerifyVisitor visitor;
    visitor.finding = [this, &found](const Finding& finding) {
      found.push_back(std::string(ToString(finding.code)) + " " + finding.item);
      last_text_ = finding.text;
    };
    const auto counts = VerifyStore(*catalog_, *vault_, options, visitor);
    EXPECT_TRUE(counts) << counts.error().message;
    if (counts) {
      counts_ = *counts;
      EXPECT_EQ(counts_.findings, found.size());
    }
    std::ranges::sort(found);
    return found;
  }
  std::string Object(std::uint64_t seq) {
    return Row("SELECT s.object FROM segments s JOIN items i ON i.id = s.item_id WHERE i.seq = " +
               std::to_string(seq))[0];
  }
  std::filesystem::path ObjectFile(std::uint64_t seq) {
    const std::string name = Object(seq);
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder_.path() + "/vault")) {
      if (entry.is_regular_file() && name.ends_with(entry.path().filename().string())) {
        return entry.path();
      }
    }
    return {};
  }
  void Run(std::string_view sql) {
    const auto done = catalog_->Write([sql](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute(sql, {}));
      return {};
    });
    ASSERT_TRUE(done) << done.error().message;
  }

  SigningSensor sensor_{1};
  VerifyCounts counts_;
  std::string last_text_;  // of a finding
};

using Names = std::vector<std::string>;

TEST_F(Verify, WhatIsWholeHasNoFindings) {
  StoreAll(sensor_, 1);
  EXPECT_EQ(Findings(), Names());
  EXPECT_EQ(counts_.items, 7u);
  EXPECT_EQ(counts_.told, 6u);
  EXPECT_EQ(counts_.untold, 1u);
  EXPECT_EQ(counts_.signed_facts, 3u);
  EXPECT_GT(counts_.bytes, 1000u);
}

TEST_F(Verify, CO15_AlteredSwappedCutAndLostObjectsAreNamed) {
  StoreAll(sensor_, 1);
  const auto first = ObjectFile(0);
  const auto second = ObjectFile(1);
  std::filesystem::permissions(first, std::filesystem::perms::owner_all);
  std::filesystem::permissions(second, std::filesystem::perms::owner_all);
  const auto kept = folder_.path() + "/kept";
  std::filesystem::rename(first, kept);
  std::filesystem::rename(second, first);
  std::filesystem::rename(kept, second);
  EXPECT_EQ(Findings(), (Names{"altered segments 1/0", "altered segments 1/1"}));
  std::filesystem::remove(first);
  {
    std::fstream file(second, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(60);
    file.put('x');
  }
  EXPECT_EQ(Findings(), (Names{"altered segments 1/1", "missing segments 1/0"}));
  std::filesystem::resize_file(second, 100);
  EXPECT_EQ(Findings({.objects = false}), (Names{"altered segments 1/1", "missing segments 1/0"}));
}

// Captures that came with curl have a size, checksums, a row and, now, a digest.
TEST_F(Verify, CO15_UploadedCapturesThatRotAreNamed) {
  capture::test::PacketList list;
  ModbusTalk(list);
  ASSERT_EQ(Call("POST", "pcap", {MakePcap(list.packets())}).status, 201);
  const std::string seq = Row("SELECT seq FROM items WHERE kind = 'pcap'")[0];
  const auto file = ObjectFile(std::stoull(seq));
  ASSERT_FALSE(file.empty());
  const std::string name = fmt::format(
      "upload {:x}", std::stoull(Row("SELECT epoch FROM items WHERE kind = 'pcap'")[0]));
  EXPECT_EQ(Findings(), Names());
  EXPECT_EQ(counts_.items, 1u);
  EXPECT_EQ(counts_.untold, 0u);
  EXPECT_EQ(counts_.bytes, std::filesystem::file_size(file));

  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  const auto kept = folder_.path() + "/kept";
  std::filesystem::copy_file(file, kept);
  const auto put = [&file](std::streamoff at, char byte) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(at);
    stream.put(byte);
  };
  put(60, 'x');  // in the block
  EXPECT_EQ(Findings(), (Names{"altered " + name}));
  EXPECT_EQ(Findings({.objects = false}), Names());
  std::filesystem::copy_file(kept, file, std::filesystem::copy_options::overwrite_existing);
  put(static_cast<std::streamoff>(std::filesystem::file_size(file)) - 12, 'x');  // in the index
  EXPECT_EQ(Findings(), (Names{"altered " + name}));
  std::filesystem::copy_file(kept, file, std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(Findings(), Names());
  Run("UPDATE segments SET packets = packets + 1");
  EXPECT_EQ(Findings(), (Names{"altered " + name}));
  std::filesystem::resize_file(file, 100);
  EXPECT_EQ(Findings({.objects = false}), (Names{"altered " + name}));
  std::filesystem::remove(file);
  EXPECT_EQ(Findings({.objects = false}), (Names{"missing " + name}));
  Run("DELETE FROM segments");
  Run("UPDATE items SET removed_ns = 5");
  EXPECT_EQ(Findings(), Names());
  EXPECT_EQ(counts_.removed, 1u);
}

// By one who knows the format: another capture's object, whole, in the place of the first one's.
TEST_F(Verify, CO15_AForgedUploadDoesNotHaveTheDigest) {
  capture::test::PacketList honest;
  honest.Add({1, 2, 3, 4, 5, 6, 7, 8}, capture::test::kStart);
  capture::test::PacketList forged;
  forged.Add({1, 2, 3, 4, 5, 6, 7, 9}, capture::test::kStart);
  ASSERT_EQ(Call("POST", "pcap", {MakePcap(honest.packets())}).status, 201);
  const auto file = ObjectFile(std::stoull(Row("SELECT seq FROM items ORDER BY id")[0]));
  ASSERT_EQ(Call("POST", "pcap", {MakePcap(forged.packets())}).status, 201);
  const auto other = ObjectFile(std::stoull(Row("SELECT seq FROM items ORDER BY id DESC")[0]));
  ASSERT_EQ(std::filesystem::file_size(file), std::filesystem::file_size(other));
  EXPECT_EQ(Findings(), Names());
  EXPECT_EQ(counts_.undigested, 0u);
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  std::filesystem::copy_file(other, file, std::filesystem::copy_options::overwrite_existing);
  const std::string name =
      fmt::format("upload {:x}", std::stoull(Row("SELECT epoch FROM items ORDER BY id")[0]));
  EXPECT_EQ(Findings(), (Names{"altered " + name}));
  // Rows of before have none, and verify says how many.
  Run("UPDATE segments SET digest = NULL");
  EXPECT_EQ(Findings(), Names());
  EXPECT_EQ(counts_.undigested, 2u);
}

TEST_F(Verify, ChangedAndDeletedRowsAreNamed) {
  StoreAll(sensor_, 1);
  Run("UPDATE flows SET orig_bytes = 5 WHERE number = 0");
  EXPECT_EQ(Findings(), (Names{"altered flows 1/0: flow 1.0"}));
  Run("UPDATE flows SET orig_bytes = 100, record = '{\"noise\":\"scan\",' || substr(record, 2) "
      "WHERE number = 0");
  EXPECT_EQ(Findings(), (Names{"altered flows 1/0: flow 1.0"}));
  Run("DELETE FROM flows WHERE number = 0");
  EXPECT_EQ(Findings(), (Names{"missing flows 1/0: flow 1.0"}));
  Run("UPDATE transactions SET code = 7 WHERE number = 1");
  Run("DELETE FROM transactions WHERE number = 0");
  EXPECT_EQ(Findings(),
            (Names{"altered facts 1/1: transaction 1.1.1", "missing facts 1/0: transaction 1.1.0",
                   "missing flows 1/0: flow 1.0"}));
}

TEST_F(Verify, RowsThatRetentionRemovedAreNoFinding) {
  StoreAll(sensor_, 1);
  Run("DELETE FROM flows");
  Run("DELETE FROM transactions");
  EXPECT_EQ(Findings().size(), 5u);
  // Some of them were pinned, so that the items themselves are still there.
  Run("INSERT INTO retained (sensor_id, kind, since_ns, entries, bytes, removed_ns, reason) VALUES "
      "(5, 'flows', 9000000000000000000, 2, 1, 1, 'age'), "
      "(5, 'transactions', 9000000000000000000, 3, 1, 1, 'age')");
  EXPECT_EQ(Findings(), Names());
}

TEST_F(Verify, DeletedItemsAreNamedByWhatTheSensorTold) {
  StoreAll(sensor_, 1);
  Run("DELETE FROM segments WHERE item_id = (SELECT id FROM items WHERE kind = 'segments' AND "
      "seq = 0)");
  EXPECT_EQ(Findings(), (Names{"missing segments 1/0"}));
  Run("DELETE FROM items WHERE kind = 'segments' AND seq = 0");
  EXPECT_EQ(Findings(), (Names{"missing segments 1/0"}));
  // The newest one could still be on its way, but not for ever.
  Run("DELETE FROM segments");
  Run("DELETE FROM items WHERE kind = 'segments'");
  EXPECT_EQ(Findings(), Names());
  EXPECT_EQ(counts_.waiting, 2u);
  VerifyOptions later;
  later.now_ns = base::WallNow() + 25 * 3600 * base::kNanosPerSecond;
  later.objects = false;
  EXPECT_EQ(Findings(later),
            (Names{"added facts 1/2", "missing segments 1/0", "missing segments 1/1"}));
}

TEST_F(Verify, DeletedFactsLeaveAHole) {
  StoreAll(sensor_, 1);
  Run("DELETE FROM item_bodies WHERE item_id = (SELECT id FROM items WHERE kind = 'facts' AND "
      "seq = 1)");
  EXPECT_EQ(Findings(), (Names{"hole chain 1: numbers 3 to 5", "missing facts 1/1"}));
  Run("DELETE FROM chain_runs WHERE first_number = 3");
  EXPECT_EQ(Findings(), (Names{"hole chain 1: numbers 3 to 5", "missing facts 1/1"}));
}

TEST_F(Verify, ARowThatClaimsOtherDigestsIsSeen) {
  StoreAll(sensor_, 1);
  // Both the object's row and its digest changed, as one who owns the database would do.
  Run("UPDATE items SET digest = (SELECT digest FROM items WHERE kind = 'flows' AND seq = 1) "
      "WHERE kind = 'segments' AND seq = 0");
  EXPECT_EQ(Findings(), (Names{"altered segments 1/0", "altered segments 1/0"}));
}

TEST_F(Verify, AForgedBodyIsNotSigned) {
  StoreAll(sensor_, 1);
  SigningSensor thief(2);
  const std::string forged = thief.Facts(1, 1);
  const auto done = catalog_->Write([&forged](SqlWriter& writer) -> base::Result<> {
    const auto digest = base::Sha256Of(base::AsBytes(forged));
    const SqlValue body[] = {std::vector<std::uint8_t>(forged.begin(), forged.end())};
    const SqlValue hash[] = {std::vector<std::uint8_t>(digest.begin(), digest.end())};
    TAPIARY_TRY(
        writer.Execute("UPDATE item_bodies SET body = ? WHERE item_id = (SELECT id FROM "
                       "items WHERE kind = 'facts' AND seq = 1)",
                       body));
    TAPIARY_TRY(
        writer.Execute("UPDATE items SET digest = ? WHERE kind = 'facts' AND seq = 1", hash));
    return {};
  });
  ASSERT_TRUE(done);
  EXPECT_EQ(Findings(), (Names{"altered chain 1: numbers 3 to 5", "altered facts 1/1"}));
}

TEST_F(Verify, AnItemThatNoSensorMadeIsAdded) {
  StoreAll(sensor_, 1);
  SigningSensor unused(9);
  StoreFlows(unused, 1, 7);  // by one who has the token alone
  EXPECT_EQ(Findings(), Names());
  VerifyOptions later;
  later.now_ns = base::WallNow() + 25 * 3600 * base::kNanosPerSecond;
  EXPECT_EQ(Findings(later), (Names{"added facts 1/2", "added flows 1/7"}));
}

TEST_F(Verify, ARestoredCopyOfTheSpoolIsAFork) {
  StoreAll(sensor_, 1);
  SigningSensor copy(1);
  StoreAll(copy, 2);
  const Names found = Findings();
  EXPECT_GE(found.size(), 3u);
  for (const std::string& finding : found) EXPECT_EQ(finding.find("forked chain 1"), 0u);
}

TEST_F(Verify, DroppedByTheSensorOrRemovedByRetentionIsNoFinding) {
  sensor_.Made(ItemKind::kSegments, 1, 8, "never sent");
  sensor_.next_.dropped = {{ItemKind::kSegments, 1, 8, 8, "spool-full"}};
  StoreAll(sensor_, 1);
  EXPECT_EQ(Findings(), Names());
  EXPECT_EQ(counts_.dropped, 1u);
  std::filesystem::remove(ObjectFile(0));
  Run("DELETE FROM segments WHERE item_id IN (SELECT id FROM items WHERE seq = 0)");
  Run("DELETE FROM item_bodies WHERE item_id IN (SELECT id FROM items WHERE seq = 0)");
  Run("UPDATE items SET removed_ns = 5 WHERE seq = 0");
  EXPECT_EQ(Findings(), Names());
  EXPECT_EQ(counts_.removed, 3u);
  // The digests that stay still have to give the chain.
  Run("UPDATE items SET digest = (SELECT digest FROM items WHERE kind = 'flows' AND seq = 1) "
      "WHERE kind = 'flows' AND seq = 0");
  EXPECT_EQ(Findings(), Names());  // one of this run was dropped: nothing can be said
}

TEST_F(Verify, DigestsOfRemovedItemsStillGiveTheChain) {
  StoreAll(sensor_, 1);
  Run("DELETE FROM item_bodies");
  Run("UPDATE items SET removed_ns = 5");
  Run("DELETE FROM segments");
  EXPECT_EQ(Findings(), Names());
  Run("UPDATE items SET digest = (SELECT digest FROM items WHERE kind = 'flows' AND seq = 1) "
      "WHERE kind = 'flows' AND seq = 0");
  EXPECT_EQ(Findings(), (Names{"altered chain 1: numbers 1 to 2"}));
}

TEST_F(Verify, ObjectsWithoutARowAreAdded) {
  vault_ = std::move(*OpenFileVault(folder_.path() + "/vault", "0123abcd"));
  auto pending = std::move(*vault_->Create("plant-a"));
  ASSERT_TRUE(pending->Append(base::AsBytes("x")));
  const auto name = pending->Commit();
  ASSERT_TRUE(name);
  VerifyOptions options;
  options.tag = "0123abcd";
  EXPECT_EQ(Findings(options), Names());  // a crash may have left it just now
  options.orphan_age_ns = 0;
  EXPECT_EQ(Findings(options), (Names{"added object " + *name}));
}

TEST_F(Verify, AKeyThatIsAcceptedLaterCounts) {
  StoreAll(sensor_, 1);
  SigningSensor anew(2, 5);
  StoreAll(anew, 5);
  EXPECT_EQ(Findings(), (Names{"unsigned facts 5/0", "unsigned facts 5/1", "unsigned facts 5/2"}));
  EXPECT_EQ(last_text_,
            "facts signed with a key that nobody has accepted; an admin does with POST "
            "/api/v1/sensors/plant-a/keys {\"key\": \"" +
                base::ToHex(anew.key().public_key()) + "\", \"state\": \"trusted\"}");
  const auto states = EvidenceStates(*catalog_);
  ASSERT_TRUE(states);
  EXPECT_EQ(states->at(0).second.state, "key-changed");
  KeyDecision decision{"plant-a", anew.key().public_key(), true, "root"};
  ASSERT_TRUE(DecideKey(*catalog_, decision));
  EXPECT_EQ(Findings(), Names());
  EXPECT_EQ(counts_.told, 12u);
  EXPECT_EQ(EvidenceStates(*catalog_)->at(0).second.state, "ok");
  EXPECT_EQ(Count("audit WHERE action = 'sensor-key-trusted' AND actor = 'root'"), 1);
}

TEST_F(Verify, StopsWhenAskedTo) {
  StoreAll(sensor_, 1);
  VerifyVisitor visitor;
  visitor.finding = [](const Finding&) {};
  visitor.progress = [](std::uint64_t, std::uint64_t) { return false; };
  EXPECT_EQ(VerifyStore(*catalog_, *vault_, {}, visitor).error().code,
            base::ErrorCode::kUnavailable);
  EXPECT_EQ(VerifyStore(*catalog_, *vault_, {.sensor = "none"}, visitor).error().code,
            base::ErrorCode::kNotFound);
}

// Whoever hides a loss changes what completeness statements are made of.
TEST_F(Verify, TheLedgerAndGapsAreWhatTheSensorTold) {
  constexpr std::int64_t kHour = 3600LL * 1'000'000'000;
  const std::uint64_t epoch = 1;
  for (std::uint64_t seq = 0; seq < 3; ++seq) {
    uplink::FactBatch facts;
    capture::LedgerRow row;
    row.interface = "eth\x01";
    row.time_ns = static_cast<std::int64_t>(seq + 1) * (kHour - 1);
    row.offered = 100 * (seq + 1);
    row.recorded = 90 * (seq + 1);
    row.lost = {{"kernel", 10 * (seq + 1)}};
    facts.ledger = {row, row};
    facts.gaps = {
        {.kind = "packets", .interface = "eth0", .from_ns = 7, .to_ns = 9, .reason = "spool-full"}};
    ASSERT_EQ(Put("facts", epoch, seq, {sensor_.Facts(facts, epoch, seq)}).status, 201);
  }
  ASSERT_EQ(Findings(), Names());

  const auto after = [this](const std::string& undo, const std::string& change) {
    Run("CREATE TABLE kept AS SELECT * FROM " + undo);
    Run(change);
    const auto found = Findings();
    Run("DELETE FROM " + undo);
    Run("INSERT INTO " + undo + " SELECT * FROM kept");
    Run("DROP TABLE kept");
    return found;
  };
  for (const char* const table : {"ledger", "ledger_hours"}) {
    const std::string name = table;
    const auto less = after(
        name, "UPDATE " + name + " SET record = REPLACE(record, '\"kernel\":30', '\"kernel\":0')");
    ASSERT_FALSE(less.empty()) << table;
    EXPECT_EQ(less.back(), "altered facts 1/2: ledger 1: eth\\x01");
    EXPECT_FALSE(after(name, "UPDATE " + name + " SET offered = 1").empty()) << table;
    EXPECT_FALSE(after(name, "UPDATE " + name + " SET record = ''").empty()) << table;
    EXPECT_FALSE(after(name, "DELETE FROM " + name).empty()) << table;
  }
  EXPECT_EQ(after("gaps", "DELETE FROM gaps").size(), 3u);
  EXPECT_EQ(Findings(), Names());
}

}  // namespace
}  // namespace tapiary::server::test
