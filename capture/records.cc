#include "capture/records.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <charconv>
#include <cstring>
#include <iterator>

namespace tapiary::capture {

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (version == 4) {
    inet_ntop(AF_INET, bytes.data(), text, sizeof text);
  } else if (version == 6) {
    inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  }
  return text;
}

std::optional<IpAddress> ParseIpAddress(std::string_view text) {
  char copy[INET6_ADDRSTRLEN + 1] = {};
  if (text.empty() || text.size() >= sizeof copy) return std::nullopt;
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  IpAddress address;
  if (inet_pton(AF_INET, copy, address.bytes.data()) == 1) {
    address.version = 4;
    return address;
  }
  address.bytes.fill(0);
  if (inet_pton(AF_INET6, copy, address.bytes.data()) == 1) {
    address.version = 6;
    return address;
  }
  return std::nullopt;
}

std::string FormatMac(const MacAddress& mac) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(3 * mac.size() - 1, ':');
  for (std::size_t i = 0; i < mac.size(); ++i) {
    text[3 * i] = kDigits[mac[i] >> 4];
    text[3 * i + 1] = kDigits[mac[i] & 15];
  }
  return text;
}

std::string_view ToString(RoleBy role) {
  switch (role) {
    case RoleBy::kSyn:
      return "syn";
    case RoleBy::kSynAck:
      return "synack";
    case RoleBy::kRequest:
      return "request";
    case RoleBy::kPort:
      return "port";
    case RoleBy::kFirstSeen:
      return "first-seen";
  }
  return "first-seen";
}

std::string_view ToString(EndReason reason) {
  switch (reason) {
    case EndReason::kEnd:
      return "end";
    case EndReason::kIdle:
      return "idle";
    case EndReason::kActive:
      return "active";
    case EndReason::kEvicted:
      return "evicted";
    case EndReason::kShutdown:
      return "shutdown";
  }
  return "idle";
}

std::string_view ToString(TcpState state) {
  switch (state) {
    case TcpState::kNone:
      return "none";
    case TcpState::kSynSent:
      return "syn-sent";
    case TcpState::kSynAck:
      return "syn-ack";
    case TcpState::kEstablished:
      return "established";
    case TcpState::kClosing:
      return "closing";
    case TcpState::kClosed:
      return "closed";
    case TcpState::kReset:
      return "reset";
    case TcpState::kMidstream:
      return "midstream";
  }
  return "none";
}

std::string_view ToString(TransactionStatus status) {
  switch (status) {
    case TransactionStatus::kOk:
      return "ok";
    case TransactionStatus::kException:
      return "exception";
    case TransactionStatus::kNoReply:
      return "no-reply";
    case TransactionStatus::kUnsolicited:
      return "unsolicited";
  }
  return "ok";
}

std::string FlowId::ToString() const {
  return fmt::format("{:x}.{:x}", epoch, number);
}

std::optional<FlowId> ParseFlowId(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto parse = [](std::string_view part, std::uint64_t& value) {
    if (part.empty() || part.size() > 16) return false;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, 16);
    return error == std::errc() && end == part.data() + part.size();
  };
  FlowId id;
  if (!parse(text.substr(0, dot), id.epoch) || !parse(text.substr(dot + 1), id.number)) {
    return std::nullopt;
  }
  return id;
}

double MirrorQuality::missed_share() const {
  const double sent = static_cast<double>(tcp_bytes) + static_cast<double>(missed_bytes);
  return sent == 0 ? 0 : static_cast<double>(missed_bytes) / sent;
}

void MirrorQuality::Add(const MirrorQuality& other) {
  tcp_bytes += other.tcp_bytes;
  missed_bytes += other.missed_bytes;
  copies += other.copies;
}

void MoveRecords(RecordBatch& from, RecordBatch& to) {
  const auto move = [](auto& source, auto& target) {
    target.insert(target.end(), std::make_move_iterator(source.begin()),
                  std::make_move_iterator(source.end()));
    source.clear();
  };
  move(from.flows, to.flows);
  move(from.transactions, to.transactions);
  move(from.gaps, to.gaps);
}

}  // namespace tapiary::capture
