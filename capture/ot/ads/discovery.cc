#include "capture/ot/ads/discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "capture/ot/ads/commands.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::ads {
namespace {

constexpr std::array<std::uint8_t, 4> kMagic = {0x03, 0x66, 0x14, 0x71};
constexpr std::uint32_t kAnswer = 0x80000000;
constexpr std::uint32_t kMaxTags = 64;

struct Tag {
  std::uint16_t id = 0;
  base::Bytes data;
};
bool TakeTag(base::ByteCursor& cursor, Tag& out) {
  out.id = cursor.U16Le();
  out.data = cursor.Take(cursor.U16Le());
  return !cursor.failed();
}

std::string Text(base::Bytes bytes) {
  const auto end = std::find(bytes.begin(), bytes.end(), 0);
  return {bytes.begin(), end};
}

std::string NetId(base::Bytes bytes) {
  std::string text;
  for (const std::uint8_t part : bytes.first(std::min<std::size_t>(bytes.size(), 6))) {
    text += fmt::format("{}{}", text.empty() ? "" : ".", part);
  }
  return text;
}

void DecodeResult(base::Bytes data, Transaction& out) {
  base::ByteCursor cursor(data);
  const std::uint32_t result = cursor.U32Le();
  if (cursor.failed() || result == 0) return;
  out.status = TransactionStatus::kException;
  out.exception = result;
}

void DecodeVersion(base::Bytes data, Transaction& out) {
  base::ByteCursor cursor(data);
  const unsigned version = cursor.U8();
  const unsigned revision = cursor.U8();
  const unsigned build = cursor.U16Le();
  if (cursor.failed()) return;
  AddDetail(out, "twincat_version", fmt::format("{}.{}.{}", version, revision, build));
}

void DecodeTag(const Tag& tag, bool response, Transaction& out) {
  switch (tag.id) {
    case 1:
      return DecodeResult(tag.data, out);
    case 2:
      return AddDetail(out, "password", Text(tag.data));
    case 3:
      return DecodeVersion(tag.data, out);
    case 4:
      return AddHex(out, "os_version", tag.data);
    case 5:
      return AddDetail(out, response ? "answering_host" : "host", Text(tag.data));
    case 7:
      return AddDetail(out, "route_net_id", NetId(tag.data));
    case 12:
      return AddDetail(out, "route_name", Text(tag.data));
    case 13:
      return AddDetail(out, "user", Text(tag.data));
    case 18:
      return AddDetail(out, "fingerprint", Text(tag.data));
    default:
      return AddHex(out, fmt::format("tag_{}", tag.id), tag.data);
  }
}

}  // namespace

bool IsDiscovery(base::Bytes bytes) {
  return bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
}

bool ReadDatagram(base::Bytes bytes, Datagram& out) {
  base::ByteCursor cursor(bytes);
  cursor.Skip(kMagic.size());
  out.invoke_id = cursor.U32Le();
  const std::uint32_t service = cursor.U32Le();
  out.service = service & ~kAnswer;
  out.response = (service & kAnswer) != 0;
  out.sender.net_id = cursor.Take(6);
  out.sender.port = cursor.U16Le();
  if (cursor.failed()) return false;
  out.counted = cursor.remaining() >= 4;
  out.tags = cursor.U32Le();
  out.rest = cursor.rest();
  return true;
}

bool TagsFit(const Datagram& datagram) {
  if (!datagram.counted || datagram.tags > kMaxTags) return false;
  base::ByteCursor cursor(datagram.rest);
  Tag tag;
  for (std::uint32_t i = 0; i < datagram.tags; ++i) {
    if (!TakeTag(cursor, tag)) return false;
  }
  return cursor.remaining() == 0;
}

void NameService(const Datagram& datagram, Transaction& out) {
  out.protocol = "ads";
  out.code = static_cast<std::int32_t>(datagram.service);
  out.operation = datagram.service == 1   ? "identify"
                  : datagram.service == 6 ? "add_route"
                                          : "unknown_router_service";
  const Technique technique = FindTechnique(Techniques(), out.code, kDiscovery);
  // A row without the sub-function of these services is one of an ADS command.
  if (datagram.service == 1 || datagram.service == 6) {
    out.command = technique.command;
    out.attack_technique = technique.id;
  }
}

void DecodeTags(const Datagram& datagram, bool cut, Transaction& out) {
  AddDetail(out, datagram.response ? "target" : "source", datagram.sender.ToString());
  base::ByteCursor cursor(datagram.rest);
  Tag tag;
  for (std::uint32_t i = 0; i < std::min(datagram.tags, kMaxTags); ++i) {
    if (!TakeTag(cursor, tag)) break;
    DecodeTag(tag, datagram.response, out);
  }
  if (!cut && !TagsFit(datagram)) AddAnomaly(out, "ads-tags");
}

}  // namespace tapiary::capture::ads
