#include "capture/ot/s7comm/user.h"

#include <utility>

#include "capture/ot/detail.h"
#include "capture/ot/s7comm/job.h"
#include "capture/ot/s7comm/names.h"
#include "capture/ot/s7comm/userdata.h"

namespace tapiary::capture::s7comm {
namespace {

using iso::User;

constexpr std::string_view kService = "s7comm";
constexpr std::int64_t kPushIntervalNs = 60'000'000'000;

// Userdata and jobs count their references apart.
std::uint64_t IdOf(const Message& message) {
  const std::uint64_t userdata = message.rosctr == kUserdata ? 1 : 0;
  return userdata << 16 | message.reference;
}

std::uint32_t KindOf(const Message& message) {
  if (message.rosctr == kUserdata) {
    const std::optional<Userdata> userdata = ReadUserdata(message);
    return userdata ? static_cast<std::uint32_t>(userdata->code()) : 0;
  }
  return message.parameter.empty() ? 0 : message.parameter[0];
}

// Counted by sub-function; names must be static.
std::string_view PushCounter(std::uint8_t function) {
  switch (function) {
    case 1:
      return "s7comm.push_cyclic";
    case 5:
      return "s7comm.push_change_driven";
    case 7:
      return "s7comm.push_change_driven_modify";
    default:
      return "s7comm.push_other";
  }
}

void CheckWhole(const Message& message, bool cut, Transaction& out) {
  if (cut) {
    AddAnomaly(out, "truncated");
  } else if (!message.fits) {
    AddAnomaly(out, "s7comm-length");
  }
}

}  // namespace

bool S7User::OnTsdu(const iso::Call& call, const iso::Tsdu& tsdu) {
  const std::optional<Message> message = ReadMessage(tsdu.bytes, tsdu.bytes.size());
  if (!message) {
    call.out.Anomaly("s7comm-header");
    return false;
  }
  if (message->rosctr == kUserdata) {
    OnUserdata(call, *message, tsdu);
  } else if (message->rosctr == kJob) {
    Transaction out;
    out.protocol = kService;
    out.time_ns = tsdu.first_ns;
    Asked asked;
    DecodeJob(*message, out, asked.shapes);
    CheckWhole(*message, tsdu.cut, out);
    asked.key = iso::MakeKey(User::kS7, call.from_client, IdOf(*message));
    if (out.code == kReadVariable) {
      asked_[next_asked_] = asked;
      next_asked_ = (next_asked_ + 1) % kAsked;
    }
    iso::Ask(call, User::kS7, IdOf(*message), KindOf(*message), std::move(out));
  } else {
    iso::Answer(call, User::kS7, IdOf(*message), KindOf(*message), tsdu);
  }
  return true;
}

void S7User::OnUserdata(const iso::Call& call, const Message& message, const iso::Tsdu& tsdu) {
  const std::optional<Userdata> userdata = ReadUserdata(message);
  if (!userdata) return call.out.Anomaly("s7comm-userdata");
  if (userdata->type == 8) {
    return iso::Answer(call, User::kS7, IdOf(message), KindOf(message), tsdu);
  }
  Transaction out;
  out.protocol = kService;
  out.time_ns = tsdu.first_ns;
  if (userdata->type != 4) {
    DecodePush(*userdata, out);
    CheckWhole(message, tsdu.cut, out);
    return OnPush(call, *userdata, std::move(out));
  }
  DecodeUserdataRequest(*userdata, out);
  CheckWhole(message, tsdu.cut, out);
  iso::Ask(call, User::kS7, IdOf(message), KindOf(message), std::move(out));
}

void S7User::OnPush(const iso::Call& call, const Userdata& userdata, Transaction&& out) {
  if (userdata.group != 2) return call.out.Emit(std::move(out));
  call.out.Count(PushCounter(userdata.function), 1);
  const std::size_t at = userdata.function & 0x0f;
  const bool seen = (pushed_ >> at & 1) != 0;
  const bool timed = out.time_ns > 0 && pushed_ns_[at] > 0;
  if (seen && (!timed || out.time_ns - pushed_ns_[at] < kPushIntervalNs)) return;
  pushed_ = static_cast<std::uint16_t>(pushed_ | 1u << at);
  pushed_ns_[at] = out.time_ns;
  call.out.Emit(std::move(out));
}

Shapes S7User::ShapesOf(std::uint64_t key) const {
  // The newest first: references repeat.
  for (std::size_t back = 1; back <= kAsked; ++back) {
    const Asked& asked = asked_[(next_asked_ + kAsked - back) % kAsked];
    if (asked.key == key) return asked.shapes;
  }
  return {};
}

void S7User::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  const std::optional<Message> message = ReadMessage(response.pdu, response.pdu.size());
  if (!message) return;
  if (message->rosctr == kUserdata) {
    const std::optional<Userdata> userdata = ReadUserdata(*message);
    if (userdata) DecodeUserdataResponse(*userdata, szl_, has_request, out);
  } else {
    DecodeAck(*message, has_request ? ShapesOf(response.key) : Shapes{}, has_request, out);
  }
  CheckWhole(*message, response.cut, out);
}

}  // namespace tapiary::capture::s7comm
