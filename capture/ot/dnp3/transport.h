// DNP3 transport function: segments of user data to application fragments.
//
// One byte a segment: FIN 0x80, FIR 0x40, sequence 6 bits. Put together per direction, source and
// destination, since one connection may carry many (OT-09). A fragment that lacks a segment is
// handed out as far as it came, marked cut; nothing is glued over a hole. At most kMaxOpen
// fragments of kMaxFragment bytes. Source: IEEE 1815-2012, clause 8. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "capture/ot/dnp3/link.h"

namespace tapiary::capture::dnp3 {

inline constexpr std::size_t kMaxFragment = 16384;  // devices agree on 2048 as a rule

// An application fragment, or a link frame without one. `bytes` can wait in an Exchange: they hold
// all of this.
struct Fragment {
  std::uint16_t source = 0;
  std::uint16_t destination = 0;
  std::uint16_t frames = 0;  // link frames it came in
  bool link_only = false;    // then `bytes` is the control octet
  bool cut = false;
  bool from_client = false;
  base::Bytes bytes;
};
std::vector<std::uint8_t> Pack(const Fragment& fragment);
Fragment Unpack(base::Bytes packed);

class FragmentSink {
 public:
  virtual ~FragmentSink() = default;
  virtual void OnFragment(const Fragment& fragment, std::int64_t first_ns,
                          std::int64_t last_ns) = 0;
  virtual void OnTransportFault(std::string_view anomaly) = 0;  // static text
};

class Transport {
 public:
  static constexpr std::size_t kMaxOpen = 8;

  struct Segment {
    const LinkHeader* header = nullptr;
    bool from_client = false;
    bool cut = false;
    std::int64_t first_ns = 0;
    std::int64_t last_ns = 0;
  };
  // `data`: user data of one frame, transport byte first, not empty.
  void Take(base::Bytes data, const Segment& segment, FragmentSink& sink);
  // Something of this direction is missing.
  void Lose(bool from_client, FragmentSink& sink);
  void Finish(FragmentSink& sink);
  [[nodiscard]] std::size_t held_bytes() const;

 private:
  struct Slot {
    bool used = false;
    bool open = false;      // a fragment has begun
    bool skipping = false;  // its rest is worthless and said to be
    bool from_client = false;
    std::uint8_t next = 0;  // sequence
    std::uint16_t source = 0, destination = 0, frames = 0;
    std::uint32_t touched = 0;
    std::int64_t first_ns = 0, last_ns = 0;
    std::vector<std::uint8_t> bytes;
  };
  Slot& SlotOf(const Segment& segment, FragmentSink& sink);
  static void Close(Slot& slot, bool cut, FragmentSink& sink);
  static void Begin(Slot& slot, const Segment& segment);

  std::array<Slot, kMaxOpen> slots_;
  std::uint32_t clock_ = 0;
};

}  // namespace tapiary::capture::dnp3
