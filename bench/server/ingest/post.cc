// bench_ingest post: one sensor that sends one kind of data as fast as it can over several
// connections, to the collector or to the published design's stack. Only what was answered with 2xx
// counts. Bodies are made beforehand: each is sent once.
#include <fmt/core.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "bench/server/ingest/tool.h"
#include "bench/server/ingest/uploader.h"

namespace tapiary::bench {
namespace {

constexpr std::size_t kMaxMade = 512u << 20;  // bytes of bodies
constexpr std::size_t kMaxItems = 50'000;

// The same events as one JSON array.
std::string AsArray(const std::string& lines) {
  std::string out = "[" + lines.substr(0, lines.size() - 1) + "]";
  for (char& c : out) {
    if (c == '\n') c = ',';
  }
  return out;
}

struct Made {
  std::shared_ptr<const Item> item{};
  std::uint64_t units = 0;  // events, or bytes of packets with their pcap headers
};

Made Make(const std::string& what, std::uint64_t epoch, std::uint64_t seq, int size) {
  if (what.ends_with("events")) {
    Item item = MakeEvents("bench", epoch, seq, size);
    if (what == "published-events") {
      item.body = AsArray(item.body);
      item.path = "/events";
      item.type = "application/json";
      item.digest.clear();
    }
    return {std::make_shared<const Item>(std::move(item)), static_cast<std::uint64_t>(size)};
  }
  if (what.ends_with("pcap")) {
    Item item = MakePcap(epoch * 1'000'000 + seq, size);
    if (what == "published-pcap") item.path = fmt::format("/pcap/{}-{}.pcap", epoch, seq);
    const std::uint64_t bytes = item.body.size();
    return {std::make_shared<const Item>(std::move(item)), bytes};
  }
  const SegmentShape shape{.blocks = (size + 4999) / 5000,
                           .packets_per_block = std::min(size, 5000),
                           .packet_bytes = 80,
                           .incompressible = false};
  const auto packets = static_cast<std::uint64_t>(shape.blocks) *
                       static_cast<std::uint64_t>(shape.packets_per_block);
  return {std::make_shared<const Item>(MakeSegment("bench", epoch, seq, shape)), packets * 96};
}

class Posts {
 public:
  Posts(const std::string& url, const std::string& ca, std::string authorization,
        std::vector<Made> made, std::size_t parallel)
      : uploader_(url, ca, parallel),
        authorization_(std::move(authorization)),
        made_(std::move(made)),
        parallel_(parallel) {}

  int Run(std::int64_t limit_ns) {
    const std::int64_t start_ns = base::SteadyNow();
    end_ns_ = start_ns + limit_ns;
    for (std::size_t i = 0; i < parallel_; ++i) Send(i);
    while (uploader_.under_way() > 0) uploader_.Poll(50);
    const double seconds = static_cast<double>(last_ns_ - start_ns) / 1e9;
    fmt::print(
        "{{\"items\": {}, \"units\": {}, \"bytes\": {}, \"seconds\": {:.4f}, \"failed\": {}, "
        "\"all_sent\": {}}}\n",
        items_, units_, bytes_, seconds, failed_, next_ >= made_.size() ? "true" : "false");
    if (failed_ > 0) fmt::print(stderr, "bench_ingest: {}\n", first_failure_);
    return 0;
  }

 private:
  void Send(std::size_t sender) {
    if (next_ >= made_.size() || base::SteadyNow() >= end_ns_) return;
    const Made& made = made_[next_++];
    uploader_.Send(sender, authorization_, made.item, [this, sender, &made](const auto& answer) {
      last_ns_ = base::SteadyNow();
      if (answer.status == 200 || answer.status == 201) {
        ++items_;
        units_ += made.units;
        bytes_ += made.item->body.size();
      } else if (++failed_ == 1) {
        first_failure_ = fmt::format("{} {}", answer.status, answer.text);
      }
      Send(sender);
    });
  }

  Uploader uploader_;
  const std::string authorization_;
  const std::vector<Made> made_;
  const std::size_t parallel_;
  std::size_t next_ = 0;
  std::int64_t end_ns_ = 0, last_ns_ = 0;
  std::uint64_t items_ = 0, units_ = 0, bytes_ = 0, failed_ = 0;
  std::string first_failure_;
};

}  // namespace

int SendPosts(Args args) {
  const auto epoch = static_cast<std::uint64_t>(base::WallNow() / base::kNanosPerSecond);
  const auto size = static_cast<int>(Number(args[6]));
  const std::size_t most = args.size() > 7 ? Number(args[7]) : kMaxItems;
  std::vector<Made> made;
  std::size_t bytes = 0;
  while (made.size() < most && bytes < kMaxMade) {
    made.push_back(Make(args[3], epoch, made.size(), size));
    bytes += made.back().item->body.size();
  }
  Posts posts(args[0], args[1], args[2], std::move(made), Number(args[5]));
  return posts.Run(static_cast<std::int64_t>(Number(args[4])) * base::kNanosPerSecond);
}

}  // namespace tapiary::bench
