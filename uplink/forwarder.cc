#include "uplink/forwarder.h"

#include <fmt/core.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "uplink/split.h"
#include "uplink/wire/wire.h"

namespace tapiary::uplink {

namespace {

using base::ErrorCode;
using base::MakeError;

constexpr std::size_t kRecordsLane = 0;  // facts, then flows
constexpr std::size_t kPacketsLane = 1;
constexpr std::size_t kMaxTokenBytes = 4096;
// So many items refused for their content, one after the other, look like the collector's fault.
constexpr std::uint32_t kManyRefusals = 3;

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

base::Result<std::string> ReadTokenFile(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    const int error = errno;
    return base::Error::FromErrno(error, "token file " + path);
  }
  if (!S_ISREG(info.st_mode) || (info.st_mode & 077) != 0) {
    return MakeError(ErrorCode::kPermission,
                     fmt::format("token file {} must be a file that only its owner can read: "
                                 "chmod 600 {}",
                                 path, path));
  }
  TAPIARY_ASSIGN(std::string token, base::ReadFile(path, kMaxTokenBytes));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  const auto bad = [](char c) { return c <= ' ' || c > '~'; };
  if (token.empty() || std::any_of(token.begin(), token.end(), bad)) {
    return MakeError(ErrorCode::kInvalid, fmt::format("token file {} holds no token", path));
  }
  return token;
}

struct Forwarder::Impl {
  Impl(ForwarderOptions given, Spool& given_spool)
      : options(std::move(given)), spool(given_spool), backoff(options.backoff) {}

  void Run();
  bool Finished(std::int64_t now_ns) const;
  void StartLanes(std::int64_t now_ns);
  bool StartLane(std::size_t lane);
  std::optional<Item> NextOf(std::size_t lane);
  void Handle(std::size_t lane, const Answer& answer);
  void Taken(const Item& item);
  void Conflict(const Item& item);
  void Poison(const Item& item, const Answer& answer);
  void SetAside(const Item& item, const char* reason);
  void Refused(const Answer& answer);
  void Later(const Answer& answer);
  void Local(const base::Result<>& result);
  void NoteDate(const Answer& answer);
  void SetState(std::string state);
  void Wait(std::int64_t delay_ns) { next_try_ns = base::SteadyNow() + delay_ns; }

  const ForwarderOptions options;
  Spool& spool;
  std::unique_ptr<HttpClient> client;
  std::thread thread;
  std::atomic<bool> stopping{false};
  std::atomic<std::int64_t> deadline_ns{0};  // steady clock, once stopping

  // The forwarder's thread only.
  Backoff backoff;
  std::int64_t next_try_ns = 0;
  std::uint32_t refusals = 0;  // items refused since the last one that was taken
  std::array<std::optional<Item>, HttpClient::kLanes> under_way;

  mutable std::mutex mutex;  // guards status_now
  ForwarderStatus status_now;
};

void Forwarder::Impl::SetState(std::string state) {
  const std::lock_guard lock(mutex);
  if (state == status_now.state) return;
  if (state == "ok") {
    base::LogInfo("uplink: ok");
  } else {
    base::LogWarning("uplink: {}", state);
  }
  status_now.state = std::move(state);
}

bool Forwarder::Impl::Finished(std::int64_t now_ns) const {
  if (!stopping.load()) return false;
  if (now_ns >= deadline_ns.load() || next_try_ns > deadline_ns.load()) return true;
  const bool waits =
      spool.Has(Kind::kFacts) || spool.Has(Kind::kFlows) || spool.Has(Kind::kPackets);
  return !waits;
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
    if (now_ns < next_try_ns || client->Busy(lane)) continue;
    // After a failure one request tries alone.
    const bool trying = backoff.failures() > 0;
    if (trying && (client->Busy(kRecordsLane) || client->Busy(kPacketsLane))) continue;
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
      Local(item.error());
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
  const auto started = client->Start(lane, PathOf(*item), std::move(body), backoff.failures() > 0);
  if (!started) {
    Local(started);
    return false;
  }
  under_way[lane] = std::move(item);
  return true;
}

void Forwarder::Impl::Handle(std::size_t lane, const Answer& answer) {
  const std::optional<Item> item = std::exchange(under_way[lane], std::nullopt);
  if (!item) return;
  NoteDate(answer);
  switch (Judge(answer.status)) {
    case Verdict::kTaken:
      return Taken(*item);
    case Verdict::kConflict:
      return Conflict(*item);
    case Verdict::kPoison:
      return Poison(*item, answer);
    case Verdict::kTokenRefused:
      return Refused(answer);
    case Verdict::kLater:
      return Later(answer);
  }
}

void Forwarder::Impl::Taken(const Item& item) {
  backoff.Reset();
  refusals = 0;
  next_try_ns = 0;
  Local(spool.Acknowledge(item));
  SetState("ok");
  const std::lock_guard lock(mutex);
  ++status_now.delivered_items;
  status_now.delivered_bytes += item.body.size();
  status_now.last_success_ns = base::WallNow();
}

void Forwarder::Impl::Conflict(const Item& item) {
  base::LogError("uplink: the collector holds {} under other content; this one is set aside",
                 PathOf(item));
  SetAside(item, kReasonConflict);
}

void Forwarder::Impl::Poison(const Item& item, const Answer& answer) {
  base::LogWarning("uplink: the collector refuses {} with {}: {}", PathOf(item), answer.status,
                   base::EscapeBytes(std::string_view(answer.detail).substr(0, 300)));
  const std::vector<Encode> halves = SplitItem(item);
  if (halves.empty()) return SetAside(item, kReasonQuarantined);
  Local(spool.Replace(item, halves));
  const std::lock_guard lock(mutex);
  ++status_now.split_items;
}

void Forwarder::Impl::SetAside(const Item& item, const char* reason) {
  if (IsQuarantineNotice(item)) {
    base::LogError("uplink: the collector refuses even the notice {}; it is dropped", PathOf(item));
    Local(spool.Acknowledge(item));
  } else {
    Local(spool.Quarantine(item, GapOf(item, reason)));
  }
  {
    const std::lock_guard lock(mutex);
    ++status_now.quarantined_items;
  }
  // The first few cost no time; a collector that refuses all must not empty the spool at once.
  if (++refusals >= kManyRefusals) Wait(backoff.Around(options.backoff.max_ns));
}

void Forwarder::Impl::Refused(const Answer& answer) {
  SetState("token refused");
  {
    const std::lock_guard lock(mutex);
    ++status_now.failed_requests;
  }
  // It may have been replaced. A file that cannot be read leaves the old one in use.
  if (auto token = ReadTokenFile(options.token_file)) client->set_token(std::move(*token));
  const auto retry_after = ParseRetryAfter(answer.retry_after, base::WallNow());
  (void)backoff.Next();  // one request at a time from now on
  Wait(std::max(backoff.Around(options.refused_wait_ns), retry_after.value_or(0)));
}

void Forwarder::Impl::Later(const Answer& answer) {
  SetState(Describe(answer));
  {
    const std::lock_guard lock(mutex);
    ++status_now.failed_requests;
  }
  const auto retry_after = ParseRetryAfter(answer.retry_after, base::WallNow());
  Wait(backoff.Next(retry_after));
}

// A failure on our side: of the spool, mostly.
void Forwarder::Impl::Local(const base::Result<>& result) {
  if (result) return;
  if (result.error().code != ErrorCode::kUnavailable) {
    SetState("spool: " + result.error().message);
  }
  Wait(base::kNanosPerSecond);
}

void Forwarder::Impl::NoteDate(const Answer& answer) {
  const auto date_ns = ParseHttpDate(answer.date);
  if (!date_ns) return;
  const std::lock_guard lock(mutex);
  status_now.clock_skew_ns = *date_ns - base::WallNow();
}

Forwarder::Forwarder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Forwarder::~Forwarder() {
  Stop(0);
}

base::Result<std::unique_ptr<Forwarder>> Forwarder::Make(ForwarderOptions options, Spool& spool) {
  TAPIARY_TRY(UplinkHost(options.http));
  if (!options.http.ca_file.empty() && access(options.http.ca_file.c_str(), R_OK) != 0) {
    const int error = errno;
    return base::Error::FromErrno(error, "CA file " + options.http.ca_file);
  }
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
