// bench_ingest journal: sends items of every kind as several sensors at once, each again and again
// until the collector says that it is durable, and writes every acknowledged item to a journal.
// What the journal has must be stored, once, whatever was killed meanwhile.
#include <fmt/core.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <random>
#include <vector>

#include "base/clock.h"
#include "bench/server/ingest/tool.h"
#include "bench/server/ingest/uploader.h"

namespace tapiary::bench {
namespace {

constexpr const char* kKinds[] = {"segments", "flows", "facts", "events"};

struct Lane {
  Credential sensor;
  std::string kind;
  std::uint64_t seq = 0;
  int attempts = 0;
  std::int64_t next_ns = 0;
  std::shared_ptr<const Item> item{};
  bool busy = false;
};

class Journal {
 public:
  Journal(const std::string& url, const std::string& ca, const std::vector<Credential>& sensors,
          std::ofstream& out, std::uint64_t epoch, std::uint64_t items)
      : uploader_(url, ca, sensors.size() * 4), out_(out), epoch_(epoch), items_(items) {
    for (const Credential& sensor : sensors) {
      for (const char* kind : kKinds) lanes_.push_back({.sensor = sensor, .kind = kind});
    }
  }

  // False when a request was refused for good or the time is over.
  bool Run(std::int64_t limit_ns) {
    const std::int64_t end_ns = base::SteadyNow() + limit_ns;
    while (!failed_ && done_ < lanes_.size()) {
      const std::int64_t now_ns = base::SteadyNow();
      if (now_ns > end_ns) return Fail("not all was acknowledged within time");
      for (std::size_t i = 0; i < lanes_.size(); ++i) {
        if (!lanes_[i].busy && lanes_[i].seq < items_ && now_ns >= lanes_[i].next_ns) Start(i);
      }
      uploader_.Poll(20);
    }
    return !failed_;
  }
  void Print() const {
    fmt::print("{{\"acknowledged\": {}, \"repeated\": {}, \"retries\": {}}}\n", acknowledged_,
               repeated_, retries_);
  }

 private:
  Item Make(const Lane& lane) const {
    const std::string& name = lane.sensor.name;
    if (lane.kind == "segments") return MakeSegment(name, epoch_, lane.seq, {});
    if (lane.kind == "flows") return MakeFlows(name, epoch_, lane.seq);
    if (lane.kind == "facts") return MakeFacts(name, epoch_, lane.seq);
    return MakeEvents(name, epoch_, lane.seq, kEventsPerRequest);
  }
  void Start(std::size_t index) {
    Lane& lane = lanes_[index];
    if (!lane.item) lane.item = std::make_shared<const Item>(Make(lane));
    lane.busy = true;
    ++lane.attempts;
    uploader_.Send(index, "Bearer " + lane.sensor.token, lane.item,
                   [this, index](const UploadAnswer& answer) { Take(index, answer); });
  }
  void Take(std::size_t index, const UploadAnswer& answer) {
    Lane& lane = lanes_[index];
    lane.busy = false;
    if (answer.status == 200 || answer.status == 201) return Acknowledge(lane, answer.status);
    const bool later = answer.status == 0 || answer.status == 429 || answer.status >= 500;
    if (!later) {
      Fail(fmt::format("{} {}: {} {}", lane.kind, lane.seq, answer.status, answer.text));
    }
    ++retries_;
    const auto wait_ms = static_cast<std::int64_t>(100 + random_() % 300);
    lane.next_ns = base::SteadyNow() + wait_ms * base::kNanosPerMilli;
  }
  void Acknowledge(Lane& lane, int status) {
    ++acknowledged_;
    repeated_ += status == 200 ? 1 : 0;
    out_ << fmt::format("{} {} {} {} {} {} {}\n", lane.sensor.name, lane.kind, epoch_, lane.seq,
                        lane.item->digest, status, lane.attempts)
         << std::flush;
    lane.item.reset();
    lane.attempts = 0;
    done_ += ++lane.seq == items_ ? 1 : 0;
  }
  bool Fail(const std::string& why) {
    fmt::print(stderr, "bench_ingest: {}\n", why);
    failed_ = true;
    return false;
  }

  Uploader uploader_;
  std::ofstream& out_;
  const std::uint64_t epoch_, items_;
  std::vector<Lane> lanes_;
  std::mt19937_64 random_{std::random_device{}()};
  std::size_t done_ = 0;
  bool failed_ = false;
  std::uint64_t acknowledged_ = 0, repeated_ = 0, retries_ = 0;
};

}  // namespace

int SendJournal(Args args) {
  const auto sensors = ReadCredentials(args[2]);
  std::ofstream out(args[3], std::ios::app);
  if (sensors.empty() || !out) {
    fmt::print(stderr, "bench_ingest: {} or {} cannot be used\n", args[2], args[3]);
    return 1;
  }
  Journal journal(args[0], args[1], sensors, out, Number(args[4]), Number(args[5]));
  const bool good = journal.Run(static_cast<std::int64_t>(Number(args[6])) * base::kNanosPerSecond);
  journal.Print();
  return good ? 0 : 1;
}

}  // namespace tapiary::bench
