// The inside of VerifyStore, spread over verify.cc (sensors, objects without rows), verify_chain.cc
// (what sensors told), verify_items.cc (what is stored), verify_records.cc and verify_ledger.cc
// (rows) and verify_uploads.cc (captures without a sensor). Internal. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "server/evidence/verify.h"
#include "uplink/wire/wire.h"

// All but honeypot events, which are rows alone.
#define TAPIARY_VERIFIED_KINDS "('segments', 'flows', 'facts', 'pcap')"

namespace tapiary::server {

struct VerifiedSensor {
  std::int64_t id = 0;
  std::string name;
  bool has_key = false;             // it signs
  std::int64_t signed_from_ns = 0;  // received: since its first key is known
  std::string keys_to_accept;       // how an admin does, of those that nobody has decided on
  // Received before: retention has removed all rows but pinned ones (table `retained`).
  std::int64_t flows_since_ns = 0;
  std::int64_t transactions_since_ns = 0;
  bool holes = false;  // some of what it told was dropped
};

class Verifier {
 public:
  static constexpr std::uint64_t kPerItemBytes = 4096;  // of progress, beside its content

  Verifier(const Catalog& catalog, Vault& vault, const VerifyOptions& options,
           const VerifyVisitor& visitor);
  base::Result<VerifyCounts> Run();

 private:
  // verify.cc
  base::Result<> CountTotal();
  base::Result<std::vector<VerifiedSensor>> Sensors();
  base::Result<> AddPendingKeys(VerifiedSensor* sensor);
  base::Result<> LookForOrphans();
  void Tell(FindingCode code, const VerifiedSensor& sensor, std::string item, std::string text);
  base::Result<> Progress(std::uint64_t more);
  // Reads all rows of a query whose last two parameters are the last row's first column and a
  // limit, page by page; no query is open while the rows of a page are checked (CO-14).
  using Values = std::vector<SqlValue>;
  template <class T, class Read, class Check>
  base::Result<> ForEachRow(std::string_view sql, Values values, Read read, Check check);

  // verify_chain.cc
  struct Chain {
    std::int64_t id = 0;
    std::int64_t epoch = 0;
    std::int64_t forks = 0;
    uplink::PublicKey key{};
  };
  struct StoredRun {
    std::int64_t id = 0, first = 0, last = 0, item_id = 0;
    base::Sha256Digest before{}, after{};
  };
  struct ChainEnds {
    std::int64_t number = 0;
    base::Sha256Digest value{};
  };
  base::Result<> CheckChains(VerifiedSensor& sensor);
  base::Result<> CheckChain(VerifiedSensor& sensor, const Chain& chain);
  base::Result<> CheckRun(VerifiedSensor& sensor, const Chain& chain, const StoredRun& run,
                          ChainEnds* ends);
  base::Result<> CheckTold(VerifiedSensor& sensor, const Chain& chain, const StoredRun& run);
  base::Result<> CheckToldItem(const VerifiedSensor& sensor, const uplink::ChainItem& told,
                               std::int64_t told_ns);
  base::Result<> CheckAbsent(const VerifiedSensor& sensor, const uplink::ChainItem& told,
                             std::int64_t told_ns);
  // From rows alone, when the facts are gone by retention.
  base::Result<> CheckByDigests(VerifiedSensor& sensor, const Chain& chain, const StoredRun& run);

  // verify_items.cc
  struct StoredItemRow {
    std::int64_t id = 0;
    std::string kind;
    std::int64_t epoch = 0, seq = 0, bytes = 0, received_ns = 0;
    base::Sha256Digest digest{};
    bool removed = false, told = false;
    std::int64_t verified = 0;
    [[nodiscard]] std::string Name() const;
  };
  base::Result<> CheckItems(const VerifiedSensor& sensor);
  base::Result<> CheckItem(const VerifiedSensor& sensor, const StoredItemRow& item);
  // Whether the sensor told of it.
  void CheckTale(const VerifiedSensor& sensor, const StoredItemRow& item);
  base::Result<> CheckStored(const VerifiedSensor& sensor, const StoredItemRow& item);
  base::Result<> CheckSegment(const VerifiedSensor& sensor, const StoredItemRow& item);
  // True when it is there with its size.
  base::Result<bool> CheckSize(const VerifiedSensor& sensor, const StoredItemRow& item,
                               const std::string& object, std::uint64_t bytes);
  base::Result<> CheckObject(const VerifiedSensor& sensor, const StoredItemRow& item,
                             const std::string& object);
  // kCorrupt when it cannot be read.
  base::Result<base::Sha256Digest> HashObject(const std::string& object, std::uint64_t bytes);
  base::Result<> CheckBody(const VerifiedSensor& sensor, const StoredItemRow& item);
  base::Result<> CheckRecords(const VerifiedSensor& sensor, const StoredItemRow& item,
                              base::Bytes body);
  base::Result<> CheckFlow(const VerifiedSensor& sensor, const StoredItemRow& item,
                           const capture::FlowRecord& flow);
  base::Result<> CheckTransaction(const VerifiedSensor& sensor, const StoredItemRow& item,
                                  const capture::Transaction& transaction);

  // verify_ledger.cc
  base::Result<> CheckLedger(const VerifiedSensor& sensor, const StoredItemRow& item,
                             const capture::LedgerRow& told);
  base::Result<> CheckGap(const VerifiedSensor& sensor, const StoredItemRow& item,
                          const capture::GapRecord& gap);

  // verify_uploads.cc
  struct UploadedSegment {
    std::string object;
    std::uint64_t bytes = 0;
    std::int64_t stream = 0, first_block = 0, block_count = 0, packets = 0;
    std::vector<std::uint8_t> digest;  // empty: stored before there were any
  };
  base::Result<> CheckUpload(const VerifiedSensor& sensor, const StoredItemRow& item);
  // Its bytes, where a digest tells what they are; else every block.
  base::Result<> CheckContent(const UploadedSegment& segment);

  const Catalog& catalog_;
  Vault& vault_;
  const VerifyOptions options_;
  const VerifyVisitor& visitor_;
  std::int64_t now_ns_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  VerifyCounts counts_;
};

template <class T, class Read, class Check>
base::Result<> Verifier::ForEachRow(std::string_view sql, Values values, Read read, Check check) {
  constexpr std::int64_t kPageRows = 1'000;
  std::int64_t after = 0;
  const std::size_t given = values.size();
  std::vector<T> rows;
  do {
    rows.clear();
    values.resize(given);
    values.emplace_back(after);
    values.emplace_back(kPageRows);
    TAPIARY_TRY(catalog_.Query(sql, values, [&](const SqlRow& row) {
      after = row.Int(0);
      rows.push_back(read(row));
      return true;
    }));
    for (const T& row : rows) TAPIARY_TRY(check(row));
  } while (static_cast<std::int64_t>(rows.size()) == kPageRows);
  return {};
}

template <std::size_t N>
bool TakeBytes(base::Bytes from, std::array<std::uint8_t, N>* to) {
  if (from.size() != N) return false;
  std::copy(from.begin(), from.end(), to->begin());
  return true;
}

}  // namespace tapiary::server
