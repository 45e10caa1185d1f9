// Capture files: the whole reader over any bytes, plain or compressed, and the decompressors alone.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/file.h"
#include "capture/source/decompress.h"
#include "capture/source/packet_source.h"
#include "tests/fuzz/target.h"

namespace tapiary::fuzz {
namespace {

using namespace capture;

constexpr std::uint64_t kMaxExpanded = 4u << 20;
constexpr std::size_t kMinRecordBytes = 12;  // pcapng simple packet block without data: 16

// The sum makes every byte of a packet be read.
std::uint64_t Touch(const Packet& packet, const std::vector<InterfaceInfo>& interfaces) {
  Require(packet.bytes.size() <= kMaxPacketBytes, "a packet has at most kMaxPacketBytes");
  Require(packet.interface < interfaces.size(), "a packet's interface is known");
  std::uint64_t sum = packet.wire_length;
  for (const std::uint8_t byte : packet.bytes) sum += byte;
  return sum;
}

void ReadAll(const std::string& path, std::uint64_t max_packets) {
  const auto source = MakePcapSource({.path = path, .max_expanded_bytes = kMaxExpanded});
  if (!source->Open()) return;
  PacketBatch batch;
  std::uint64_t packets = 0;
  volatile std::uint64_t sum = 0;
  for (;;) {
    const base::Result<NextState> state = source->Next(batch, 0);
    if (!state || *state == NextState::kEnd) break;
    if (*state != NextState::kPackets) continue;
    Require(batch.count > 0 && batch.count <= kBatchSize, "kPackets means packets");
    for (std::uint32_t i = 0; i < batch.count; ++i) {
      sum = sum + Touch(batch.packets[i], source->interfaces());
    }
    packets += batch.count;
    Require(packets <= max_packets, "packets are bounded by bytes");
  }
  Require(source->stats().received == packets, "received counts what was handed out");
  if (source->end_is_cut()) Require(!source->end_note().empty(), "a cut end has a note");
}

}  // namespace

void FuzzReader(Bytes input, const OtProtocol*) {
  static const base::UniqueFd memory(::memfd_create("fuzz", MFD_CLOEXEC));
  Require(memory.get() >= 0, "memfd_create works");
  const auto size = static_cast<off_t>(input.size());
  Require(::ftruncate(memory.get(), size) == 0, "ftruncate works");
  Require(::pwrite(memory.get(), input.data(), input.size(), 0) == size, "pwrite works");
  const Bytes head = input.first(std::min<std::size_t>(input.size(), 4));
  const bool plain = DetectEncoding(head) == Encoding::kPlain;
  ReadAll("/proc/self/fd/" + std::to_string(memory.get()),
          (plain ? input.size() : kMaxExpanded) / kMinRecordBytes + 1);
}

// First byte: which format, and how much input and output each step gets.
void FuzzDecompress(Bytes input, const OtProtocol*) {
  Parts parts(input);
  const std::uint8_t mode = parts.U8();
  const auto decompressor =
      MakeDecompressor((mode & 1) != 0 ? Encoding::kGzip : Encoding::kZstd, 20);
  const std::size_t piece = (mode & 2) != 0 ? 1 : 4096;
  std::array<std::uint8_t, 4096> out;
  const std::size_t room = (mode & 4) != 0 ? 7 : out.size();
  Bytes in = parts.rest();
  std::uint64_t total = 0;
  int idle = 0;
  while (total < kMaxExpanded && idle < 2 && decompressor->fault().empty()) {
    const Bytes now = in.first(std::min(piece, in.size()));
    const Decompressor::Step step = decompressor->Run(now, std::span(out).first(room));
    Require(step.consumed <= now.size(), "no more is consumed than given");
    Require(step.produced <= room, "no more is produced than there is room");
    in = in.subspan(step.consumed);
    total += step.produced;
    idle = step.consumed + step.produced == 0 ? idle + 1 : 0;
  }
}

}  // namespace tapiary::fuzz
