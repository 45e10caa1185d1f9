// Segments in memory for tests: made from packets, read back with a count of what was read.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "capture/segment/segment.h"
#include "server/api/segment_walk.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::server::test {

// One segment; each inner list is a block.
inline std::string MakeSegment(const std::vector<std::vector<capture::Packet>>& blocks,
                               std::uint32_t stream = 0, std::uint64_t first_block = 0,
                               const std::string& interface = "eth0") {
  capture::InterfaceInfo info;
  info.name = interface;
  capture::BlockBuilder builder(stream, info, "tapiary test");
  capture::BlockCompressor compressor;
  capture::SegmentAssembler assembler(stream, first_block);
  std::string segment;
  for (const auto& packets : blocks) {
    builder.Begin(std::move(capture::MakeBlocks(1, capture::kDefaultBlockBytes)[0]));
    for (const capture::Packet& packet : packets) builder.Append(packet);
    const auto block = builder.Close();
    const std::string frame = compressor.Compress(*block, 1).value();
    assembler.Add(frame.size(), block->data.size(), block->packets, block->first_ns,
                  block->last_ns);
    segment += frame;
  }
  return segment + assembler.Tail();
}

class Store {
 public:
  StoredSegment Add(const std::string& sensor, std::string bytes, std::uint32_t stream = 0,
                    std::uint64_t first_block = 0) {
    StoredSegment segment;
    segment.id = static_cast<std::int64_t>(objects_.size()) + 1;
    segment.sensor = sensor;
    segment.sensor_id = sensor == "plant-a" ? 1 : 2;
    segment.interface = "eth0";
    segment.epoch = 7;
    segment.stream = stream;
    segment.first_block = first_block;
    segment.object = "object" + std::to_string(segment.id);
    segment.bytes = bytes.size();
    objects_[segment.object] = std::move(bytes);
    const auto index = capture::ReadSegmentIndex(segment.bytes, Reader(segment)).value();
    segment.first_ns = index.first_ns();
    segment.block_count = index.blocks.size();
    segment.packets = index.packets();
    segments_.push_back(segment);
    return segment;
  }
  std::string& object(const StoredSegment& segment) { return objects_[segment.object]; }

  // In the order of their first packets, as the catalog's feed.
  SegmentFeed Feed() {
    auto left = std::make_shared<std::vector<StoredSegment>>(segments_);
    std::sort(left->begin(), left->end(), [](const StoredSegment& a, const StoredSegment& b) {
      return a.first_ns > b.first_ns;
    });
    return [left]() -> base::Result<std::optional<StoredSegment>> {
      if (left->empty()) return std::optional<StoredSegment>();
      std::optional<StoredSegment> next = left->back();
      left->pop_back();
      return next;
    };
  }
  SegmentOpener Opener() {
    return [this](const StoredSegment& segment) { return Reader(segment); };
  }
  std::uint64_t bytes_read = 0;

 private:
  capture::RangeReader Reader(const StoredSegment& segment) {
    return [this, name = segment.object](std::uint64_t offset,
                                         std::size_t size) -> base::Result<std::string> {
      const std::string& bytes = objects_[name];
      if (offset > bytes.size() || size > bytes.size() - offset) {
        return base::MakeError(base::ErrorCode::kCorrupt, "the object ends before");
      }
      bytes_read += size;
      return bytes.substr(offset, size);
    };
  }
  std::map<std::string, std::string> objects_;
  std::vector<StoredSegment> segments_;
};

}  // namespace tapiary::server::test
