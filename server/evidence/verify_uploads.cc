// Captures that came without a sensor (POST pcap): nobody signed them, and what is stored was made
// here. Objects must be there, of their size, with the digest of their row; where a row has none
// (stored before there were any), every block must fit its checksum and the row.
#include <fmt/core.h>

#include <algorithm>

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
      "SELECT object, bytes, stream, first_block, block_count, packets, digest FROM segments "
      "WHERE item_id = ? ORDER BY id",
      key, [&segments](const SqlRow& row) {
        const base::Bytes digest = row.Blob(6);
        segments.push_back({std::string(row.Text(0)),
                            static_cast<std::uint64_t>(row.Int(1)),
                            row.Int(2),
                            row.Int(3),
                            row.Int(4),
                            row.Int(5),
                            {digest.begin(), digest.end()}});
        return true;
      }));
  for (const UploadedSegment& segment : segments) {
    if (segment.digest.empty()) ++counts_.undigested;
    TAPIARY_ASSIGN(const bool there, CheckSize(sensor, item, segment.object, segment.bytes));
    if (!there || !options_.objects) continue;
    const auto read = CheckContent(segment);
    if (!read && MayPass(read.error())) return read.error();
    if (!read) {
      Tell(FindingCode::kAltered, sensor, item.Name(),
           fmt::format("object {}: {}", segment.object, read.error().message));
    }
  }
  return {};
}

base::Result<> Verifier::CheckContent(const UploadedSegment& segment) {
  const capture::RangeReader read = [&](std::uint64_t offset, std::size_t size) {
    return vault_.ReadRange(segment.object, offset, size);
  };
  if (!segment.digest.empty()) {
    TAPIARY_ASSIGN(const base::Sha256Digest digest, HashObject(segment.object, segment.bytes));
    if (!std::ranges::equal(digest, segment.digest)) {
      return base::MakeError(base::ErrorCode::kCorrupt, "it is not what was stored");
    }
  }
  TAPIARY_ASSIGN(const capture::SegmentIndex index, capture::ReadSegmentIndex(segment.bytes, read));
  const bool same = index.stream == segment.stream &&
                    static_cast<std::int64_t>(index.first_block) == segment.first_block &&
                    static_cast<std::int64_t>(index.blocks.size()) == segment.block_count &&
                    static_cast<std::int64_t>(index.packets()) == segment.packets;
  if (!same) {
    return base::MakeError(base::ErrorCode::kCorrupt, "it is not the segment that its row names");
  }
  if (!segment.digest.empty()) return {};
  for (std::size_t i = 0; i < index.blocks.size(); ++i) {
    const auto block = capture::ReadBlock(index.blocks[i], read);
    if (!block) return block.error().WithContext(fmt::format("block {}", i));
  }
  counts_.bytes += segment.bytes;
  return Progress(segment.bytes);
}

}  // namespace tapiary::server
