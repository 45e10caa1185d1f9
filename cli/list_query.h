// The options of verbs that ask for a list, and its pages. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/collector_client.h"
#include "cli/list_rows.h"

namespace CLI {
class App;
}

namespace tapiary::cli {

struct ListOptions {
  CollectorOptions collector{};
  std::vector<std::string> filter{};  // words, joined by spaces
  std::string last{};
  std::string from{};
  std::string to{};
  std::string clock{};
  std::int64_t limit = -1;  // -1: the default; 0: all
  Format format = Format::kTable;
  std::string top{};
  std::string by{};
  std::string distinct{};
  bool follow = false;
};

// *options must outlive app.
void AddListOptions(CLI::App& app, ListOptions* options);

std::string FilterText(const ListOptions& options);
// filter, last, from, to and clock, as the API takes them.
Parameters WindowParameters(const ListOptions& options);

// Gives whole lines, without their ends; an error ends the transfer.
using LineTaker = std::function<base::Result<>(std::string_view line)>;

// Cuts what is streamed into lines. A line above 32 MiB is kTooLarge.
class LineCutter {
 public:
  explicit LineCutter(LineTaker take) : take_(std::move(take)) {}
  base::Result<> Add(std::string_view part);
  [[nodiscard]] std::uint64_t lines() const { return lines_; }

 private:
  LineTaker take_;
  std::string rest_;
  std::uint64_t lines_ = 0;
};

struct PagesEnd {
  std::uint64_t rows = 0;
  bool more = false;     // there are rows behind the limit
  bool partial = false;  // a time limit ended it: there may be more
  std::string fields_not_here{};
};

// All pages of a list up to `limit` rows (0: all), newest first. `format` is ndjson or csv; of CSV
// the header line comes once.
base::Result<PagesEnd> ReadPages(CollectorClient& client, ListKind kind, Parameters parameters,
                                 std::uint64_t limit, const std::string& format,
                                 const LineTaker& take);

}  // namespace tapiary::cli
