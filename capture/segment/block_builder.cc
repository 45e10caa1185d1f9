#include "capture/segment/block_builder.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "capture/segment/packet_block.h"
#include "capture/segment/pcapng.h"

namespace tapiary::capture {

std::vector<std::unique_ptr<Block>> MakeBlocks(std::size_t count, std::size_t block_bytes) {
  std::vector<std::unique_ptr<Block>> blocks;
  blocks.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto block = std::make_unique<Block>();
    block->data.reserve(std::max(block_bytes, kMinBlockBytes));
    blocks.push_back(std::move(block));
  }
  return blocks;
}

BlockBuilder::BlockBuilder(std::uint32_t stream, const InterfaceInfo& interface,
                           std::string application)
    : stream_(stream) {
  AppendSectionHeader({std::move(application), {}}, header_);
  AppendInterface(interface, header_);
}

bool BlockBuilder::Fits(const Packet& packet) const {
  return block_ != nullptr && PacketBlockSize(packet) <= room();
}

void BlockBuilder::Begin(std::unique_ptr<Block> storage) {
  assert(block_ == nullptr);
  block_ = std::move(storage);
  BlockBytes data = std::move(block_->data);
  data.resize(data.capacity());
  *block_ = Block{};
  block_->stream = stream_;
  block_->number = next_number_++;
  block_->first_ns = INT64_MAX;
  block_->last_ns = INT64_MIN;
  block_->data = std::move(data);
  at_ = std::copy(header_.begin(), header_.end(), block_->data.data());
  end_ = block_->data.data() + block_->data.size();
}

std::uint64_t BlockBuilder::Append(const Packet& packet) {
  const std::uint64_t number = TryAppend(packet);
  assert(number != kNoBlock);
  return number;
}

std::uint64_t BlockBuilder::TryAppend(const Packet& packet) {
  const bool usual = IsUsual(packet);
  const std::size_t size = usual ? UsualBlockSize(packet) : PacketBlockSize(packet);
  if (size > room()) return kNoBlock;  // without a block there is none
  if (usual) [[likely]] {
    WriteUsual(packet, 0, size, at_);
  } else {
    WritePacket(packet, 0, size, at_);
  }
  at_ += size;
  Block& block = *block_;
  ++block.packets;
  block.packet_bytes += packet.bytes.size();
  if (packet.time_ns != kTimeUnknown) {
    block.first_ns = std::min(block.first_ns, packet.time_ns);
    block.last_ns = std::max(block.last_ns, packet.time_ns);
  }
  return block.number;
}

std::unique_ptr<Block> BlockBuilder::Close() {
  if (block_ == nullptr || block_->packets == 0) return nullptr;
  block_->data.resize(static_cast<std::size_t>(at_ - block_->data.data()));
  at_ = end_ = nullptr;
  if (block_->last_ns == INT64_MIN) block_->first_ns = block_->last_ns = 0;  // no time is known
  return std::exchange(block_, nullptr);
}

}  // namespace tapiary::capture
