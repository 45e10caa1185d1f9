// HostNames: what the plant calls its devices, for the captures that are downloaded.
//
// Read from a file in the form of hosts(5): an address and its names a line, # begins a comment. A
// capture carries the first name of each (pcapng's name resolution block), and Wireshark shows it.
// Names are told by the operator alone: nothing is looked up, and nothing is learned from the wire,
// where attackers could call themselves plc-1. Const after loading; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/segment/pcapng.h"

namespace tapiary::server {

class HostNames {
 public:
  static constexpr std::size_t kMaxHosts = 4096;  // every download carries them all

  // kInvalid names file and line; kTooLarge beyond kMaxHosts; other errors are those of the file.
  static base::Result<HostNames> Load(const std::string& path);
  // As Load, of the file's text.
  static base::Result<HostNames> Parse(std::string_view text);

  // In the order of the file, one for each address.
  [[nodiscard]] std::span<const capture::HostName> all() const { return names_; }

 private:
  std::vector<capture::HostName> names_;
};

}  // namespace tapiary::server
