// PcapFormat: records of a pcap file (draft-ietf-opsawg-pcap). Six magics: micro- and nanoseconds
// and the "modified" form with 24-byte record headers, each in both byte orders. One thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "capture/source/packet_source.h"
#include "capture/source/record_format.h"

namespace tapiary::capture {

inline constexpr std::size_t kPcapHeaderBytes = 24;

// True for the first four bytes of a pcap file, or for as many of them as `head` holds.
bool LooksLikePcap(base::Bytes head);

class PcapFormat {
 public:
  // `header` are the file's first kPcapHeaderBytes, whose magic is known to be good. Appends the
  // file's only interface to `interfaces`.
  PcapFormat(base::Bytes header, std::vector<InterfaceInfo>& interfaces);

  ParseStep Next(base::Bytes window, Packet& packet);
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  enum class Lengths { kNormal, kMaybeSwapped, kSwapped };  // old writers exchanged the two

  [[nodiscard]] std::uint32_t Field(base::Bytes window, std::size_t at) const;

  bool big_ = false;
  bool nano_ = false;
  bool modified_ = false;
  Lengths lengths_ = Lengths::kNormal;
  std::string fault_;
};

}  // namespace tapiary::capture
