#include "capture/ot/bacnet/pairing.h"

#include <algorithm>

namespace tapiary::capture::bacnet {
namespace {

constexpr std::uint64_t kBvlcBit = std::uint64_t{1} << 63;

// FNV-1a; two devices behind the same router with equal hashes would only pair by loose key rules.
std::uint32_t Mix(std::uint32_t hash, bool there, std::uint16_t network, base::Bytes address) {
  const auto add = [&hash](std::uint8_t byte) { hash = (hash ^ byte) * 16777619u; };
  add(there ? 1 : 0);
  if (!there) return hash;
  add(static_cast<std::uint8_t>(network >> 8));
  add(static_cast<std::uint8_t>(network & 0xff));
  for (const std::uint8_t byte : address) add(byte);
  return hash;
}

bool IsRequestSide(const Apdu& apdu) {
  // Abort and segment ack may come from either; an abort by the client ends its own request.
  return apdu.type == kConfirmedRequest || (apdu.type == kAbort && !apdu.from_server);
}

}  // namespace

PairKey ApduKey(const Npdu& npdu, const Apdu& apdu, bool from_client) {
  const bool asks = IsRequestSide(apdu);
  std::uint32_t source = Mix(2166136261u, npdu.has_source, npdu.source_net, npdu.source_address);
  std::uint32_t dest = Mix(2166136261u, npdu.has_dest, npdu.dest_net, npdu.dest_address);
  if (!asks) std::swap(source, dest);  // requester, then responder
  const std::uint64_t loose = (asks == from_client ? 0x100u : 0u) | apdu.invoke_id;
  const std::uint64_t both = (source * 31u) ^ dest;
  return {(both << 16) | loose, loose};
}

std::uint64_t BvlcKey(const Bvlc& bvlc, bool asked_by_client) {
  std::uint64_t what = 0;  // anything that changes something
  if (bvlc.function == kReadBdt || bvlc.function == kReadBdtAck) what = kReadBdt;
  if (bvlc.function == kReadFdt || bvlc.function == kReadFdtAck) what = kReadFdt;
  if (bvlc.function == kResult && bvlc.layer == Layer::kIp) {
    base::ByteCursor cursor(bvlc.rest);
    const std::uint16_t code = cursor.U16Be();
    if (code == 0x20) what = kReadBdt;
    if (code == 0x40) what = kReadFdt;
  }
  return kBvlcBit | (asked_by_client ? 0x100u : 0u) | what;
}

void SetSegmentCount(std::vector<std::uint8_t>& bytes, const Npdu& npdu, const Apdu& apdu,
                     std::uint16_t count) {
  // type, (sizes,) invoke id, sequence
  const std::size_t at = bytes.size() - npdu.rest.size() + (apdu.type == kConfirmedRequest ? 3 : 2);
  if (at < bytes.size()) bytes[at] = static_cast<std::uint8_t>(std::min<std::uint16_t>(count, 255));
}

}  // namespace tapiary::capture::bacnet
