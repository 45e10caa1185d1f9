#include "uplink/forwarder.h"

#include <fmt/core.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <mutex>
#include <optional>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "uplink/split.h"
#include "uplink/wire/token_file.h"
#include "uplink/wire/wire.h"

namespace tapiary::uplink {

namespace {

using base::ErrorCode;
using base::MakeError;

constexpr std::size_t kRecordsLane = 0;  // facts, then flows
constexpr std::size_t kPacketsLane = 1;
constexpr std::array<const char*, HttpClient::kLanes> kLaneNames = {"records", "packets"};
constexpr const char* kStarting = "starting";
constexpr const char* kOk = "ok";
// So many items refused for their content, one after the other, look like the collector's fault.
constexpr std::uint32_t kManyRefusals = 3;
// A collector that follows says so with each answer, and a health record goes out every 10 s.
constexpr std::int64_t kHurryNs = 15 * base::kNanosPerSecond;
constexpr std::int64_t kMaxSegmentAge = 3600;  // seconds

std::string PathOf(const Item& item) {
  const std::string_view kind = item.kind == Kind::kPackets ? kSegmentsPath
                                : item.kind == Kind::kFlows ? kFlowsPath
                                                            : kFactsPath;
  return fmt::format("/api/v1/ingest/{}/{}/{}", kind, item.place.epoch, item.place.seq);
}

enum class Verdict { kTaken, kConflict, kPoison, kTokenRefused, kLater };

Verdict Judge(int status) {
  switch (status) {
    case 200:
    case 201:
      return Verdict::kTaken;
    case 409:
      return Verdict::kConflict;
    case 400:
    case 413:
    case 422:
      return Verdict::kPoison;
    case 401:
    case 403:
      return Verdict::kTokenRefused;
    default:
      // Everything that may pass, and whatever no collector should answer: keep the data.
      return Verdict::kLater;
  }
}

std::string Describe(const Answer& answer) {
  if (answer.status != 0) return fmt::format("collector answers {}", answer.status);
  const std::string error = base::EscapeBytes(answer.error);
  if (!answer.certificate) return "unreachable: " + error;
  // A sensor without a clock sees every certificate as not yet valid (UP-08).
  return "certificate refused: " + error + " (names, CA file and clock must be right)";
}

}  // namespace

base::Result<> CheckUplink(const ForwarderOptions& options) {
  TAPIARY_TRY(UplinkHost(options.http));
  if (!options.http.ca_file.empty() && access(options.http.ca_file.c_str(), R_OK) != 0) {
    const int error = errno;
    return base::Error::FromErrno(error, "CA file " + options.http.ca_file);
  }
  TAPIARY_TRY(ReadTokenFile(options.token_file));
  return {};
}

struct Forwarder::Impl {
  Impl(ForwarderOptions given, Spool& given_spool)
      : options(std::move(given)),
        spool(given_spool),
        lanes{Lane(options.backoff), Lane(options.backoff)} {}

  // Each lane waits for itself: a collector without space for packets still takes facts and flows,
  // and their success says nothing about packets.
  struct Lane {
    explicit Lane(const Backoff::Options& given) : backoff(given) {}
    void Wait(std::int64_t delay_ns) { next_try_ns = base::SteadyNow() + delay_ns; }

    Backoff backoff;
    std::int64_t next_try_ns = 0;  // steady clock
    std::uint32_t refusals = 0;    // items refused since the last one that was taken
    std::optional<Item> under_way;
    std::string state = kStarting;
  };

  void Run();
  bool Finished(std::int64_t now_ns) const;
  bool Waits(std::size_t lane) const;
  void StartLanes(std::int64_t now_ns);
  bool StartLane(std::size_t lane);
  std::optional<Item> NextOf(std::size_t lane);
  void Handle(std::size_t lane, const Answer& answer);
  void Taken(std::size_t lane, const Item& item);
  void Conflict(std::size_t lane, const Item& item);
  void Poison(std::size_t lane, const Item& item, const Answer& answer);
  void SetAside(std::size_t lane, const Item& item, const char* reason);
  void Refused(std::size_t lane, const Answer& answer);
  void Later(std::size_t lane, const Answer& answer);
  void Local(std::size_t lane, const base::Result<>& result);
  void NoteDate(const Answer& answer);
  void NoteSegmentAge(const Answer& answer);
  // `hint`: what to do about it, for the log alone.
  void SetState(std::size_t lane, std::string state, std::string_view hint = {});
  [[nodiscard]] std::string StateOfAll() const;

  const ForwarderOptions options;
  Spool& spool;
  std::unique_ptr<HttpClient> client;
  std::thread thread;
  std::atomic<bool> stopping{false};
  std::atomic<std::int64_t> deadline_ns{0};  // steady clock, once stopping

  // The forwarder's thread only.
  std::array<Lane, HttpClient::kLanes> lanes;

  mutable std::mutex mutex;  // guards status_now
  ForwarderStatus status_now;
};

void Forwarder::Impl::SetState(std::size_t lane, std::string state, std::string_view hint) {
  Lane& one = lanes[lane];
  if (state == one.state) return;
  if (state == kOk) {
    base::LogInfo("uplink: ok ({})", kLaneNames[lane]);
  } else {
    base::LogWarning("uplink: {} ({}){}", state, kLaneNames[lane], hint);
  }
  one.state = std::move(state);
  const std::lock_guard lock(mutex);
  status_now.state = StateOfAll();
}

// One text for both lanes; the lane is named when the other one works.
std::string Forwarder::Impl::StateOfAll() const {
  const std::string& records = lanes[kRecordsLane].state;
  const std::string& packets = lanes[kPacketsLane].state;
  if (packets == kStarting || packets == records) return records;
  if (records == kStarting) return packets;
  if (packets == kOk) return fmt::format("{} ({})", records, kLaneNames[kRecordsLane]);
  if (records == kOk) return fmt::format("{} ({})", packets, kLaneNames[kPacketsLane]);
  return records;
}

bool Forwarder::Impl::Waits(std::size_t lane) const {
  if (lane == kPacketsLane) return spool.Has(Kind::kPackets);
  return spool.Has(Kind::kFacts) || spool.Has(Kind::kFlows);
}

bool Forwarder::Impl::Finished(std::int64_t now_ns) const {
  if (!stopping.load()) return false;
  const std::int64_t end_ns = deadline_ns.load();
  if (now_ns >= end_ns) return true;
  for (std::size_t lane = 0; lane < HttpClient::kLanes; ++lane) {
    if (Waits(lane) && lanes[lane].next_try_ns <= end_ns) return false;
  }
  return true;
}

void Forwarder::Impl::Run() {
  for (;;) {
    const std::int64_t now_ns = base::SteadyNow();
    if (Finished(now_ns)) break;
    StartLanes(now_ns);
    for (const HttpClient::Done& done : client->Poll(options.poll_ns)) {
      Handle(done.lane, done.answer);
    }
  }
  for (std::size_t lane = 0; lane < HttpClient::kLanes; ++lane) client->Cancel(lane);
}

void Forwarder::Impl::StartLanes(std::int64_t now_ns) {
  for (std::size_t lane = 0; lane < HttpClient::kLanes; ++lane) {
    if (now_ns < lanes[lane].next_try_ns || client->Busy(lane)) continue;
    StartLane(lane);
  }
}

std::optional<Item> Forwarder::Impl::NextOf(std::size_t lane) {
  const std::array<Kind, 2> records = {Kind::kFacts, Kind::kFlows};
  const std::array<Kind, 2> packets = {Kind::kPackets, Kind::kPackets};
  for (const Kind kind : lane == kRecordsLane ? records : packets) {
    if (!spool.Has(kind)) continue;
    auto item = spool.Next(kind);
    if (!item) {
      Local(lane, item.error());
      return std::nullopt;
    }
    if (*item) return std::move(*item);
  }
  return std::nullopt;
}

bool Forwarder::Impl::StartLane(std::size_t lane) {
  auto item = NextOf(lane);
  if (!item) return false;
  std::string body = item->body;
  const bool fresh = lanes[lane].backoff.failures() > 0;
  const auto started = client->Start(lane, PathOf(*item), std::move(body), fresh);
  if (!started) {
    Local(lane, started);
    return false;
  }
  lanes[lane].under_way = std::move(item);
  return true;
}

void Forwarder::Impl::Handle(std::size_t lane, const Answer& answer) {
  const std::optional<Item> item = std::exchange(lanes[lane].under_way, std::nullopt);
  if (!item) return;
  NoteDate(answer);
  switch (Judge(answer.status)) {
    case Verdict::kTaken:
      NoteSegmentAge(answer);
      return Taken(lane, *item);
    case Verdict::kConflict:
      return Conflict(lane, *item);
    case Verdict::kPoison:
      return Poison(lane, *item, answer);
    case Verdict::kTokenRefused:
      return Refused(lane, answer);
    case Verdict::kLater:
      return Later(lane, answer);
  }
}

void Forwarder::Impl::Taken(std::size_t lane, const Item& item) {
  lanes[lane].backoff.Reset();
  lanes[lane].refusals = 0;
  lanes[lane].next_try_ns = 0;
  SetState(lane, kOk);
  {
    const std::lock_guard lock(mutex);
    ++status_now.delivered_items;
    status_now.delivered_bytes += item.body.size();
    status_now.last_success_ns = base::WallNow();
  }
  // Last: the status is true by when the spool is empty, and a spool that fails stays the state.
  Local(lane, spool.Acknowledge(item));
}

void Forwarder::Impl::Conflict(std::size_t lane, const Item& item) {
  base::LogError("uplink: the collector holds {} under other content; this one is set aside",
                 PathOf(item));
  SetAside(lane, item, kReasonConflict);
}

void Forwarder::Impl::Poison(std::size_t lane, const Item& item, const Answer& answer) {
  base::LogWarning("uplink: the collector refuses {} with {}: {}", PathOf(item), answer.status,
                   base::EscapeBytes(std::string_view(answer.detail).substr(0, 300)));
  const std::vector<Encode> halves = SplitItem(item);
  if (halves.empty()) return SetAside(lane, item, kReasonQuarantined);
  Local(lane, spool.Replace(item, halves));
  const std::lock_guard lock(mutex);
  ++status_now.split_items;
}

void Forwarder::Impl::SetAside(std::size_t lane, const Item& item, const char* reason) {
  if (IsQuarantineNotice(item)) {
    base::LogError("uplink: the collector refuses even the notice {}; it is dropped", PathOf(item));
    Local(lane, spool.Acknowledge(item));
  } else {
    Local(lane, spool.Quarantine(item, GapOf(item, reason)));
  }
  {
    const std::lock_guard lock(mutex);
    ++status_now.quarantined_items;
  }
  // The first few cost no time; a collector that refuses all must not empty the spool at once.
  Lane& one = lanes[lane];
  if (++one.refusals >= kManyRefusals) one.Wait(one.backoff.Around(options.backoff.max_ns));
}

void Forwarder::Impl::Refused(std::size_t lane, const Answer& answer) {
  SetState(
      lane, "token refused",
      fmt::format(": the one in {} (uplink.token_file) has expired, was revoked or is none of a "
                  "sensor; on the collector's host 'tapiary token create NAME --scope sensor' "
                  "makes one, which is taken as soon as it is in that file",
                  base::EscapeBytes(options.token_file)));
  {
    const std::lock_guard lock(mutex);
    ++status_now.failed_requests;
  }
  // It may have been replaced. A file that cannot be read leaves the old one in use.
  if (auto token = ReadTokenFile(options.token_file)) client->set_token(std::move(*token));
  const auto retry_after = ParseRetryAfter(answer.retry_after, base::WallNow());
  Lane& one = lanes[lane];
  (void)one.backoff.Next();  // the next try makes a connection of its own
  one.Wait(std::max(one.backoff.Around(options.refused_wait_ns), retry_after.value_or(0)));
}

void Forwarder::Impl::Later(std::size_t lane, const Answer& answer) {
  SetState(lane, Describe(answer));
  {
    const std::lock_guard lock(mutex);
    ++status_now.failed_requests;
  }
  const auto retry_after = ParseRetryAfter(answer.retry_after, base::WallNow());
  lanes[lane].Wait(lanes[lane].backoff.Next(retry_after));
}

// A failure on our side: of the spool, mostly.
void Forwarder::Impl::Local(std::size_t lane, const base::Result<>& result) {
  if (result) return;
  if (result.error().code != ErrorCode::kUnavailable) {
    SetState(lane, "spool: " + result.error().message);
  }
  lanes[lane].Wait(base::kNanosPerSecond);
}

void Forwarder::Impl::NoteDate(const Answer& answer) {
  const auto date_ns = ParseHttpDate(answer.date);
  if (!date_ns) return;
  const std::lock_guard lock(mutex);
  status_now.clock_skew_ns = *date_ns - base::WallNow();
}

void Forwarder::Impl::NoteSegmentAge(const Answer& answer) {
  const std::string& text = answer.segment_age;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = !text.empty() && error == std::errc() && end == text.data() + text.size();
  if (!whole || seconds < 1 || seconds > kMaxSegmentAge) return;
  spool.HurrySegments(seconds * base::kNanosPerSecond, kHurryNs);
}

Forwarder::Forwarder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Forwarder::~Forwarder() {
  Stop(0);
}

base::Result<std::unique_ptr<Forwarder>> Forwarder::Make(ForwarderOptions options, Spool& spool) {
  TAPIARY_TRY(CheckUplink(options));
  TAPIARY_ASSIGN(std::string token, ReadTokenFile(options.token_file));
  auto impl = std::make_unique<Impl>(std::move(options), spool);
  TAPIARY_ASSIGN(impl->client, HttpClient::Make(impl->options.http));
  impl->client->set_token(std::move(token));
  return std::unique_ptr<Forwarder>(new Forwarder(std::move(impl)));
}

void Forwarder::Start() {
  impl_->thread = std::thread([this] { impl_->Run(); });
  pthread_setname_np(impl_->thread.native_handle(), "forwarder");
}

void Forwarder::Stop(std::int64_t grace_ns) {
  if (!impl_->thread.joinable()) return;
  impl_->deadline_ns.store(base::SteadyNow() + grace_ns);
  impl_->stopping.store(true);
  impl_->client->Wake();
  impl_->thread.join();
}

ForwarderStatus Forwarder::status() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->status_now;
}

}  // namespace tapiary::uplink
