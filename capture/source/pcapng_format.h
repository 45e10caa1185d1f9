// PcapngFormat: blocks of a pcapng stream (draft-ietf-opsawg-pcapng).
//
// Several sections in either byte order, interfaces described anywhere, any resolution and offset,
// enhanced, simple and obsolete packet blocks; every other block is skipped by its length. A fault
// is an impossible length or a section that cannot be read; everything before it counts. One
// thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/source/packet_source.h"
#include "capture/source/record_format.h"

namespace tapiary::capture {

inline constexpr std::uint32_t kSectionHeaderType = 0x0a0d0d0a;  // the same in both byte orders
inline constexpr std::size_t kMaxInterfaces = 65536;             // distinct ones in a stream

// The comment that stands for a time which pcapng cannot hold: docs/formats/segment.md.
inline constexpr std::string_view kTimeUnknownComment = "tapiary:time=unknown";
inline constexpr std::string_view kTimeComment = "tapiary:time_ns=";  // then a decimal number

// Frames and options fill up to four bytes.
constexpr std::size_t Padded(std::size_t size) {
  return (size + 3) & ~std::size_t{3};
}

// Turns the ticks of an interface into nanoseconds (RD-03), rounded down.
class TimeScale {
 public:
  // `resolution` is if_tsresol: 10^-n, or 2^-n with the upper bit. Finer than 64 bits can count:
  // every time is unknown.
  TimeScale() = default;  // microseconds
  TimeScale(std::uint8_t resolution, std::int64_t offset_seconds);
  [[nodiscard]] std::int64_t ToNanos(std::uint64_t ticks) const;

 private:
  bool known_ = true;
  std::uint8_t shift_ = 0;
  std::uint64_t multiplier_ = 1000;
  std::uint64_t divisor_ = 1;
  std::int64_t offset_seconds_ = 0;
};

class PcapngFormat {
 public:
  // Interfaces are appended to `interfaces`, which must outlive the parser. An interface described
  // again by a later section, in the same place and with the same words, keeps its index. One that
  // has no name is called `unnamed`.
  explicit PcapngFormat(std::vector<InterfaceInfo>* interfaces, std::string unnamed = {})
      : interfaces_(interfaces), unnamed_(std::move(unnamed)) {}

  ParseStep Next(base::Bytes window, Packet& packet);
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  struct SectionInterface {
    std::uint32_t index = 0;  // into *interfaces_
    std::uint32_t snap_length = 0;
    TimeScale scale;
  };

  ParseStep Fault(std::string text);
  ParseStep Header(base::Bytes window, std::uint32_t& type, std::uint32_t& total);
  ParseStep Section(base::Bytes body, std::uint32_t total);
  ParseStep Interface(base::Bytes body, std::uint32_t total);
  bool Register(InterfaceInfo info, std::uint32_t& index);
  ParseStep Enhanced(base::Bytes body, std::uint32_t total, Packet& packet);
  ParseStep Obsolete(base::Bytes body, std::uint32_t total, Packet& packet);
  ParseStep Simple(base::Bytes body, std::uint32_t total, Packet& packet);
  ParseStep Finish(std::uint32_t total, base::ByteCursor& cursor, std::uint32_t interface,
                   std::uint64_t ticks, std::uint32_t captured, Packet& packet);
  void PacketOptions(base::Bytes options, std::uint64_t ticks, Packet& packet) const;

  std::vector<InterfaceInfo>* interfaces_;
  std::string unnamed_;
  std::vector<SectionInterface> section_;  // interfaces of the present section, by id
  std::vector<std::uint32_t> last_by_id_;  // index that an id had in the section before
  bool in_section_ = false;
  bool big_ = false;
  std::uint32_t trailer_ = 0;  // length that must follow, when a large block was skipped
  std::string fault_;
};

}  // namespace tapiary::capture
