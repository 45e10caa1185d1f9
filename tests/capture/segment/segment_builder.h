// A whole segment for tests, from a list of packets per block.
#pragma once

#include <string>
#include <vector>

#include "capture/segment/segment.h"
#include "tests/capture/source/file_builder.h"

namespace tapiary::capture::test {

inline SeenPacket TestPacket(std::uint32_t number, std::size_t size) {
  return {Payload(size, static_cast<std::uint8_t>(number)),
          1'700'000'000'000'000'001 + number * 1'000'003ll, static_cast<std::uint32_t>(size), 0,
          number % 2 == 0 ? Direction::kInbound : Direction::kUnknown};
}

inline std::string MakeSegment(const std::vector<std::vector<SeenPacket>>& blocks, int level = 3,
                               const InterfaceInfo& interface = {}) {
  BlockBuilder builder(5, interface, "tapiary test");
  BlockCompressor compressor;
  SegmentAssembler assembler(5, 1000);
  std::string segment;
  for (const auto& packets : blocks) {
    builder.Begin(std::move(MakeBlocks(1, kMinBlockBytes)[0]));
    for (const SeenPacket& one : packets) {
      Packet packet;
      packet.bytes = one.bytes;
      packet.time_ns = one.time_ns;
      packet.wire_length = one.wire_length;
      packet.direction = one.direction;
      builder.Append(packet);
    }
    const auto block = builder.Close();
    const std::string frame = compressor.Compress(*block, level).value();
    assembler.Add(frame.size(), block->data.size(), block->packets, block->first_ns,
                  block->last_ns);
    segment += frame;
  }
  return segment + assembler.Tail();
}

inline RangeReader ReaderOf(const std::string& segment) {
  return [&segment](std::uint64_t offset, std::size_t size) -> base::Result<std::string> {
    if (offset > segment.size() || size > segment.size() - offset) {
      return base::MakeError(base::ErrorCode::kIo, "read past the end");
    }
    return segment.substr(offset, size);
  };
}

}  // namespace tapiary::capture::test
