#include "cli/list_verb.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using base::MakeError;

constexpr std::int64_t kDefaultRows = 100;
constexpr std::size_t kMaxCell = 40;

base::Result<> WriteLine(std::string_view line) {
  if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size() ||
      std::fputc('\n', stdout) == EOF) {
    return MakeError(ErrorCode::kIo, "cannot write the output");
  }
  return {};
}

// Lines as they come, so that memory does not grow.
base::Result<PagesEnd> WriteLines(CollectorClient& client, ListKind kind,
                                  const ListOptions& options, std::uint64_t limit) {
  const bool array = options.format == Format::kJson;
  const bool csv = options.format == Format::kCsv;
  if (array) TAPIARY_TRY(WriteLine("["));
  bool first = true;
  const LineTaker take = [&](std::string_view line) -> base::Result<> {
    if (csv) return WriteLine(std::string(line) + "\r");
    if (array && !first && std::fputs(",", stdout) == EOF) {
      return MakeError(ErrorCode::kIo, "cannot write the output");
    }
    first = false;
    return WriteLine(line);
  };
  TAPIARY_ASSIGN(const PagesEnd end, ReadPages(client, kind, WindowParameters(options), limit,
                                               csv ? "csv" : "ndjson", take));
  if (array) TAPIARY_TRY(WriteLine("]"));
  return end;
}

base::Result<PagesEnd> WriteTable(CollectorClient& client, ListKind kind,
                                  const ListOptions& options, std::uint64_t limit) {
  Table table(ListColumns(kind));
  const LineTaker take = [&](std::string_view line) -> base::Result<> {
    TAPIARY_ASSIGN(ListItem item, ReadListItem(kind, line));
    table.Add(std::move(item.row));
    return {};
  };
  TAPIARY_ASSIGN(const PagesEnd end,
                 ReadPages(client, kind, WindowParameters(options), limit, "ndjson", take));
  table.Print(Format::kTable, stdout, ListLayout());
  return end;
}

}  // namespace

TextLayout ListLayout() {
  return {.cell_width = kMaxCell, .line_width = TerminalWidth(stdout)};
}

base::Result<ExitCode> RunList(ListKind kind, const ListOptions& options) {
  TAPIARY_ASSIGN(const auto client, CollectorClient::Open(options.collector));
  const auto limit = static_cast<std::uint64_t>(options.limit < 0 ? kDefaultRows : options.limit);
  const bool table = options.format == Format::kTable;
  TAPIARY_ASSIGN(const PagesEnd end, table ? WriteTable(*client, kind, options, limit)
                                           : WriteLines(*client, kind, options, limit));
  if (!end.fields_not_here.empty()) {
    fmt::print(stderr, "tapiary: {} have no {}: tests of it are false\n", ToString(kind),
               end.fields_not_here);
  }
  if (end.partial) {
    fmt::print(stderr, "tapiary: the time limit of a query ended it: there may be more\n");
    return ExitCode::kFailed;
  }
  if (end.more && table) {
    fmt::print(stderr, "tapiary: there are more; --limit says how many, 0 all\n");
  }
  return ExitCode::kOk;
}

void ConfigureList(CLI::App& app, ListKind kind, Run* run) {
  const auto options = std::make_shared<ListOptions>();
  AddListOptions(app, options.get());
  *run = [options, kind]() -> base::Result<ExitCode> {
    if (!options->top.empty()) return RunTop(kind, *options);
    return options->follow ? RunFollow(kind, *options) : RunList(kind, *options);
  };
}

}  // namespace tapiary::cli
