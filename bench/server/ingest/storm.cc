// bench_ingest storm and quiet: many sensors on kept-open TLS connections. Those that storm send
// without a pause and without regard to 429 and 503; the quiet ones send now and then, and how long
// each of their items took to be acknowledged, repeats included, is the figure.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "base/clock.h"
#include "bench/server/ingest/tool.h"
#include "bench/server/ingest/uploader.h"

namespace tapiary::bench {
namespace {

constexpr SegmentShape kStormSegment{
    .blocks = 4, .packets_per_block = 300, .packet_bytes = 500, .incompressible = true};

class Storm {
 public:
  Storm(const std::string& url, const std::string& ca, std::vector<Credential> sensors,
        std::size_t parallel)
      : uploader_(url, ca, sensors.size() * parallel),
        sensors_(std::move(sensors)),
        parallel_(parallel),
        epoch_(static_cast<std::uint64_t>(base::WallNow() / base::kNanosPerSecond)) {}

  void Run(std::int64_t end_ns) {
    end_ns_ = end_ns;
    for (std::size_t i = 0; i < sensors_.size() * parallel_; ++i) Send(i);
    while (base::SteadyNow() < end_ns_) uploader_.Poll(50);
  }
  void Print() const {
    std::string counts;
    for (const auto& [status, count] : counts_) {
      counts += fmt::format("{}\"{}\": {}", counts.empty() ? "" : ", ", status, count);
    }
    fmt::print("{{\"bytes\": {}, \"items\": {}, \"answers\": {{{}}}}}\n", bytes_, items_, counts);
  }

 private:
  // Mostly small records, as a sensor that a scan has filled with flows; some packets.
  void Send(std::size_t slot) {
    const Credential& sensor = sensors_[slot / parallel_];
    const std::uint64_t seq = next_++;
    auto item = std::make_shared<const Item>(
        seq % 8 == 0   ? MakeSegment(sensor.name, epoch_, seq, kStormSegment)
        : seq % 2 == 0 ? MakeFlows(sensor.name, epoch_, seq)
                       : MakeEvents(sensor.name, epoch_, seq, 100));
    const std::size_t size = item->body.size();
    uploader_.Send(slot, "Bearer " + sensor.token, item,
                   [this, slot, size](const UploadAnswer& answer) {
                     ++counts_[answer.status];
                     if (answer.status == 200 || answer.status == 201) {
                       ++items_;
                       bytes_ += size;
                     }
                     if (base::SteadyNow() < end_ns_) Send(slot);
                   });
  }

  Uploader uploader_;
  const std::vector<Credential> sensors_;
  const std::size_t parallel_;
  const std::uint64_t epoch_;
  std::uint64_t next_ = 0;
  std::int64_t end_ns_ = 0;
  std::map<int, std::uint64_t> counts_;
  std::uint64_t bytes_ = 0, items_ = 0;
};

class Quiet {
 public:
  Quiet(const std::string& url, const std::string& ca, std::vector<Credential> sensors,
        std::int64_t period_ns)
      : uploader_(url, ca, sensors.size()),
        sensors_(std::move(sensors)),
        lanes_(sensors_.size()),
        period_ns_(period_ns),
        epoch_(static_cast<std::uint64_t>(base::WallNow() / base::kNanosPerSecond)) {}

  void Run(std::int64_t start_ns, std::int64_t end_ns) {
    measure_from_ns_ = start_ns;
    std::mt19937_64 random{1};
    const std::int64_t begin_ns = base::SteadyNow();
    for (Lane& lane : lanes_) {  // spread over the period
      lane.due_ns =
          begin_ns + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(period_ns_));
    }
    while (base::SteadyNow() < end_ns) {
      const std::int64_t now_ns = base::SteadyNow();
      for (std::size_t i = 0; i < lanes_.size(); ++i) {
        if (!lanes_[i].busy && now_ns >= lanes_[i].due_ns && now_ns >= lanes_[i].again_ns) Send(i);
      }
      uploader_.Poll(5);
    }
    // One that is not answered at the end counts with the time it has waited so far.
    for (const Lane& lane : lanes_) {
      if (lane.item) Note(lane, base::SteadyNow());
    }
  }
  int Print() {
    if (times_.empty()) return 1;
    std::sort(times_.begin(), times_.end());
    const auto at = [this](double part) {
      return times_[static_cast<std::size_t>(part * static_cast<double>(times_.size() - 1))];
    };
    fmt::print(
        "{{\"items\": {}, \"p50\": {:.4f}, \"p95\": {:.4f}, \"p99\": {:.4f}, \"max\": {:.4f}, "
        "\"repeats\": {}, \"sensors\": {}}}\n",
        times_.size(), at(0.5), at(0.95), at(0.99), times_.back(), repeats_, sensors_.size());
    return 0;
  }

 private:
  struct Lane {
    std::uint64_t seq = 0;
    std::int64_t due_ns = 0;
    std::int64_t again_ns = 0;
    std::shared_ptr<const Item> item{};
    bool busy = false;
  };

  void Send(std::size_t index) {
    Lane& lane = lanes_[index];
    if (!lane.item) {
      const std::string& name = sensors_[index].name;
      lane.item =
          std::make_shared<const Item>(lane.seq % 3 == 0   ? MakeSegment(name, epoch_, lane.seq, {})
                                       : lane.seq % 3 == 1 ? MakeFlows(name, epoch_, lane.seq)
                                                           : MakeFacts(name, epoch_, lane.seq));
    }
    lane.busy = true;
    uploader_.Send(index, "Bearer " + sensors_[index].token, lane.item,
                   [this, index](const UploadAnswer& answer) {
                     Lane& sent = lanes_[index];
                     sent.busy = false;
                     const std::int64_t now_ns = base::SteadyNow();
                     if (answer.status == 200 || answer.status == 201) {
                       Note(sent, now_ns);
                       sent.item.reset();
                       ++sent.seq;
                       sent.due_ns = std::max(sent.due_ns + period_ns_, now_ns);
                       return;
                     }
                     ++repeats_;
                     sent.again_ns = now_ns + 200 * base::kNanosPerMilli;
                   });
  }
  void Note(const Lane& lane, std::int64_t now_ns) {
    if (lane.due_ns < measure_from_ns_) return;
    times_.push_back(static_cast<double>(now_ns - lane.due_ns) / 1e9);
  }

  Uploader uploader_;
  const std::vector<Credential> sensors_;
  std::vector<Lane> lanes_;
  const std::int64_t period_ns_;
  const std::uint64_t epoch_;
  std::int64_t measure_from_ns_ = 0;
  std::vector<double> times_;
  std::uint64_t repeats_ = 0;
};

}  // namespace

int SendStorm(Args args) {
  Storm storm(args[0], args[1], ReadCredentials(args[2]), Number(args[4]));
  storm.Run(base::SteadyNow() + static_cast<std::int64_t>(Number(args[3])) * base::kNanosPerSecond);
  storm.Print();
  return 0;
}

int SendQuiet(Args args) {
  Quiet quiet(args[0], args[1], ReadCredentials(args[2]),
              static_cast<std::int64_t>(Number(args[4])) * base::kNanosPerMilli);
  const std::int64_t now_ns = base::SteadyNow();
  const auto seconds = static_cast<std::int64_t>(Number(args[3]));
  const std::int64_t warm_ns = std::min<std::int64_t>(seconds / 4, 5) * base::kNanosPerSecond;
  quiet.Run(now_ns + warm_ns, now_ns + seconds * base::kNanosPerSecond);
  return quiet.Print();
}

}  // namespace tapiary::bench
