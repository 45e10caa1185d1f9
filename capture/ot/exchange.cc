#include "capture/ot/exchange.h"

#include <algorithm>
#include <utility>

#include "capture/ot/detail.h"

namespace tapiary::capture {
namespace {

constexpr std::size_t kMaxEarly = 8;
constexpr std::int64_t kEarlyNs = 10 * base::kNanosPerMilli;
// A response whose request was reported already.
constexpr std::string_view kDuplicate = "duplicate-reply";
constexpr std::string_view kLate = "late-reply";

void EmitNoReply(Transaction&& request, OtOutput& out) {
  request.status = TransactionStatus::kNoReply;
  out.Emit(std::move(request));
}

}  // namespace

void Exchange::OnRequest(std::uint64_t key, std::optional<std::uint64_t> loose_key,
                         std::uint32_t kind, Transaction&& request, OtOutput& out) {
  (void)answered_.Take(key);
  if (PairWithEarly(key, kind, request)) {
    out.Emit(std::move(request));
    return;
  }
  std::optional<PendingTable::Entry> oldest = pending_.Add({key, loose_key, std::move(request)});
  if (oldest) GiveUp(std::move(*oldest), out);
}

// Not because of its time: said so, since its response may still come.
void Exchange::GiveUp(PendingTable::Entry&& entry, OtOutput& out) {
  timed_out_.Add(entry.key);
  entry.request.anomalies.emplace_back("pending-limit");
  EmitNoReply(std::move(entry.request), out);
}

bool Exchange::GiveUpOldest(OtOutput& out) {
  if (std::optional<PendingTable::Entry> oldest = pending_.TakeOldest()) {
    GiveUp(std::move(*oldest), out);
    return true;
  }
  if (early_.empty()) return false;
  early_.front().response.pdu = early_.front().bytes;
  EmitUnsolicited(early_.front().response, "pending-limit", out);
  early_.erase(early_.begin());
  return true;
}

std::size_t Exchange::held_bytes() const {
  std::size_t bytes = pending_.held_bytes() + early_.capacity() * sizeof(Early);
  for (const Early& early : early_) bytes += early.bytes.capacity();
  return bytes;
}

bool Exchange::PairWithEarly(std::uint64_t key, std::uint32_t kind, Transaction& request) {
  const auto found = std::find_if(early_.begin(), early_.end(), [key, kind](const Early& early) {
    return early.response.key == key && early.response.kind == kind;
  });
  if (found == early_.end()) return false;
  found->response.pdu = found->bytes;
  handler_.DecodeResponse(found->response, true, request);
  request.anomalies.emplace_back("reply-before-request");
  answered_.Add(key);
  early_.erase(found);
  return true;
}

void Exchange::OnResponse(const OtResponse& response, OtOutput& out) {
  std::optional<Transaction> request = pending_.Take(response.key);
  if (!request && answered_.Has(response.key)) {
    return EmitUnsolicited(response, kDuplicate, out);
  }
  if (!request && timed_out_.Take(response.key)) {
    return EmitUnsolicited(response, kLate, out);
  }
  if (!request && response.loose_key) request = pending_.TakeLoosely(*response.loose_key);
  if (request) {
    handler_.DecodeResponse(response, true, *request);
    // A clock that was set back in between would make it negative: then it is not known.
    const bool known = response.last_ns != kTimeUnknown && request->time_ns != kTimeUnknown;
    if (known && response.last_ns >= request->time_ns) {
      request->latency_ns = response.last_ns - request->time_ns;
    }
    answered_.Add(response.key);
    out.Emit(std::move(*request));
    return;
  }
  if (early_.size() == kMaxEarly) {
    ReleaseEarly(early_.front().response.last_ns + kEarlyNs + 1, false, out);
  }
  if (early_.size() == kMaxEarly) return EmitUnsolicited(response, {}, out);
  early_.push_back({response, {response.pdu.begin(), response.pdu.end()}});
}

void Exchange::EmitUnsolicited(const OtResponse& response, std::string_view anomaly,
                               OtOutput& out) {
  Transaction transaction;
  transaction.protocol = protocol_;
  transaction.time_ns = response.first_ns;
  AddDetail(transaction, "only", "response");
  handler_.DecodeResponse(response, false, transaction);
  transaction.status = TransactionStatus::kUnsolicited;
  if (!anomaly.empty()) transaction.anomalies.emplace_back(anomaly);
  if (anomaly == kDuplicate || anomaly == kLate) {
    transaction.command = false;
    transaction.attack_technique.clear();
  }
  out.Emit(std::move(transaction));
}

void Exchange::ReleaseEarly(std::int64_t now_ns, bool all, OtOutput& out) {
  std::size_t done = 0;
  for (; done < early_.size(); ++done) {
    Early& early = early_[done];
    if (!all && now_ns <= early.response.last_ns + kEarlyNs) break;
    early.response.pdu = early.bytes;
    EmitUnsolicited(early.response, {}, out);
  }
  early_.erase(early_.begin(), early_.begin() + static_cast<std::ptrdiff_t>(done));
}

void Exchange::Expire(std::int64_t now_ns, OtOutput& out) {
  if (now_ns == kTimeUnknown) return;
  ReleaseEarly(now_ns, false, out);
  while (std::optional<PendingTable::Entry> entry = pending_.TakeExpired(now_ns)) {
    timed_out_.Add(entry->key);
    EmitNoReply(std::move(entry->request), out);
  }
}

std::int64_t Exchange::next_due_ns() const {
  std::int64_t due = pending_.next_due_ns();
  if (!early_.empty() && early_.front().response.last_ns != kTimeUnknown) {
    due = std::min(due, early_.front().response.last_ns + kEarlyNs);
  }
  return due;
}

void Exchange::Finish(OtOutput& out) {
  ReleaseEarly(0, true, out);
  while (std::optional<PendingTable::Entry> entry = pending_.TakeOldest()) {
    EmitNoReply(std::move(entry->request), out);
  }
}

}  // namespace tapiary::capture
