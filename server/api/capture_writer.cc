#include "server/api/capture_writer.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"

namespace tapiary::server {
namespace {

using Buffer = std::vector<std::uint8_t>;

constexpr std::uint32_t kPcapNanosMagic = 0xa1b23c4d;
constexpr std::uint32_t kPcapMicrosMagic = 0xa1b2c3d4;
constexpr std::uint32_t kSnapLength = 262144;
constexpr std::size_t kMaxComment = 960;  // a section header takes 1,024 bytes

void Append32(std::uint32_t value, Buffer& out) {
  for (int shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

void Append16(std::uint16_t value, Buffer& out) {
  out.push_back(static_cast<std::uint8_t>(value));
  out.push_back(static_cast<std::uint8_t>(value >> 8));
}

// Where much has rotted, sections are many, and counts are asked of the catalog.
constexpr int kSectionsWithCounts = 10;

}  // namespace

void CaptureWriter::EndSection(Buffer& out) {
  if (format_ != CaptureFormat::kPcapng || !counts_) return;
  for (const auto& [key, id] : ids_) {
    const auto counts = counts_(std::get<0>(key), std::get<1>(key));
    if (counts) capture::AppendStatistics(*counts, id, out);
  }
}

void CaptureWriter::Begin(std::uint16_t link_type, Buffer& out) {
  if (++sections_ <= kSectionsWithCounts) EndSection(out);
  begun_ = true;
  link_type_ = link_type;
  if (format_ == CaptureFormat::kPcapng) {
    if (more_notes_ > 0) comment_ += fmt::format("and {} more\n", more_notes_);
    capture::AppendSectionHeader(
        {.application = "Tapiary " TAPIARY_VERSION, .comment = std::exchange(comment_, {})}, out);
    if (names_ != nullptr) capture::AppendNames(names_->all(), out);
    more_notes_ = 0;
    ids_.clear();  // interfaces belong to their section
    return;
  }
  Append32(format_ == CaptureFormat::kPcapNanos ? kPcapNanosMagic : kPcapMicrosMagic, out);
  Append16(2, out);
  Append16(4, out);
  Append32(0, out);
  Append32(0, out);
  Append32(kSnapLength, out);
  Append32(link_type, out);
}

base::Result<> CaptureWriter::Append(const capture::Packet& packet, std::string_view sensor,
                                     const capture::InterfaceInfo& interface, Buffer& out) {
  const std::uint16_t link_type = interface.link_type_number;
  if (!begun_ || !comment_.empty()) Begin(link_type, out);
  if (format_ != CaptureFormat::kPcapng) return AppendClassic(packet, link_type, out);
  const auto key = std::make_tuple(std::string(sensor), interface.name, link_type);
  auto found = ids_.find(key);
  if (found == ids_.end()) {
    found = ids_.emplace(key, static_cast<std::uint32_t>(ids_.size())).first;
    capture::InterfaceInfo shown = interface;
    shown.name = sensor;  // alone for what was uploaded: a classic pcap names no interface
    if (!interface.name.empty()) shown.name += ":" + interface.name;
    capture::AppendInterface(shown, out);
  }
  capture::AppendPacket(packet, found->second, out);
  return {};
}

base::Result<> CaptureWriter::AppendClassic(const capture::Packet& packet, std::uint16_t link_type,
                                            Buffer& out) {
  if (link_type != link_type_) {
    return base::MakeError(base::ErrorCode::kUnsupported,
                           fmt::format("a pcap file holds one link type; here are {} and {}: "
                                       "download as pcapng",
                                       link_type_, link_type));
  }
  // Seconds are unsigned 32 bits there; a packet without a time has 0.
  const std::int64_t time = std::max<std::int64_t>(packet.time_ns, 0);
  const std::int64_t nanos = time % base::kNanosPerSecond;
  Append32(static_cast<std::uint32_t>(time / base::kNanosPerSecond), out);
  Append32(static_cast<std::uint32_t>(format_ == CaptureFormat::kPcapNanos ? nanos : nanos / 1000),
           out);
  Append32(static_cast<std::uint32_t>(packet.bytes.size()), out);
  Append32(packet.wire_length, out);
  out.insert(out.end(), packet.bytes.begin(), packet.bytes.end());
  return {};
}

void CaptureWriter::Note(std::string_view text) {
  if (format_ != CaptureFormat::kPcapng) return;
  if (comment_.empty()) text = text.substr(0, kMaxComment);
  if (comment_.size() + text.size() > kMaxComment) {
    ++more_notes_;
    return;
  }
  if (!comment_.empty() && !comment_.ends_with('\n')) comment_ += '\n';
  comment_.append(text).append("\n");
}

void CaptureWriter::Finish(Buffer& out) {
  if (!begun_ || !comment_.empty()) Begin(link_type_, out);
  EndSection(out);
}

}  // namespace tapiary::server
