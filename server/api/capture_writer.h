// CaptureWriter: packets of several sensors as one capture file, pcapng or classic pcap.
//
// pcapng: one section, whose comment says what was asked for; one interface per (sensor,
// interface), described when its first packet comes, its counts at the section's end; a new
// section, with a comment, wherever packets are missing. pcap: one link type only,
// nanosecond or (cut) microsecond times, no comments. Appends to a buffer, so a
// download never exists as a whole (CO-12). One owner, no thread rule.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/result.h"
#include "capture/packet.h"
#include "capture/segment/pcapng.h"
#include "capture/source/packet_source.h"
#include "server/api/host_names.h"

namespace tapiary::server {

enum class CaptureFormat : std::uint8_t { kPcapng, kPcapNanos, kPcapMicros };

class CaptureWriter {
 public:
  // Nothing when it is not known what the interface saw.
  using Counts = std::function<std::optional<capture::InterfaceCounts>(std::string_view sensor,
                                                                       const std::string& name)>;
  // `names` may be null; else it outlives the writer.
  explicit CaptureWriter(CaptureFormat format, std::string comment = {}, Counts counts = {},
                         const HostNames* names = nullptr)
      : format_(format), counts_(std::move(counts)), names_(names) {
    if (format == CaptureFormat::kPcapng) comment_ = std::move(comment);
  }

  // `interface` is what the stored block says of the packet's interface. kUnsupported for a second
  // link type in a classic pcap: the file cannot hold it.
  base::Result<> Append(const capture::Packet& packet, std::string_view sensor,
                        const capture::InterfaceInfo& interface, std::vector<std::uint8_t>& out);
  // Says that something is not in the file: in pcapng as the comment of a new section, which begins
  // with the next packet or at the end.
  void Note(std::string_view text);
  // Counts, and the header when no packet came: a valid file without packets.
  void Finish(std::vector<std::uint8_t>& out);

 private:
  void EndSection(std::vector<std::uint8_t>& out);
  void Begin(std::uint16_t link_type, std::vector<std::uint8_t>& out);
  base::Result<> AppendClassic(const capture::Packet& packet, std::uint16_t link_type,
                               std::vector<std::uint8_t>& out);

  CaptureFormat format_;
  Counts counts_;
  const HostNames* names_;
  bool begun_ = false;
  int sections_ = 0;
  std::string comment_;           // of the section that is to begin
  std::uint64_t more_notes_ = 0;  // that its comment had no room for
  std::uint16_t link_type_ = 1;
  // (sensor, interface, link type) to interface id.
  std::map<std::tuple<std::string, std::string, std::uint16_t>, std::uint32_t, std::less<>> ids_;
};

}  // namespace tapiary::server
