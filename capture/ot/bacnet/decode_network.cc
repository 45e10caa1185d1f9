#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "capture/ot/bacnet/decode.h"
#include "capture/ot/bacnet/names.h"
#include "capture/ot/bacnet/techniques.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::bacnet {
namespace {

constexpr std::string_view kBadBody = "bacnet-bvlc-body";

void SetTechnique(std::int32_t sub, Transaction& out) {
  const Technique technique = FindTechnique(Techniques(), out.code, sub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

void TakeNetworks(base::ByteCursor& cursor, Transaction& out) {
  std::string text;
  std::uint64_t count = 0;
  for (; cursor.remaining() >= 2; ++count) {
    const std::uint16_t network = cursor.U16Be();
    if (!out.address) out.address = network;
    AppendBounded(text, " ", fmt::format("{}", network));
  }
  if (count == 0) return;
  out.quantity = count;
  AddDetail(out, "networks", text);
}

// Ports of a routing table: network, port id, port information.
void TakeRoutes(base::ByteCursor& cursor, Transaction& out) {
  const std::size_t count = cursor.U8();
  std::string text;
  std::size_t seen = 0;
  for (; seen < count && cursor.remaining() >= 4; ++seen) {
    const std::uint16_t network = cursor.U16Be();
    const std::uint8_t port = cursor.U8();
    const std::size_t size = cursor.U8();
    cursor.Skip(size);
    if (cursor.failed()) break;
    if (!out.address) out.address = network;
    AppendBounded(text, " ", fmt::format("{}/port{}", network, port));
  }
  out.quantity = count;
  if (!text.empty()) AddDetail(out, "routes", text);
  if (seen != count) AddAnomaly(out, "bacnet-count-mismatch");
}

void TakeRejectedNetwork(base::ByteCursor& cursor, Transaction& out) {
  static constexpr std::string_view kReasons[] = {
      "other", "no_route", "busy", "unknown_message", "too_long", "security_error", "bad_address",
  };
  const std::uint8_t reason = cursor.U8();
  if (cursor.failed()) return;
  AddDetail(out, "reject_reason",
            reason < std::size(kReasons) ? std::string(kReasons[reason])
                                         : fmt::format("reason_{}", reason));
  TakeNetworks(cursor, out);
}

// Table entries of `size` octets, the first six an address.
void TakeTable(base::Bytes body, std::size_t size, Transaction& out) {
  if (body.size() % size != 0) AddAnomaly(out, kBadBody);
  std::string text;
  base::ByteCursor cursor(body);
  while (cursor.remaining() >= size) {
    base::ByteCursor entry(cursor.Take(size));
    std::string line = FormatOrigin(entry.Take(6));
    if (size == 10 && entry.remaining() == 4) {
      const base::Bytes rest = entry.Take(4);
      base::ByteCursor numbers(rest);
      const std::uint32_t mask = numbers.U32Be();
      // A BDT entry has a mask; an FDT entry time to live and time left, both in seconds.
      const bool is_mask = out.code == kWriteBdt || out.code == kReadBdt || out.code == kReadBdtAck;
      line += is_mask ? fmt::format("/{:08x}", mask)
                      : fmt::format(" ttl={} left={}", mask >> 16, mask & 0xffff);
    }
    AppendBounded(text, ", ", line);
  }
  out.quantity = body.size() / size;
  if (!text.empty()) AddDetail(out, "table", text);
}

}  // namespace

void DecodeNetworkMessage(const Npdu& npdu, Transaction& out) {
  out.code = npdu.message;
  out.operation = NetworkMessageName(npdu.message);
  SetTechnique(kNetworkSub, out);
  base::ByteCursor cursor(npdu.rest);
  switch (npdu.message) {
    case 0x00:
    case 0x01:
    case 0x04:
    case 0x05:
      return TakeNetworks(cursor, out);
    case 0x02:
    case 0x08:
    case 0x09:
    case 0x13:
      if (cursor.remaining() >= 2) out.address = cursor.U16Be();
      if (cursor.remaining() >= 1) AddNumber(out, "parameter", cursor.U8());
      return;
    case 0x03:
      return TakeRejectedNetwork(cursor, out);
    case 0x06:
    case 0x07:
      if (cursor.remaining() > 0) TakeRoutes(cursor, out);
      return;
    default:
      AddHex(out, "data", npdu.rest);
  }
}

void DecodeBvlcRequest(const Bvlc& bvlc, Transaction& out) {
  out.code = bvlc.function;
  out.operation = BvlcName(bvlc.function);
  SetTechnique(kBvlcSub, out);
  base::ByteCursor cursor(bvlc.rest);
  switch (bvlc.function) {
    case kWriteBdt:
      return TakeTable(bvlc.rest, 10, out);
    case kRegisterForeignDevice:
      if (bvlc.layer == Layer::kIpv6) cursor.Skip(std::min<std::size_t>(3, cursor.remaining()));
      if (cursor.remaining() < 2) return AddAnomaly(out, kBadBody);
      return AddNumber(out, "time_to_live", cursor.U16Be());
    case kDeleteFdtEntry:
      return bvlc.layer == Layer::kIp ? TakeTable(bvlc.rest, 6, out)
                                      : AddHex(out, "data", bvlc.rest);
    default:
      AddHex(out, "data", bvlc.rest);
  }
}

void DecodeBvlcReply(const Bvlc& bvlc, bool has_request, Transaction& out) {
  if (!has_request) {
    out.code = bvlc.function;
    out.operation = BvlcName(bvlc.function);
  }
  AddDetail(out, "response", BvlcName(bvlc.function));
  out.status = TransactionStatus::kOk;
  if (bvlc.function != kResult) return TakeTable(bvlc.rest, 10, out);
  base::ByteCursor cursor(bvlc.rest);
  if (bvlc.layer == Layer::kIpv6) cursor.Skip(std::min<std::size_t>(3, cursor.remaining()));
  if (cursor.remaining() < 2) return AddAnomaly(out, kBadBody);
  const std::uint16_t result = cursor.U16Be();
  AddDetail(out, "result", BvlcResultName(result, bvlc.layer == Layer::kIpv6));
  if (result == 0) return;
  out.status = TransactionStatus::kException;
  out.exception = result;
}

}  // namespace tapiary::capture::bacnet
