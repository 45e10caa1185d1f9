#include "cli/list_query.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace tapiary::cli {
namespace {

constexpr std::size_t kMaxLine = 32u << 20;
constexpr std::uint64_t kPageRows = 1000;

// The cursor in the next page's address.
std::string AfterOf(std::string_view next) {
  for (const std::string_view mark : {"&after=", "?after="}) {
    const std::size_t at = next.rfind(mark);
    if (at == next.npos) continue;
    const std::string_view value = next.substr(at + mark.size());
    return std::string(value.substr(0, value.find('&')));
  }
  return {};
}

}  // namespace

void AddListOptions(CLI::App& app, ListOptions* options) {
  app.add_option("FILTER", options->filter, "which ones, in Wireshark's syntax (docs/filter.md)");
  app.add_option("--last", options->last, "up to now: 15m, 24h, 7d; default 24h");
  app.add_option("--from", options->from, "RFC 3339, UTC without offset; instead of --last");
  app.add_option("--to", options->to, "the same");
  app.add_option("--clock", options->clock, "whose time counts: the collector's or the sensor's")
      ->check(CLI::IsMember({"received", "sensor"}));
  app.add_option("--limit", options->limit, "rows at most, the newest; 0: all; default 100")
      ->check([](const std::string& text) {
        return std::string(text.starts_with('-') ? "must be 0 or more" : "");
      });
  AddFormatOption(app, &options->format);
  auto* top =
      app.add_option("--top", options->top,
                     "the largest groups by a field, or by two: FIELD[,FIELD]; docs/filter.md says "
                     "which");
  app.add_option("--by", options->by,
                 "what orders the groups, such as bytes; default: how many there are")
      ->needs(top);
  app.add_option("--distinct", options->distinct, "count this field's values in each group")
      ->needs(top);
  app.add_flag("--follow,-f", options->follow, "go on with what arrives, until interrupted")
      ->excludes(top);
  AddCollectorOptions(app, &options->collector);
}

std::string FilterText(const ListOptions& options) {
  std::string text;
  for (const std::string& word : options.filter) text += (text.empty() ? "" : " ") + word;
  return text;
}

Parameters WindowParameters(const ListOptions& options) {
  return {{"filter", FilterText(options)},
          {"last", options.last},
          {"from", options.from},
          {"to", options.to},
          {"clock", options.clock}};
}

base::Result<> LineCutter::Add(std::string_view part) {
  while (!part.empty()) {
    const std::size_t end = part.find('\n');
    if (rest_.size() + std::min(end, part.size()) > kMaxLine) {
      return base::MakeError(base::ErrorCode::kTooLarge, "the collector's answer has no lines");
    }
    rest_ += part.substr(0, end);
    if (end == part.npos) return {};
    part.remove_prefix(end + 1);
    if (!rest_.empty() && rest_.back() == '\r') rest_.pop_back();
    ++lines_;
    TAPIARY_TRY(take_(rest_));
    rest_.clear();
  }
  return {};
}

base::Result<PagesEnd> ReadPages(CollectorClient& client, ListKind kind, Parameters parameters,
                                 std::uint64_t limit, const std::string& format,
                                 const LineTaker& take) {
  const std::string path = "/api/v1/" + std::string(ToString(kind));
  const std::size_t header = format == "csv" ? 1 : 0;
  PagesEnd end;
  parameters.emplace_back("format", format);
  parameters.emplace_back("limit", "");
  const std::size_t size_at = parameters.size() - 1;
  parameters.emplace_back("after", "");
  bool first = true;
  while (true) {
    const std::uint64_t wanted = limit == 0 ? kPageRows : std::min(kPageRows, limit - end.rows);
    parameters[size_at].second = std::to_string(wanted);
    LineCutter cutter([&](std::string_view line) -> base::Result<> {
      const bool repeated = header != 0 && cutter.lines() == 1 && !first;
      return repeated ? base::Result<>() : take(line);
    });
    TAPIARY_ASSIGN(
        const CollectorAnswer answer,
        client.Stream(path, parameters, [&](std::string_view part) { return cutter.Add(part); }));
    first = false;
    const std::uint64_t rows = cutter.lines() - std::min<std::uint64_t>(cutter.lines(), header);
    end.rows += rows;
    end.partial = answer.partial;
    end.fields_not_here = answer.fields_not_here;
    std::string after = AfterOf(answer.next);
    end.more = !after.empty();
    if (!end.more || rows == 0 || (limit != 0 && end.rows >= limit)) return end;
    parameters.back().second = std::move(after);
  }
}

}  // namespace tapiary::cli
