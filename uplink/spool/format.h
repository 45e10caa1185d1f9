// Keys and values of the spool's column families. Internal. Numbers are big-endian, so that the
// order of keys is the order of delivery. In words: docs/formats/spool.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_cursor.h"
#include "base/result.h"
#include "uplink/spool/spool.h"

namespace tapiary::uplink {

// Rows of the default family.
inline constexpr std::string_view kEpochKey = "m/epoch";        // last epoch begun
inline constexpr std::string_view kCleanKey = "m/clean";        // there after a clean stop
inline constexpr std::string_view kAliveKey = "m/alive";        // wall time of the last round
inline constexpr std::string_view kEvidenceKey = "m/evidence";  // an Evidence of tapiary.proto
inline constexpr std::string_view kPacketsHeadKey = "m/head/packets";
inline constexpr std::string_view kFlowsHeadKey = "m/head/flows";
inline constexpr std::string_view kFactsHeadKey = "m/head/facts";
inline constexpr std::string_view kSegmentPrefix = "s/";  // + place: one per undelivered segment
inline constexpr std::string_view kSegmentEnd = "s0";     // first key after all of them

std::string PlaceKey(Place place);                         // 16 bytes
std::string BlockKey(Place segment, std::uint32_t block);  // 20 bytes
std::string SegmentKey(Place place);                       // kSegmentPrefix + place
base::Result<Place> ParsePlace(std::string_view key);      // the first 16 bytes
inline Place After(Place place) {
  return {place.epoch, place.seq + 1};
}

std::string NumberValue(std::uint64_t number);
base::Result<std::uint64_t> ParseNumber(std::string_view value);

// Delivered rows are deleted by range tombstones only while less than this waits: then they mostly
// never leave the write buffer (measured: 570 instead of 1,020 MiB written for 512). With a long
// backlog a tombstone for the oldest keys beside the newest rows would make every compaction
// rewrite the backlog (820 instead of 400 MiB for 200); there the files are dropped whole, and the
// few rows left before a head are never read.
inline constexpr std::uint64_t kTombstoneBacklog = 24 << 20;

// Where a queue of flows or facts begins, and how many bytes were ever put in before that.
struct Head {
  Place place;
  std::uint64_t before = 0;
};
std::string HeadValue(const Head& head);
base::Result<Head> ParseHead(std::string_view value);

// Value of an item in flows and facts: header, then the body.
struct ItemHeader {
  std::int64_t stored_ns = 0;
  std::uint64_t before = 0;  // bytes of all items before it: sizes without scanning
};
inline constexpr std::size_t kItemHeaderBytes = 17;
std::string ItemValue(const ItemHeader& header, std::string_view body);
base::Result<ItemHeader> ParseItem(std::string_view value, std::string_view* body);

// Value of a block in packets: header, then the frame.
struct BlockHeader {
  std::uint64_t number = 0;
  std::uint32_t packets = 0;
  std::uint32_t raw_bytes = 0;
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
};
std::string BlockValue(const StoredBlock& block);
base::Result<BlockHeader> ParseBlock(std::string_view value, std::string_view* frame);

// One segment: what its blocks add up to. Stored with each of its rounds.
struct SegmentRow {
  bool closed = false;
  std::uint32_t stream = 0;
  std::uint64_t first_block = 0;
  std::uint32_t blocks = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t packets = 0;
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
  std::int64_t opened_ns = 0;  // wall clock
  std::string interface;
  void Add(const BlockHeader& block, std::size_t frame_bytes);
};
std::string SegmentValue(const SegmentRow& row);
base::Result<SegmentRow> ParseSegment(std::string_view value);

}  // namespace tapiary::uplink
