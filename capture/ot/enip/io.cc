#include "capture/ot/enip/io.h"

#include <fmt/format.h>

#include <utility>

#include "capture/ot/detail.h"
#include "capture/ot/enip/items.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::enip {
namespace {

constexpr std::string_view kService = "cip-io";
constexpr std::size_t kFront = 18;  // up to the data

OtRecognition Recognise(const OtGuess& guess) {
  // Ten fixed bytes and an exact length: one datagram is proof enough on any port.
  OtRecognition out;
  bool found = false;
  for (int side = 0; side < 2; ++side) {
    if (guess.bytes[side].empty()) continue;
    IoPacket packet;
    if (!ReadIoPacket(guess.bytes[side], guess.cut[side], packet)) return out;
    found = true;
  }
  if (!found) return out;
  out.verdict = OtVerdict::kYes;
  out.client_side = LikelyClient(guess);
  return out;
}

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<IoDecoder>();
}

void EmitFirst(const IoPacket& packet, bool from_client, std::int64_t time_ns, OtOutput& out) {
  Transaction first;
  first.protocol = kService;
  first.time_ns = time_ns;
  first.operation = "io_connection";
  first.code = kSequencedAddressItem;
  first.status = TransactionStatus::kUnsolicited;
  first.quantity = packet.data.size();
  AddDetail(first, "connection_id", fmt::format("0x{:08x}", packet.connection));
  AddDetail(first, "sent_by", from_client ? "orig" : "resp");
  AddHex(first, "data", packet.data);
  out.Emit(std::move(first));
}

}  // namespace

const OtProtocol kIoProtocol = {
    .service = kService,
    .ports = {2222},
    .udp = true,
    .wrong_content = {},
    .techniques = {},
    .head = {{{2}, {0}, {0x02}, {0x80}}},
    .recognise = &Recognise,
    .make = &Make,
};

bool ReadIoPacket(base::Bytes bytes, bool cut, IoPacket& packet) {
  base::ByteCursor cursor(bytes);
  if (cursor.U16Le() != 2 || cursor.U16Le() != kSequencedAddressItem || cursor.U16Le() != 8) {
    return false;
  }
  packet.connection = cursor.U32Le();
  packet.sequence = cursor.U32Le();
  const std::uint16_t type = cursor.U16Le();
  const std::size_t length = cursor.U16Le();
  if (cursor.failed() || type != kConnectedDataItem) return false;
  const std::size_t there = cursor.remaining();
  if (cut ? there > length : there != length) return false;
  packet.data = cursor.rest();
  return true;
}

IoDecoder::Connection* IoDecoder::Find(std::uint32_t id, bool from_client) {
  for (std::size_t i = 0; i < count_; ++i) {
    if (connections_[i].id == id && connections_[i].from_client == from_client) {
      return &connections_[i];
    }
  }
  return nullptr;
}

void IoDecoder::OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                           OtOutput& out) {
  IoPacket packet;
  if (!ReadIoPacket(bytes, cut, packet)) {
    if (!cut || bytes.size() >= kFront) out.Anomaly("cip-io-format");
    return;
  }
  out.Count("cip-io.packets", 1);
  Connection* const known = Find(packet.connection, from_client);
  if (known == nullptr) {
    if (count_ == kMaxConnections) return out.Count("cip-io.untracked", 1);
    connections_[count_++] = {packet.connection, packet.sequence, from_client};
    return EmitFirst(packet, from_client, time_ns, out);
  }
  const std::uint32_t step = packet.sequence - known->sequence;
  if (step == 0) return out.Count("cip-io.repeated", 1);
  if (step > UINT32_MAX / 2) return out.Count("cip-io.late", 1);
  known->sequence = packet.sequence;
  if (step == 1) return;
  out.Count("cip-io.sequence_gaps", 1);
  out.Count("cip-io.missed", step - 1);
}

void IoDecoder::OnBytes(bool, base::Bytes, std::int64_t, OtOutput&) {}
void IoDecoder::OnGap(bool, std::uint32_t, bool, OtOutput&) {}
void IoDecoder::Expire(std::int64_t, OtOutput&) {}
void IoDecoder::Finish(OtOutput&) {}

}  // namespace tapiary::capture::enip
