#include "server/api/event_clock.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "server/api/event_links.h"
#include "server/api/event_search.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kMinSamples = 3;
constexpr std::int64_t kMaxSpreadNs = 30 * base::kNanosPerSecond;
constexpr std::int64_t kSamplesUsed = 51;
constexpr std::int64_t kSamplesKept = 500;  // of a honeypot
constexpr std::int64_t kMaxEvents = 2000;   // looked at in a round
constexpr int kMaxTries = 16;               // of a honeypot, in a round
// A connection this short may stand for its beginning whatever the event is about.
constexpr std::int64_t kShortNs = 2 * base::kNanosPerSecond;
// When a flow may be received, from when its event was.
constexpr std::int64_t kBeforeNs = 2 * base::kNanosPerMinute;
constexpr std::int64_t kAfterNs = 10 * base::kNanosPerMinute;

std::int64_t Median(std::vector<std::int64_t>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

struct Sample {
  std::int64_t received_ns = 0;
  std::int64_t offset_ns = 0;
};

// A clock that was set right has two offsets; the samples around an event are on its side of the
// step, or mixed, and then their spread says so.
EventClock Reckon(const std::vector<Sample>& samples) {
  EventClock clock;
  if (samples.empty()) return clock;
  std::vector<std::int64_t> values;
  for (const Sample& sample : samples) {
    values.push_back(sample.offset_ns);
    clock.last_ns = std::max(clock.last_ns, sample.received_ns);
  }
  clock.samples = static_cast<std::int64_t>(samples.size());
  clock.offset_ns = Median(values);
  for (std::int64_t& value : values) value = std::abs(value - clock.offset_ns);
  clock.spread_ns = Median(values);
  return clock;
}

struct Candidate {
  std::int64_t event_id = 0, sensor_id = 0, received_ns = 0, time_ns = 0;
  std::string dataset{};
  capture::IpAddress source{};
  std::uint16_t port = 0;
  bool is_start = false;
};

// The newest first, without those that are samples already.
base::Result<std::vector<Candidate>> FindCandidates(const Catalog& catalog, std::int64_t from_ns,
                                                    std::int64_t to_ns) {
  std::vector<Candidate> candidates;
  std::map<std::pair<std::int64_t, std::string>, int> tries;
  const SqlValue values[] = {from_ns, to_ns, kMaxEvents};
  TAPIARY_TRY(catalog.Query(
      "SELECT e.id, e.sensor_id, e.received_ns, e.time_ns, e.source_ip, e.source_port, "
      "json_extract(e.ecs, '$.\"event.dataset\"'), json_extract(e.ecs, '$.\"tapiary.time\"'), "
      "json_extract(e.ecs, '$.\"event.action\"') FROM events e "
      "WHERE e.received_ns >= ? AND e.received_ns <= ? AND e.source_port IS NOT NULL AND "
      "e.source_ip IS NOT NULL AND e.ecs IS NOT NULL AND "
      "NOT EXISTS (SELECT 1 FROM event_clocks c WHERE c.event_id = e.id) "
      "ORDER BY e.received_ns DESC, e.id DESC LIMIT ?",
      values, [&](const SqlRow& row) {
        const std::string_view kind = row.Text(7);
        if (kind != "event" && kind != "session-start") return true;
        Candidate one{row.Int(0),
                      row.Int(1),
                      row.Int(2),
                      row.Int(3),
                      std::string(row.Text(6)),
                      FromAddressKey(row.Blob(4)),
                      static_cast<std::uint16_t>(row.Int(5)),
                      kind == "session-start" || row.Text(8) == "connect"};
        if (++tries[{one.sensor_id, one.dataset}] <= kMaxTries) candidates.push_back(one);
        return true;
      }));
  return candidates;
}

// False when no conversation, or more than one, may be the event's.
base::Result<bool> FindOffset(const Catalog& catalog, const Candidate& event,
                              std::int64_t* offset_ns) {
  FlowsFound found;
  TAPIARY_TRY(AddFlowsOfSource(
      catalog,
      {event.source, event.port, event.received_ns - kBeforeNs, event.received_ns + kAfterNs},
      found));
  if (found.partial || found.full || Conversations(found.flows) != 1) return false;
  const LinkFlow& flow = found.flows.front();
  std::int64_t length = 0;
  if (__builtin_sub_overflow(flow.end_ns, flow.start_ns, &length)) return false;
  if (!event.is_start && length > kShortNs) return false;
  const std::int64_t reference = event.is_start ? flow.start_ns : flow.start_ns + length / 2;
  return !__builtin_sub_overflow(event.time_ns, reference, offset_ns) &&
         std::abs(*offset_ns) < INT64_MAX / 4;
}

base::Result<> AddSample(SqlWriter& writer, const Candidate& event, std::int64_t offset_ns) {
  const SqlValue values[] = {event.event_id, event.sensor_id, event.dataset, event.received_ns,
                             offset_ns};
  TAPIARY_TRY(
      writer.Execute("INSERT INTO event_clocks (event_id, sensor_id, dataset, received_ns, "
                     "offset_ns) VALUES (?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING",
                     values));
  return {};
}

base::Result<> DropOldSamples(SqlWriter& writer, std::int64_t sensor_id,
                              const std::string& dataset) {
  const SqlValue values[] = {sensor_id, dataset, sensor_id, dataset, kSamplesKept - 1};
  TAPIARY_TRY(writer.Execute(
      "DELETE FROM event_clocks WHERE sensor_id = ? AND dataset = ? AND received_ns < "
      "(SELECT received_ns FROM event_clocks WHERE sensor_id = ? AND dataset = ? "
      "ORDER BY received_ns DESC LIMIT 1 OFFSET ?)",
      values));
  return {};
}

}  // namespace

bool EventClock::Known() const {
  return samples >= kMinSamples && spread_ns <= kMaxSpreadNs;
}

base::Result<EventClock> ClockOf(const Catalog& catalog, std::int64_t sensor_id,
                                 const std::string& dataset, std::int64_t received_ns) {
  std::vector<Sample> samples;
  const SqlValue values[] = {sensor_id, dataset, received_ns, kSamplesUsed};
  TAPIARY_TRY(catalog.Query(
      "SELECT received_ns, offset_ns FROM event_clocks WHERE sensor_id = ? AND dataset = ? "
      "ORDER BY ABS(received_ns - ?), event_id LIMIT ?",
      values, [&samples](const SqlRow& row) {
        samples.push_back({row.Int(0), row.Int(1)});
        return true;
      }));
  return Reckon(samples);
}

base::Result<std::vector<HoneypotClock>> AllClocks(const Catalog& catalog) {
  std::vector<HoneypotClock> clocks;
  TAPIARY_TRY(catalog.Query("SELECT DISTINCT sensor_id, dataset FROM event_clocks ORDER BY 1, 2",
                            {}, [&clocks](const SqlRow& row) {
                              clocks.push_back({row.Int(0), std::string(row.Text(1)), {}});
                              return true;
                            }));
  for (HoneypotClock& one : clocks) {
    TAPIARY_ASSIGN(one.clock, ClockOf(catalog, one.sensor_id, one.dataset, base::WallNow()));
  }
  return clocks;
}

base::Result<std::int64_t> LearnClocks(Catalog& catalog, std::int64_t from_ns, std::int64_t to_ns) {
  TAPIARY_ASSIGN(const auto candidates, FindCandidates(catalog, from_ns, to_ns));
  std::vector<std::pair<const Candidate*, std::int64_t>> samples;
  for (const Candidate& event : candidates) {
    std::int64_t offset_ns = 0;
    TAPIARY_ASSIGN(const bool is_sample, FindOffset(catalog, event, &offset_ns));
    if (is_sample) samples.emplace_back(&event, offset_ns);
  }
  if (samples.empty()) return 0;
  const auto write = [&samples](SqlWriter& writer) -> base::Result<> {
    std::set<std::pair<std::int64_t, std::string>> changed;
    for (const auto& [event, offset_ns] : samples) {
      TAPIARY_TRY(AddSample(writer, *event, offset_ns));
      changed.emplace(event->sensor_id, event->dataset);
    }
    for (const auto& [sensor_id, dataset] : changed) {
      TAPIARY_TRY(DropOldSamples(writer, sensor_id, dataset));
    }
    return {};
  };
  TAPIARY_TRY(catalog.Write(write));
  return static_cast<std::int64_t>(samples.size());
}

struct ClockLearner::Impl {
  Catalog& catalog;
  std::mutex mutex{};
  std::condition_variable changed{};  // with mutex: stop was set
  bool stop = false;
  std::thread thread{};

  // Events of the last quarter of an hour, when their flows had time to come.
  void Run() {
    std::unique_lock lock(mutex);
    while (!changed.wait_for(lock, std::chrono::minutes(1), [this] { return stop; })) {
      lock.unlock();
      const std::int64_t now_ns = base::WallNow();
      const auto learned = LearnClocks(catalog, now_ns - 15 * base::kNanosPerMinute,
                                       now_ns - base::kNanosPerMinute / 2);
      if (!learned) base::LogWarning("clocks of honeypots: {}", learned.error().message);
      lock.lock();
    }
  }
};

ClockLearner::ClockLearner(Catalog& catalog) : impl_(new Impl{catalog}) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->Run(); });
}

ClockLearner::~ClockLearner() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->changed.notify_all();
  impl_->thread.join();
}

}  // namespace tapiary::server
