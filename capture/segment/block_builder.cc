#include "capture/segment/block_builder.h"

#include <algorithm>
#include <cassert>
#include <utility>

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
  return block_ != nullptr &&
         block_->data.size() + PacketBlockSize(packet) <= block_->data.capacity();
}

void BlockBuilder::Begin(std::unique_ptr<Block> storage) {
  assert(block_ == nullptr);
  block_ = std::move(storage);
  BlockBytes data = std::move(block_->data);
  *block_ = Block{};
  block_->stream = stream_;
  block_->number = next_number_++;
  block_->data = std::move(data);
  has_time_ = false;
  block_->data.assign(header_.begin(), header_.end());
}

std::uint64_t BlockBuilder::Append(const Packet& packet) {
  return AppendSized(packet, PacketBlockSize(packet));
}

std::optional<std::uint64_t> BlockBuilder::TryAppend(const Packet& packet) {
  if (block_ == nullptr) return std::nullopt;
  const std::size_t size = PacketBlockSize(packet);
  if (size > block_->data.capacity() - block_->data.size()) return std::nullopt;
  return AppendSized(packet, size);
}

std::uint64_t BlockBuilder::AppendSized(const Packet& packet, std::size_t size) {
  Block& block = *block_;
  const std::size_t at = block.data.size();
  block.data.resize(at + size);
  WritePacket(packet, 0, size, block.data.data() + at);
  ++block.packets;
  block.packet_bytes += packet.bytes.size();
  if (packet.time_ns != kTimeUnknown) {
    if (!has_time_) {
      block.first_ns = block.last_ns = packet.time_ns;
      has_time_ = true;
    }
    block.first_ns = std::min(block.first_ns, packet.time_ns);
    block.last_ns = std::max(block.last_ns, packet.time_ns);
  }
  return block.number;
}

std::unique_ptr<Block> BlockBuilder::Close() {
  if (block_ == nullptr || block_->packets == 0) return nullptr;
  return std::exchange(block_, nullptr);
}

}  // namespace tapiary::capture
