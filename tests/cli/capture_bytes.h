// Capture files as a collector writes them, for tests of what reads its answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/text.h"
#include "capture/segment/pcapng.h"

namespace tapiary::cli {

class CaptureBytes {
 public:
  CaptureBytes& Section(const std::string& comment = "asked for") {
    capture::AppendSectionHeader({.application = "test", .comment = comment}, out_);
    return *this;
  }
  CaptureBytes& Interface(const std::string& name) {
    capture::InterfaceInfo info;
    info.name = name;
    capture::AppendInterface(info, out_);
    return *this;
  }
  // One packet whose bytes are `text`, at second `second`.
  CaptureBytes& Packet(std::uint32_t interface, const std::string& text, std::int64_t second = 1) {
    capture::Packet packet;
    packet.bytes = base::AsBytes(text);
    packet.wire_length = static_cast<std::uint32_t>(text.size());
    packet.time_ns = second * 1'000'000'000;
    capture::AppendPacket(packet, interface, out_);
    return *this;
  }
  CaptureBytes& Counts(std::uint32_t interface) {
    capture::AppendStatistics({.received = 7, .comment = "c"}, interface, out_);
    return *this;
  }
  CaptureBytes& PcapHeader(std::uint32_t link_type = 1) {
    for (const std::uint32_t word : {0xa1b23c4du, 0x00040002u, 0u, 0u, 262144u, link_type}) {
      Word(word);
    }
    return *this;
  }
  CaptureBytes& Record(const std::string& text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    for (const std::uint32_t word : {1u, 2u, size, size}) Word(word);
    out_.insert(out_.end(), text.begin(), text.end());
    return *this;
  }
  CaptureBytes& Word(std::uint32_t word) {
    for (int shift = 0; shift < 32; shift += 8) {
      out_.push_back(static_cast<std::uint8_t>(word >> shift));
    }
    return *this;
  }
  [[nodiscard]] std::string str() const { return {out_.begin(), out_.end()}; }

 private:
  std::vector<std::uint8_t> out_;
};

}  // namespace tapiary::cli
