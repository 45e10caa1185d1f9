// Inside ingest: the sensor's evidence chain as rows. Each is called inside Catalog::Write, after
// the item's own row.
//
// Facts items tell which items a sensor has made (uplink/wire/evidence.h). What is told and has not
// come waits in `expected_items`; an item that is there says in its row how it stands. Nothing is
// refused for its evidence: what does not fit is stored, marked and alarmed. In words:
// docs/formats/evidence.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/ingest/item.h"
#include "uplink/wire/wire.h"

namespace tapiary::server {

// Column `verified` of items. Never renumber.
enum class Verified : std::uint8_t {
  kNotTold = 0,     // by the sensor, yet
  kYes = 1,         // the sensor told this digest
  kOther = 2,       // the sensor told another digest
  kBadFacts = 3,    // facts without a good signature
  kKeyPending = 4,  // facts signed with a key that nobody has accepted
};

// Keys that wait for an admin, for one sensor; more are only alarmed.
inline constexpr std::int64_t kMaxPendingKeys = 8;

// What an admin sends to accept a key, for messages. Names of sensors may be any bytes.
std::string RequestToAccept(std::string_view sensor, std::span<const std::uint8_t> key);

// The body as it came, so that flows and facts can be verified later.
base::Result<> KeepBody(SqlWriter& writer, const ItemRow& row, base::Bytes body);
// Compares a new item with what the sensor has told of it.
base::Result<> NoteItem(SqlWriter& writer, const Item& item, const ItemRow& row);
// Takes in what a facts item tells. The sensor's first key is trusted from then on (pinned).
base::Result<> TakeEvidence(SqlWriter& writer, const Item& item, const ItemRow& row,
                            const uplink::FactBatch& batch);

}  // namespace tapiary::server
