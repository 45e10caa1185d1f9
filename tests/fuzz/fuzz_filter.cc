// Texts of users: the search language, and capture filters.
#include <algorithm>
#include <array>
#include <string>

#include "capture/decode/decode.h"
#include "capture/source/bpf.h"
#include "server/catalog/text_matcher.h"
#include "server/query/filter.h"
#include "server/query/packet_filter.h"
#include "server/query/pattern.h"
#include "server/query/sql.h"
#include "tests/fuzz/target.h"

namespace tapiary::fuzz {
namespace {

using namespace capture;

// Ethernet, a VLAN tag, IPv4, TCP to port 502, two bytes.
constexpr std::uint8_t kFrame[] = {
    2, 0,    0, 0, 0, 2, 2,  0, 0, 0, 0,    1,    0x81, 0, 0,  10, 8, 0, 0x45, 0,
    0, 42,   0, 1, 0, 0, 64, 6, 0, 0, 10,   0,    0,    1, 10, 0,  0, 2, 0x9c, 0x40,
    1, 0xf6, 0, 0, 0, 1, 0,  0, 0, 1, 0x50, 0x18, 0x20, 0, 0,  0,  0, 0, 0xaa, 0xbb};

Packet Frame() {
  Packet packet;
  packet.bytes = kFrame;
  packet.wire_length = sizeof kFrame;
  return packet;
}

// What is a pattern here is one for the engine as well, and no word boundary comes about by chance.
void CheckPattern(const std::string& text) {
  std::string common;
  server::PatternError error;
  if (!server::RewritePattern(text, &common, &error)) {
    Require(!error.message.empty() && error.position <= text.size(), "an error says where");
    return;
  }
  const auto matcher = server::TextMatcher::Make(common);
  Require(matcher || matcher.error().code == base::ErrorCode::kTooLarge, "the engine takes it");
  if (matcher) (void)(*matcher)->Matches(text);
  const bool boundary = text.find("\\b") != text.npos || text.find("\\B") != text.npos;
  Require(boundary || (common.find("\\b") == common.npos && common.find("\\B") == common.npos),
          "boundaries are written as such");
}

void CheckSql(const server::Filter& filter, server::FilterTable table) {
  const server::SqlCondition sql = server::ToSql(filter, table);
  const auto marks = std::count(sql.text.begin(), sql.text.end(), '?');
  Require(static_cast<std::size_t>(marks) == sql.params.size(), "one parameter for each ?");
}

}  // namespace

void FuzzFilter(Bytes input, const OtProtocol*) {
  const std::string text(input.begin(), input.end());
  CheckPattern(text);
  server::FilterError error;
  const base::Result<server::Filter> filter = server::Filter::Parse(text, &error);
  if (!filter) {
    Require(!error.message.empty(), "an error has a message");
    Require(error.position <= text.size() && error.length <= text.size() - error.position,
            "an error lies in the text");
    return;
  }
  CheckSql(*filter, server::FilterTable::kFlows);
  CheckSql(*filter, server::FilterTable::kTransactions);
  CheckSql(*filter, server::FilterTable::kEvents);
  const Packet packet = Frame();
  Decoded decoded;
  Decode(packet, LinkType::kEthernet, decoded);
  if (filter->packets_suffice()) {
    const server::PacketFacts facts = {.sensor = "s", .interface = "i", .decoded = &decoded};
    Require(server::Matches(*filter, facts) == server::Matches(*filter, facts), "no state");
  }
}

// The compiler is libpcap's; this is what we do with its result.
void FuzzBpf(Bytes input, const OtProtocol*) {
  if (input.size() > 200) return;
  Parts parts(input);
  constexpr std::array<std::uint16_t, 4> kLinks = {1, 101, 113, 276};
  const std::uint16_t link = kLinks[parts.U8() % kLinks.size()];
  const std::string text(parts.rest().begin(), parts.rest().end());
  base::Result<PacketFilter> filter = PacketFilter::Compile(text, link);
  if (!filter) return Require(!filter.error().message.empty(), "an error has a message");
  Packet packet = Frame();
  (void)filter->Matches(packet);
  (void)filter->KernelProgram(65535);
  for (std::size_t size = 0; size < sizeof kFrame; size += 7) {
    packet.bytes = Bytes(kFrame).first(size);
    packet.has_vlan = !packet.has_vlan;
    (void)filter->Matches(packet);
    (void)filter->NeedsRecheck(packet);
  }
}

}  // namespace tapiary::fuzz
