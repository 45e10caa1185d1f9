#include "server/ingest/ingest.h"

#include "base/log.h"
#include "base/text.h"
#include "server/ingest/context.h"

namespace tapiary::server {

base::Result<> Slots::Take(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, wait, [this] { return free_ > 0; })) {
    return base::MakeError(base::ErrorCode::kUnavailable,
                           "as many files as allowed are being read; send it again later");
  }
  --free_;
  return {};
}

void Slots::GiveBack() {
  {
    const std::lock_guard lock(mutex_);
    ++free_;
  }
  changed_.notify_one();
}

void NewObjects::KeepIfStored(const Catalog& catalog, const Item& item, const base::Error& error) {
  if (error.code != base::ErrorCode::kUnavailable && error.code != base::ErrorCode::kTimeout)
    return;
  const auto known = IsKnown(catalog, item);
  if (!known || *known) Keep();
}

NewObjects::~NewObjects() {
  for (const std::string& name : names_) {
    if (const auto deleted = vault_.Delete(name); !deleted) {
      base::LogWarning("vault: {} stays without a catalog row: {}", name, deleted.error().message);
    }
  }
}

namespace {

// In words that the sender can act on: what is our trouble passes, and the sender comes again.
base::Error ForSender(base::Error error) {
  switch (error.code) {
    case base::ErrorCode::kTimeout:
    case base::ErrorCode::kIo:
      error.code = base::ErrorCode::kUnavailable;
      break;
    case base::ErrorCode::kUnsupported:
      error.code = base::ErrorCode::kCorrupt;
      break;
    case base::ErrorCode::kExists:
      error.code = base::ErrorCode::kConflict;
      break;
    default:
      break;
  }
  return error;
}

}  // namespace

void IngestContext::LogRefusal(std::string_view kind, std::string_view sensor,
                               const base::Error& error) {
  std::uint64_t suppressed = 0;
  {
    const std::lock_guard lock(mutex_);
    const bool ours = error.code == base::ErrorCode::kUnavailable;
    if (!(ours ? unavailable_log_ : refused_log_).Allow(&suppressed)) return;
  }
  base::LogWarning("refused {} from sensor {}: {} ({} more before)", kind,
                   base::EscapeBytes(sensor), base::EscapeBytes(error.message), suppressed);
}

void IngestContext::CountResult(std::string_view kind, std::string_view result,
                                std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  Count& count = counts_[{std::string(kind), std::string(result)}];
  ++count.items;
  count.bytes += bytes;
}

// What is asked for and not heeded would be thought to be in force.
Response IngestContext::RefuseQuery(std::string_view kind, const Request& request) {
  const base::Error error = base::MakeError(
      base::ErrorCode::kInvalid, "unknown parameter '" +
                                     base::EscapeBytes(request.query.begin()->first.substr(0, 60)) +
                                     "'; there are none");
  CountResult(kind, "refused", 0);
  LogRefusal(kind, request.identity.sensor_name, error);
  return ProblemFor(error);
}

Pass IngestContext::Admit(std::string_view kind, const Request& request) {
  if (!request.query.empty()) return {.hold = nullptr, .refusal = RefuseQuery(kind, request)};
  std::string_view limit;
  Pass pass = quota.Admit(request, &limit);
  if (!pass.refusal) return pass;
  CountResult(kind, "limited", 0);
  std::uint64_t suppressed = 0;
  const std::lock_guard lock(mutex_);
  if (limited_log_.Allow(&suppressed)) {
    base::LogWarning("sensor {} sends more than {} allows: {} refused ({} more before)",
                     base::EscapeBytes(request.identity.sensor_name), limit, kind, suppressed);
  }
  return pass;
}

Response IngestContext::Answer(std::string_view kind, std::string_view sensor,
                               const base::Result<Reply>& result) {
  std::string_view name = "refused";
  if (result) {
    name = result->stored == Stored::kNew ? "stored" : "repeated";
  } else if (ForSender(result.error()).code == base::ErrorCode::kConflict) {
    name = "conflict";
  }
  CountResult(kind, name, result ? result->bytes : 0);
  if (!result) {
    const base::Error error = ForSender(result.error());
    LogRefusal(kind, sensor, error);
    if (error.code == base::ErrorCode::kUnavailable && error.message.starts_with("vault: ")) {
      // A sensor need not know where packets are kept; the log does.
      return ProblemFor(base::MakeError(base::ErrorCode::kUnavailable,
                                        "the packet store takes nothing now; send it again later"));
    }
    return ProblemFor(error);
  }
  return JsonResponse(result->stored == Stored::kNew ? 201 : 200, result->json);
}

IngestMetrics IngestContext::metrics() const {
  const std::lock_guard lock(mutex_);
  IngestMetrics metrics;
  for (const auto& [key, count] : counts_) {
    metrics.rows.push_back({key.first, key.second, count.items, count.bytes});
  }
  return metrics;
}

namespace {

// Pays for bytes that come without having been announced.
class ChargedBody final : public BodySource {
 public:
  ChargedBody(SensorQuota& quota, const Request& request, BodySource& body)
      : quota_(quota), request_(request), body_(body) {}
  base::Result<std::size_t> Read(std::span<char> buffer) override {
    auto count = body_.Read(buffer);
    if (count && *count > 0 && !request_.content_length) {
      quota_.Charge(request_.identity.sensor_id, *count);
    }
    return count;
  }

 private:
  SensorQuota& quota_;
  const Request& request_;
  BodySource& body_;
};

}  // namespace

struct Ingest::Impl {
  IngestContext context;

  void AskForHaste(Response& response) {
    const std::int64_t age = context.live_tail.SegmentAge(base::WallNow());
    if (age > 0) response.headers.emplace_back(kSegmentAgeHeader, std::to_string(age));
  }

  using Work = base::Result<Reply> (*)(IngestContext&, const Request&, BodySource&);
  Route MakeRoute(std::string_view method, std::string_view kind, Work work,
                  std::uint64_t max_body_bytes) {
    const bool put = method == "PUT";
    Route route;
    route.method = method;
    route.pattern = "/api/v1/ingest/" + std::string(kind) + (put ? "/{epoch}/{seq}" : "");
    route.scope = Scope::kSensor;
    route.max_body_bytes = max_body_bytes;
    route.admit = [this, kind](const Request& request) { return context.Admit(kind, request); };
    route.handler = [this, kind, work, put](const Request& request, BodySource& body) {
      ChargedBody charged(context.quota, request, body);
      Response response =
          context.Answer(kind, request.identity.sensor_name, work(context, request, charged));
      if (put && response.status < 300) AskForHaste(response);
      return response;
    };
    return route;
  }
};

Ingest::Ingest(Catalog& catalog, Vault& vault, IngestLimits limits)
    : impl_(new Impl{{catalog, vault, std::move(limits)}}) {}

Ingest::~Ingest() = default;

std::vector<Route> Ingest::Routes() {
  const IngestLimits& limits = impl_->context.limits;
  return {
      impl_->MakeRoute("PUT", kSegments, PutSegment, limits.segment_bytes),
      impl_->MakeRoute("PUT", kFlows, PutFlows, limits.batch_bytes),
      impl_->MakeRoute("PUT", kFacts, PutFacts, limits.batch_bytes),
      impl_->MakeRoute("POST", kPcap, PostPcap, limits.pcap_bytes),
      impl_->MakeRoute("POST", kEvents, PostEvents, limits.events_bytes),
  };
}

IngestMetrics Ingest::metrics() const {
  return impl_->context.metrics();
}

void Ingest::RequestStop() {
  impl_->context.stopping = true;
}

}  // namespace tapiary::server
