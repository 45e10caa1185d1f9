#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "base/clock.h"
#include "cli/follow_window.h"
#include "cli/list_verb.h"

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using base::MakeError;

constexpr std::uint64_t kMaxRowsAtOnce = 20'000;
constexpr auto kPause = std::chrono::milliseconds(1000);
constexpr auto kMaxPause = std::chrono::seconds(30);

// Prints items as they come; the header of a table once.
class Tail {
 public:
  Tail(ListKind kind, Format format) : kind_(kind), format_(format) {}

  base::Result<> Print(const std::vector<FollowWindow::Line>& lines) {
    if (format_ == Format::kNdjson) {
      for (const auto& line : lines) fmt::print("{}\n", line.text);
    } else if (!lines.empty() || !header_) {
      Table table(ListColumns(kind_));
      for (const auto& line : lines) {
        TAPIARY_ASSIGN(ListItem item, ReadListItem(kind_, line.text));
        table.Add(std::move(item.row));
      }
      const std::string text = table.ToText(Format::kTable, ListLayout());
      const std::size_t first = header_ ? text.find('\n') + 1 : 0;
      fmt::print("{}", std::string_view(text).substr(first));
      header_ = true;
    }
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      return MakeError(ErrorCode::kIo, "cannot write the output");
    }
    return {};
  }

 private:
  ListKind kind_;
  Format format_;
  bool header_ = false;
};

base::Result<> Poll(CollectorClient& client, ListKind kind, const ListOptions& options,
                    FollowWindow* window, Tail* tail) {
  const std::string from = window->From();
  const Parameters parameters = {{"filter", FilterText(options)},
                                 {"last", !from.empty()          ? ""
                                          : options.last.empty() ? "1s"
                                                                 : options.last},
                                 {"from", from},
                                 {"clock", "received"}};
  std::vector<FollowWindow::Line> lines;
  const LineTaker take = [&](std::string_view line) -> base::Result<> {
    TAPIARY_ASSIGN(const ListItem item, ReadListItem(kind, line));
    lines.push_back({item.received_ns, std::string(line)});
    return {};
  };
  TAPIARY_ASSIGN(const PagesEnd end,
                 ReadPages(client, kind, parameters, kMaxRowsAtOnce, "ndjson", take));
  if (end.more) {
    fmt::print(stderr, "tapiary: more comes than can be shown; some of it is left out here\n");
  }
  return tail->Print(window->Take(std::move(lines)));
}

}  // namespace

base::Result<ExitCode> RunFollow(ListKind kind, const ListOptions& options) {
  const bool line_format = options.format == Format::kTable || options.format == Format::kNdjson;
  if (!line_format) return MakeError(ErrorCode::kInvalid, "--follow: --format is table or ndjson");
  if (!options.from.empty() || !options.to.empty() || options.clock == "sensor") {
    return MakeError(ErrorCode::kInvalid,
                     "--follow goes by the collector's clock and from --last on");
  }
  TAPIARY_ASSIGN(const auto client, CollectorClient::Open(options.collector));
  FollowWindow window;
  Tail tail(kind, options.format);
  std::chrono::milliseconds pause = kPause;
  bool connected = false;
  while (true) {
    const base::Result<> polled = Poll(*client, kind, options, &window, &tail);
    if (polled) {
      connected = true;
      pause = kPause;
    } else if (!connected || polled.error().code != ErrorCode::kUnavailable) {
      return polled.error();
    } else {
      fmt::print(stderr, "tapiary: {}; trying again\n", polled.error().message);
      pause = std::min<std::chrono::milliseconds>(pause * 2, kMaxPause);
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace tapiary::cli
