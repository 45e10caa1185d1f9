// Sharkd: packets as Wireshark explains them, by a confined sharkd for each question.
//
// sharkd (Wireshark 4) takes JSON-RPC lines on stdin. What it answers comes from code that has just
// read an attacker's packets: it is parsed within bounds, and only text and numbers of the expected
// places are taken. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "server/dissect/helper.h"

namespace tapiary::server {

struct DissectOptions {
  std::string program = "/usr/bin/sharkd";
  std::string user = "nobody";
  int at_once = 2;
  HelperLimits limits;
};

// A line of the packet list. Texts are escaped.
struct PacketLine {
  std::uint32_t number = 0;
  std::string source;
  std::string destination;
  std::string protocol;
  std::string info;
};

class Sharkd {
 public:
  explicit Sharkd(DissectOptions options);
  ~Sharkd();
  Sharkd(const Sharkd&) = delete;
  Sharkd& operator=(const Sharkd&) = delete;

  // Of the capture file `file` (helper.h): packets after the first `skip`, at most `count`.
  // kUnavailable: as many questions as may be are being answered. Others as of RunHelper.
  base::Result<std::vector<PacketLine>> List(const base::UniqueFd& file, std::uint32_t skip,
                                             std::uint32_t count);
  // A JSON object with "tree", "tree_cut" and "sources": docs/api.md.
  base::Result<std::string> Tree(const base::UniqueFd& file, std::uint32_t number);

 private:
  class Places;
  base::Result<std::string> Ask(const base::UniqueFd& file, std::string_view question);

  const DissectOptions options_;
  const std::unique_ptr<Places> places_;
};

// Read what sharkd answered, line by line, and convert it; what does not fit is left out. kCorrupt:
// there is no such answer, or an error, or it is deeper than any dissection.
base::Result<std::vector<PacketLine>> ReadPacketLines(std::string_view answer);
base::Result<std::string> ReadPacketTree(std::string_view answer);

}  // namespace tapiary::server
