// What `tapiary meter` prints: the records of one or several files in one format.
//
// NDJSON and JSON are written as records come, so memory does not grow with the file; tables and
// CSV are collected, since a table needs the widths of all rows. Not thread-safe.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>

#include "capture/meter.h"
#include "capture/records.h"
#include "cli/table.h"

namespace tapiary::cli {

enum class MeterOutput { kFlows, kTransactions, kSummary };

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
  void Line(const std::string& json);

  MeterOutput output_;
  Format format_;
  std::FILE* out_;
  Table table_;
  bool first_ = true;
};

}  // namespace tapiary::cli
