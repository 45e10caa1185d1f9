// CaptureWriter: packets of several sensors as one capture file, pcapng or classic pcap.
//
// pcapng: one section, one interface per (sensor, interface), described when its first packet
// comes; a new section, with a comment, wherever packets are missing. pcap: one link type only,
// nanosecond or (cut) microsecond times, no comments. Appends to a buffer, so a
// download never exists as a whole (CO-12). One owner, no thread rule.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "capture/packet.h"
#include "capture/source/packet_source.h"

namespace tapiary::server {

enum class CaptureFormat : std::uint8_t { kPcapng, kPcapNanos, kPcapMicros };

class CaptureWriter {
 public:
  explicit CaptureWriter(CaptureFormat format) : format_(format) {}

  // `interface` is what the stored block says of the packet's interface. kUnsupported for a second
  // link type in a classic pcap: the file cannot hold it.
  base::Result<> Append(const capture::Packet& packet, std::string_view sensor,
                        const capture::InterfaceInfo& interface, std::vector<std::uint8_t>& out);
  // Says that something is not in the file: in pcapng as the comment of a new section, which begins
  // with the next packet or at the end.
  void Note(std::string_view text);
  // The header, when no packet came: a valid file without packets.
  void Finish(std::vector<std::uint8_t>& out);

 private:
  void Begin(std::uint16_t link_type, std::vector<std::uint8_t>& out);
  base::Result<> AppendClassic(const capture::Packet& packet, std::uint16_t link_type,
                               std::vector<std::uint8_t>& out);

  CaptureFormat format_;
  bool begun_ = false;
  std::string comment_;           // of the section that is to begin
  std::uint64_t more_notes_ = 0;  // that its comment had no room for
  std::uint16_t link_type_ = 1;
  // (sensor, interface, link type) to interface id.
  std::map<std::tuple<std::string, std::string, std::uint16_t>, std::uint32_t, std::less<>> ids_;
};

}  // namespace tapiary::server
