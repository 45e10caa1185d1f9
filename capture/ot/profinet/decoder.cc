#include "capture/ot/profinet/decoder.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "capture/ot/detail.h"
#include "capture/ot/profinet/alarm.h"
#include "capture/ot/profinet/techniques.h"

namespace tapiary::capture::profinet {
namespace {

constexpr std::int64_t kSummaryNs = 60 * base::kNanosPerSecond;
constexpr std::uint64_t kMaxChanges = 100;  // transactions an interval and frame id
constexpr std::size_t kMinCyclicBytes = 2 + 4;
constexpr std::uint16_t kIdentifyRequestId = 0xfefe;

std::string StatusText(std::uint8_t status) {
  return fmt::format("{} {} {} {}", (status & kRun) != 0 ? "run" : "stop",
                     (status & kValid) != 0 ? "valid" : "invalid",
                     (status & kPrimary) != 0 ? "primary" : "backup",
                     (status & kNoProblem) != 0 ? "ok" : "problem");
}

Transaction BeginRt(std::int64_t time_ns, std::string_view operation, std::uint16_t frame_id,
                    bool from_client) {
  Transaction out;
  out.time_ns = time_ns;
  out.protocol = kRtService;
  out.operation = operation;
  out.code = frame_id;
  out.status = TransactionStatus::kUnsolicited;
  AddDetail(out, "sent_by", from_client ? "orig" : "resp");
  AddDetail(out, "frame_id", fmt::format("0x{:04x}", frame_id));
  return out;
}

}  // namespace

PnDecoder::PnDecoder() : exchange_(kDcpService, *this) {}

void PnDecoder::OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                           OtOutput& out) {
  if (next_due_ns() <= time_ns) Expire(time_ns, out);
  if (bytes.size() < 2) return Fault("profinet-rt-length", "profinet-rt.malformed", out);
  base::ByteCursor cursor(bytes);
  const std::uint16_t frame_id = cursor.U16Be();
  const FrameClass kind = ClassOf(frame_id);
  if (kind == FrameClass::kDcp) {
    return OnDcp(from_client, frame_id, cursor.rest(), cut, time_ns, out);
  }
  if (service_.empty() || kind == FrameClass::kCyclic) service_ = kRtService;
  switch (kind) {
    case FrameClass::kCyclic:
      return OnCyclic(from_client, frame_id, bytes, cut, time_ns, out);
    case FrameClass::kAlarmHigh:
    case FrameClass::kAlarmLow:
      service_ = kRtService;
      return OnAlarm(from_client, kind == FrameClass::kAlarmHigh, cursor.rest(), time_ns, out);
    case FrameClass::kTimeSync:
      return out.Count("profinet-rt.time_sync", 1);
    case FrameClass::kFragment:
      return out.Count("profinet-rt.fragments", 1);
    default:
      return out.Count("profinet-rt.other", 1);
  }
}

void PnDecoder::OnDcp(bool from_client, std::uint16_t frame_id, base::Bytes bytes, bool cut,
                      std::int64_t time_ns, OtOutput& out) {
  if (service_.empty()) service_ = kDcpService;
  DcpHeader header;
  if (!ReadDcpHeader(bytes, header)) {
    if (!cut) Fault("profinet-dcp-malformed", "profinet-dcp.malformed", out);
    return;
  }
  const std::uint64_t key = static_cast<std::uint64_t>(header.service) << 32 | header.xid;
  if (header.type != kRequest) {
    OtResponse response;
    response.key = key;
    response.kind = header.service;
    response.pdu = bytes;
    response.cut = cut;
    response.first_ns = response.last_ns = time_ns;
    return exchange_.OnResponse(response, out);
  }
  Transaction request;
  request.protocol = kDcpService;
  request.time_ns = time_ns;
  DecodeDcpRequest(header, cut, request);
  if (!from_client) AddDetail(request, "sent_by", "resp");
  if (header.service == kHello) {
    request.status = TransactionStatus::kUnsolicited;
    return out.Emit(std::move(request));
  }
  const bool identify = header.service == kIdentify;
  if (identify != (frame_id == kIdentifyRequestId)) {
    AddAnomaly(request, "profinet-dcp-frame-id");
  }
  exchange_.OnRequest(key, std::nullopt, header.service, std::move(request), out);
}

void PnDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  DcpHeader header;
  if (ReadDcpHeader(response.pdu, header)) {
    DecodeDcpResponse(header, response.cut, has_request, out);
  }
}

RtStream* PnDecoder::Find(std::uint16_t frame_id, bool from_client, OtOutput& out) {
  const auto fits = [&](const RtStream& stream) {
    return stream.frame_id == frame_id && stream.from_client == from_client;
  };
  if (last_ < streams_.size() && fits(streams_[last_])) return &streams_[last_];
  for (last_ = 0; last_ < streams_.size(); ++last_) {
    if (fits(streams_[last_])) return &streams_[last_];
  }
  if (streams_.size() >= kMaxStreams) {
    Fault("profinet-rt-too-many-frame-ids", "profinet-rt.untracked", out);
    return nullptr;
  }
  RtStream stream;
  stream.frame_id = frame_id;
  stream.from_client = from_client;
  streams_.push_back(stream);
  return &streams_.back();
}

void PnDecoder::OnCyclic(bool from_client, std::uint16_t frame_id, base::Bytes frame, bool cut,
                         std::int64_t time_ns, OtOutput& out) {
  out.Count("profinet-rt.cyclic", 1);
  if (cut) return;  // the status is at the end
  if (frame.size() < kMinCyclicBytes) {
    return Fault("profinet-rt-length", "profinet-rt.malformed", out);
  }
  RtStream* const stream = Find(frame_id, from_client, out);
  if (stream == nullptr) return;
  const RtEvent event = stream->OnFrame(frame, time_ns);
  if (event == RtEvent::kNone || stream->interval.changes++ >= kMaxChanges) return;
  const bool first = event == RtEvent::kFirst;
  Transaction transaction =
      BeginRt(time_ns, first ? "cyclic_data_start" : "data_status_change", frame_id, from_client);
  transaction.attack_technique =
      FindTechnique(RtTechniques(), static_cast<std::int32_t>(event), kAnySub).id;
  AddDetail(transaction, "data_status", StatusText(stream->data_status));
  if (!first) AddDetail(transaction, "before", StatusText(stream->before));
  AddNumber(transaction, "cycle_counter", stream->cycle);
  AddNumber(transaction, "data_bytes", frame.size() - kMinCyclicBytes);
  if (event == RtEvent::kStop) AddAnomaly(transaction, "profinet-rt-stop");
  out.Emit(std::move(transaction));
}

void PnDecoder::OnAlarm(bool from_client, bool high, base::Bytes bytes, std::int64_t time_ns,
                        OtOutput& out) {
  const RtaKind kind = KindOfRta(bytes);
  if (kind == RtaKind::kBad) return Fault("profinet-rt-alarm", "profinet-rt.malformed", out);
  if (kind == RtaKind::kAck || kind == RtaKind::kNack) {
    return out.Count(kind == RtaKind::kAck ? "profinet-rt.alarm_acks" : "profinet-rt.alarm_nacks",
                     1);
  }
  out.Count("profinet-rt.alarms", 1);
  Transaction transaction = BeginRt(time_ns, "alarm", high ? 0xfc01 : 0xfe01, from_client);
  DecodeRta(bytes, high, transaction);
  out.Emit(std::move(transaction));
}

void PnDecoder::Summarise(RtStream& stream, std::int64_t now_ns, OtOutput& out) {
  const RtInterval& interval = stream.interval;
  Transaction summary = BeginRt(now_ns, "cyclic_data_summary", stream.frame_id, stream.from_client);
  AddDetail(summary, "data_status", StatusText(stream.data_status));
  AddNumber(summary, "packets", interval.packets);
  AddNumber(summary, "cycle_gaps", interval.gaps);
  AddNumber(summary, "duplicates", interval.duplicates);
  AddNumber(summary, "status_changes", interval.changes);
  if (interval.gaps != 0) AddAnomaly(summary, "profinet-rt-cycle-gap");
  out.Emit(std::move(summary));
  stream.interval = RtInterval{};
}

void PnDecoder::Expire(std::int64_t now_ns, OtOutput& out) {
  exchange_.Expire(now_ns, out);
  for (RtStream& stream : streams_) {
    const std::int64_t end_ns = stream.interval.start_ns + kSummaryNs;
    if (stream.interval.packets != 0 && end_ns <= now_ns) Summarise(stream, end_ns, out);
  }
}

std::int64_t PnDecoder::next_due_ns() const {
  std::int64_t due = exchange_.next_due_ns();
  for (const RtStream& stream : streams_) {
    if (stream.interval.packets != 0) due = std::min(due, stream.interval.start_ns + kSummaryNs);
  }
  return due;
}

void PnDecoder::Finish(OtOutput& out) {
  exchange_.Finish(out);
  for (RtStream& stream : streams_) {
    if (stream.interval.packets != 0) Summarise(stream, stream.last_ns, out);
  }
}

}  // namespace tapiary::capture::profinet
