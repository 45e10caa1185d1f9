#include "capture/ot/ads/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "capture/ot/ads/commands.h"
#include "capture/ot/ads/discovery.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::ads {
namespace {

constexpr std::string_view kService = "ads";
constexpr std::string_view kTruncated = "truncated";

std::uint64_t PairKey(const Frame& frame, bool client_asks) {
  const std::uint16_t port = frame.response ? frame.target.port : frame.source.port;
  return std::uint64_t{frame.invoke_id} | std::uint64_t{port} << 32 |
         std::uint64_t{frame.command & 0xfu} << 48 | std::uint64_t{client_asks} << 52;
}

void NameCommand(const Frame& frame, Transaction& out) {
  const std::string_view name = CommandName(frame.command);
  out.protocol = kService;
  out.code = frame.command;
  out.operation = name.empty() ? "unknown_command" : name;
}

void Flag(std::int32_t sub, Transaction& out) {
  if (CommandName(static_cast<std::uint16_t>(out.code)).empty()) return;
  const Technique technique = FindTechnique(Techniques(), out.code, sub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

// A value of 1, 2, 4 or 8 bytes is shown as a number as well.
void AddData(std::string_view key, base::Bytes data, Transaction& out) {
  base::ByteCursor cursor(data);
  if (data.size() == 1) out.values.push_back(cursor.U8());
  if (data.size() == 2) out.values.push_back(cursor.U16Le());
  if (data.size() == 4) out.values.push_back(cursor.U32Le());
  if (data.size() == 8) out.values.push_back(static_cast<std::int64_t>(cursor.U64Le()));
  AddHex(out, key, data);
}

void AddWritten(const Group& group, std::uint32_t told, base::ByteCursor& cursor, bool cut,
                Transaction& out) {
  const base::Bytes data = cursor.rest().first(std::min<std::size_t>(told, cursor.rest().size()));
  if (!cut && data.size() != cursor.remaining()) AddAnomaly(out, "ads-data-length");
  if (!cut && data.size() < told) AddAnomaly(out, "ads-data-length");
  if (!group.named) return AddData("data", data, out);
  const auto end = std::find(data.begin(), data.end(), 0);
  AddDetail(out, "name", std::string(data.begin(), end));
}

void DecodeAccess(const Frame& frame, bool cut, Transaction& out) {
  base::ByteCursor cursor(frame.data);
  const std::uint32_t index_group = cursor.U32Le();
  const std::uint32_t offset = cursor.U32Le();
  const std::uint32_t length = cursor.U32Le();
  const std::uint32_t write_length = frame.command == kReadWrite ? cursor.U32Le() : length;
  if (cursor.failed()) {
    Flag(kAnySub, out);
    if (!cut) AddAnomaly(out, "ads-length");
    return;
  }
  const Group group = FindGroup(frame.target.port, index_group);
  out.address = offset;
  out.quantity = length;
  AddDetail(out, "index_group", fmt::format("0x{:x}", index_group));
  if (!group.name.empty()) AddDetail(out, "area", group.name);
  Flag(group.kind, out);
  if (frame.command == kWrite || frame.command == kReadWrite) {
    AddWritten(group, write_length, cursor, cut, out);
  }
}

void DecodeControl(const Frame& frame, bool cut, Transaction& out) {
  base::ByteCursor cursor(frame.data);
  const std::uint16_t state = cursor.U16Le();
  const std::uint16_t device_state = cursor.U16Le();
  cursor.Skip(4);
  Flag(kAnySub, out);
  if (cursor.failed()) {
    if (!cut) AddAnomaly(out, "ads-length");
    return;
  }
  const std::string_view name = StateName(state);
  AddDetail(out, "state", name.empty() ? fmt::format("{}", state) : std::string(name));
  AddNumber(out, "device_state", device_state);
  out.attack_technique = StateTechnique(state);
  AddHex(out, "data", cursor.rest());
}

void DecodeRequest(const Frame& frame, bool cut, Transaction& out) {
  switch (frame.command) {
    case kRead:
    case kWrite:
    case kReadWrite:
    case kAddNotification:
      return DecodeAccess(frame, cut, out);
    case kWriteControl:
      return DecodeControl(frame, cut, out);
    default:
      Flag(kAnySub, out);
      return AddHex(out, "data", frame.data);
  }
}

void DecodeState(base::ByteCursor& cursor, Transaction& out) {
  const std::uint16_t state = cursor.U16Le();
  const std::uint16_t device_state = cursor.U16Le();
  if (cursor.failed()) return;
  const std::string_view name = StateName(state);
  AddDetail(out, "state", name.empty() ? fmt::format("{}", state) : std::string(name));
  AddNumber(out, "device_state", device_state);
}

void DecodeInfo(base::ByteCursor& cursor, Transaction& out) {
  const unsigned version = cursor.U8();
  const unsigned revision = cursor.U8();
  const unsigned build = cursor.U16Le();
  if (cursor.failed()) return;
  AddDetail(out, "version", fmt::format("{}.{}.{}", version, revision, build));
  const base::Bytes name = cursor.rest().first(std::min<std::size_t>(16, cursor.remaining()));
  AddDetail(out, "device", std::string(name.begin(), std::find(name.begin(), name.end(), 0)));
}

void DecodeAnswer(const Frame& frame, bool cut, Transaction& out) {
  base::ByteCursor cursor(frame.data);
  const std::uint32_t result = frame.error != 0 ? frame.error : cursor.U32Le();
  if (cursor.failed()) {
    if (!cut) AddAnomaly(out, "ads-length");
    return;
  }
  if (result != 0) {
    out.status = TransactionStatus::kException;
    out.exception = result;
    return;
  }
  switch (frame.command) {
    case kReadDeviceInfo:
      return DecodeInfo(cursor, out);
    case kReadState:
      return DecodeState(cursor, out);
    case kRead:
    case kReadWrite: {
      const std::uint32_t length = cursor.U32Le();
      if (!cut && length != cursor.remaining()) AddAnomaly(out, "ads-data-length");
      if (frame.command == kRead) return AddData("response_data", cursor.rest(), out);
      return AddHex(out, "response_data", cursor.rest());
    }
    default:
      return AddHex(out, "response_data", cursor.rest());
  }
}

}  // namespace

AdsDecoder::AdsDecoder() : FramedDecoder(kFraming, kService, "ads-length") {}

PduFront AdsDecoder::DatagramFront(bool, base::Bytes bytes) {
  Datagram datagram;
  if (!IsDiscovery(bytes) || !ReadDatagram(bytes, datagram)) return PduFront::Bad("ads-magic");
  // Tags that end too early: more is missing, how much is not known.
  return PduFront::Of(TagsFit(datagram) ? bytes.size() : bytes.size() + 1);
}

void AdsDecoder::OnMessage(bool from_client, const Pdu& pdu) {
  // A frame in TCP begins with a zero.
  if (IsDiscovery(pdu.bytes)) return OnDiscovery(pdu);
  Frame frame;
  if (pdu.bytes.size() < kPrefixSize ||
      !ReadFrame(pdu.bytes.subspan(kPrefixSize), pdu.size - kPrefixSize, frame)) {
    return OnFault("ads-header");
  }
  if (frame.command == kNotification && !frame.response) {
    return out().Count("ads.notification", 1);
  }
  if (!frame.response) return OnRequest(from_client, frame, pdu);
  Answer(PairKey(frame, !from_client), frame.command, pdu);
}

void AdsDecoder::Answer(std::uint64_t key, std::uint32_t kind, const Pdu& pdu) {
  exchange().OnResponse(OtResponse::Of(pdu, key, kind), out());
}

void AdsDecoder::OnRequest(bool from_client, const Frame& frame, const Pdu& pdu) {
  Transaction request;
  request.time_ns = pdu.first_ns;
  NameCommand(frame, request);
  request.unit = frame.target.port;
  AddDetail(request, "target", frame.target.ToString());
  AddDetail(request, "source", frame.source.ToString());
  if (!from_client) AddDetail(request, "asked_by", "server");
  DecodeRequest(frame, pdu.cut, request);
  if (pdu.cut) AddAnomaly(request, kTruncated);
  exchange().OnRequest(PairKey(frame, from_client), std::nullopt, frame.command, std::move(request),
                       out());
}

void AdsDecoder::OnDiscovery(const Pdu& pdu) {
  Datagram datagram;
  (void)ReadDatagram(pdu.bytes, datagram);
  const std::uint64_t key = std::uint64_t{datagram.service} << 32 | datagram.invoke_id;
  if (datagram.response) return Answer(key, datagram.service, pdu);
  Transaction request;
  request.time_ns = pdu.first_ns;
  NameService(datagram, request);
  DecodeTags(datagram, pdu.cut, request);
  if (pdu.cut) AddAnomaly(request, kTruncated);
  exchange().OnRequest(key, std::nullopt, datagram.service, std::move(request), out());
}

void AdsDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  if (response.cut) AddAnomaly(out, kTruncated);
  if (IsDiscovery(response.pdu)) {
    Datagram datagram;
    (void)ReadDatagram(response.pdu, datagram);
    if (!has_request) NameService(datagram, out);
    return DecodeTags(datagram, response.cut, out);
  }
  Frame frame;
  base::ByteCursor cursor(response.pdu);
  cursor.Skip(2);
  const std::uint32_t length = cursor.U32Le();
  (void)ReadFrame(cursor.rest(), length, frame);
  if (!has_request) {
    NameCommand(frame, out);
    // What was accessed is not told: a write is one, a read_write looks up a name most times.
    Flag(frame.command == kReadWrite ? kLookup : kAnySub, out);
    out.unit = frame.source.port;
    AddDetail(out, "target", frame.source.ToString());
    AddDetail(out, "source", frame.target.ToString());
  }
  DecodeAnswer(frame, response.cut, out);
}

}  // namespace tapiary::capture::ads
