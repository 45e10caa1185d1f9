// What `tapiary meter` prints: the records of one or several files in one format.
//
// NDJSON and JSON are written as records come, so memory does not grow with the file; tables and
// CSV are collected, since a table needs the widths of all rows. Tables cut long cells and fold
// rows to the terminal; the other formats have everything. Not thread-safe.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "capture/meter.h"
#include "capture/records.h"
#include "cli/table.h"

namespace tapiary::cli {

// kAll: one after the other as tables; in JSON each record in an object that names its kind. There
// is no CSV of it.
enum class MeterOutput { kFlows, kTransactions, kSummary, kAll };

// One metered file, for the summary.
struct MeterSummary {
  std::string file;
  capture::MeterStats stats;
  std::map<std::string, std::uint64_t> services;  // flows by service, "" is unknown
  std::vector<std::string> interfaces;            // names, as stats.mirrors
  std::string end_note;  // what is wrong with the file's end, or why it could not be read
  bool end_is_cut = false;
};

class MeterPrinter {
 public:
  MeterPrinter(MeterOutput output, Format format, std::FILE* out);
  // Takes what the output asks for and drops the rest.
  void Add(const capture::RecordBatch& records);
  void Add(const MeterSummary& summary);
  // Writes what was collected. Call once, at the end.
  void Finish();

 private:
  [[nodiscard]] bool Wants(MeterOutput output) const;
  void BeginLine(MeterOutput output);
  void EndLine();
  void Flush();

  MeterOutput output_;
  Format format_;
  std::FILE* out_;
  bool at_once_;               // a person watches
  std::vector<Table> tables_;  // by MeterOutput
  std::string pending_;        // lines on their way to out_
  bool first_ = true;
};

}  // namespace tapiary::cli
