// Captures that came without a sensor (POST pcap): nobody signed them, and what is stored was made
// here, so no digest says what it must be. Objects must be there, of their size, and every block
// must fit its checksum and the row.
#include <fmt/core.h>

#include "capture/segment/segment.h"
#include "server/evidence/verify_impl.h"

namespace tapiary::server {
namespace {

// What comes again when the vault is well again is no finding.
bool MayPass(const base::Error& error) {
  using base::ErrorCode;
  return error.code == ErrorCode::kIo || error.code == ErrorCode::kUnavailable ||
         error.code == ErrorCode::kTimeout || error.code == ErrorCode::kInternal;
}

}  // namespace

base::Result<> Verifier::CheckUpload(const VerifiedSensor& sensor, const StoredItemRow& item) {
  std::vector<UploadedSegment> segments;
  const SqlValue key[] = {item.id};
  TAPIARY_TRY(catalog_.Query(
      "SELECT object, bytes, stream, first_block, block_count, packets FROM segments "
      "WHERE item_id = ? ORDER BY id",
      key, [&segments](const SqlRow& row) {
        segments.push_back({std::string(row.Text(0)), static_cast<std::uint64_t>(row.Int(1)),
                            row.Int(2), row.Int(3), row.Int(4), row.Int(5)});
        return true;
      }));
  for (const UploadedSegment& segment : segments) {
    TAPIARY_ASSIGN(const bool there, CheckSize(sensor, item, segment.object, segment.bytes));
    if (!there || !options_.objects) continue;
    const auto read = CheckBlocks(segment);
    if (!read && MayPass(read.error())) return read.error();
    if (!read) {
      Tell(FindingCode::kAltered, sensor, item.Name(),
           fmt::format("object {}: {}", segment.object, read.error().message));
    }
    counts_.bytes += segment.bytes;
    TAPIARY_TRY(Progress(segment.bytes));
  }
  return {};
}

base::Result<> Verifier::CheckBlocks(const UploadedSegment& segment) {
  const capture::RangeReader read = [&](std::uint64_t offset, std::size_t size) {
    return vault_.ReadRange(segment.object, offset, size);
  };
  TAPIARY_ASSIGN(const capture::SegmentIndex index, capture::ReadSegmentIndex(segment.bytes, read));
  const bool same = index.stream == segment.stream &&
                    static_cast<std::int64_t>(index.first_block) == segment.first_block &&
                    static_cast<std::int64_t>(index.blocks.size()) == segment.block_count &&
                    static_cast<std::int64_t>(index.packets()) == segment.packets;
  if (!same) {
    return base::MakeError(base::ErrorCode::kCorrupt, "it is not the segment that its row names");
  }
  for (std::size_t i = 0; i < index.blocks.size(); ++i) {
    const auto block = capture::ReadBlock(index.blocks[i], read);
    if (!block) return block.error().WithContext(fmt::format("block {}", i));
  }
  return {};
}

}  // namespace tapiary::server
