#include "cli/meter_output.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "capture/record_json.h"

namespace tapiary::cli {
namespace {

capture::RecordBatch OneFlow() {
  capture::RecordBatch records;
  capture::FlowRecord flow;
  flow.proto = 17;
  flow.orig.ip = *capture::ParseIpAddress("10.0.0.1");
  flow.resp.ip = *capture::ParseIpAddress("10.0.0.2");
  flow.resp.port = 53;
  flow.community_id = "1:x";
  flow.noise = "research\n";
  records.flows.push_back(flow);
  return records;
}

capture::RecordBatch OneTransaction() {
  capture::RecordBatch records;
  capture::Transaction transaction;
  transaction.orig_ip = *capture::ParseIpAddress("10.0.0.1");
  transaction.orig_port = 40000;
  transaction.protocol = "atg";
  transaction.detail = {{"label", "tank status=ok \"x\""}, {"function", "I20100"}};
  records.transactions.push_back(transaction);
  return records;
}

std::string Print(MeterOutput output, Format format, int times,
                  const capture::RecordBatch& records = OneFlow()) {
  unsetenv("COLUMNS");  // which folds tables
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const out = open_memstream(&text, &size);
  MeterPrinter printer(output, format, out);
  for (int i = 0; i < times; ++i) printer.Add(records);
  MeterSummary summary;
  summary.file = "a\n.pcap";
  summary.services = {{"", 2}, {"dns", 3}, {"modbus", 1}};
  printer.Add(summary);
  printer.Finish();
  std::fclose(out);
  std::string result(text, size);
  std::free(text);
  return result;
}

std::size_t Lines(const std::string& text) {
  std::size_t lines = 0;
  for (const char c : text) lines += c == '\n' ? 1 : 0;
  return lines;
}

TEST(MeterOutput, NdjsonIsOneLineARecord) {
  EXPECT_EQ(Lines(Print(MeterOutput::kFlows, Format::kNdjson, 3)), 3u);
  EXPECT_EQ(Print(MeterOutput::kTransactions, Format::kNdjson, 3), "");
}

// More than is held back at once: each line once, in order, and the last one too.
TEST(MeterOutput, ManyLinesComeWholeAndInOrder) {
  constexpr std::uint64_t kFlows = 500;
  capture::RecordBatch records = OneFlow();
  records.flows.resize(kFlows, records.flows[0]);
  for (std::uint64_t i = 0; i < kFlows; ++i) records.flows[i].id = {1, i};
  const std::string text = Print(MeterOutput::kFlows, Format::kNdjson, 1, records);
  EXPECT_GT(text.size(), 100'000u);
  std::string expected;
  for (const capture::FlowRecord& flow : records.flows)
    expected += capture::ToJson(flow, {}) + '\n';
  EXPECT_EQ(text, expected);
}

TEST(MeterOutput, JsonIsAnArrayAlsoWhenEmpty) {
  EXPECT_EQ(Print(MeterOutput::kTransactions, Format::kJson, 3), "[]\n");
  const std::string two = Print(MeterOutput::kFlows, Format::kJson, 2);
  EXPECT_EQ(two.substr(0, 2), "[\n");
  EXPECT_EQ(two.substr(two.size() - 3), "\n]\n");
  EXPECT_NE(two.find("},\n{"), std::string::npos);
}

TEST(MeterOutput, TableAndCsvHaveAHeader) {
  const std::string csv = Print(MeterOutput::kFlows, Format::kCsv, 2);
  EXPECT_EQ(Lines(csv), 3u);
  EXPECT_NE(csv.find(",noise\r\n"), std::string::npos);
  EXPECT_NE(csv.find("research\\x0a\r\n"), std::string::npos);
  EXPECT_NE(Print(MeterOutput::kFlows, Format::kTable, 1).find("resp.port"), std::string::npos);
}

TEST(MeterOutput, DetailTextsCannotPoseAsOtherFields) {
  const std::string table = Print(MeterOutput::kTransactions, Format::kTable, 1, OneTransaction());
  EXPECT_NE(table.find(R"(label="tank status=ok ""x""")"), std::string::npos) << table;
  EXPECT_NE(table.find("function=I20100"), std::string::npos);
  EXPECT_NE(table.find("40000"), std::string::npos);
  EXPECT_NE(table.find("flow_id"), std::string::npos);
}

TEST(MeterOutput, LongValuesWidenNoOtherRow) {
  capture::RecordBatch records = OneTransaction();
  records.transactions[0].values.assign(120, 65535);
  records.transactions[0].detail = {{"text", std::string(300, 'd')}};
  const std::string table = Print(MeterOutput::kTransactions, Format::kTable, 1, records);
  EXPECT_NE(table.find("65535 65535 65535 65535 65535 65535 655\u2026  ok"), std::string::npos)
      << table;
  EXPECT_NE(table.find(std::string(300, 'd') + "\n"), std::string::npos);
  EXPECT_LT(table.find('\n'), 300u);
  for (const Format format : {Format::kCsv, Format::kNdjson}) {
    const std::string whole = Print(MeterOutput::kTransactions, format, 1, records);
    EXPECT_GT(whole.size(), 120u * 6 + 300);
    EXPECT_EQ(whole.find("\u2026"), std::string::npos);
  }
}

TEST(MeterOutput, AllIsEachRecordWithItsKind) {
  capture::RecordBatch records = OneFlow();
  records.transactions = OneTransaction().transactions;
  const std::string lines = Print(MeterOutput::kAll, Format::kNdjson, 1, records);
  EXPECT_EQ(Lines(lines), 3u);
  EXPECT_EQ(lines.find(R"({"flow":{"id":)"), 0u) << lines;
  EXPECT_NE(lines.find("}}\n{\"transaction\":{"), std::string::npos) << lines;
  EXPECT_NE(lines.find("}}\n{\"summary\":{\"file\":"), std::string::npos);
  EXPECT_EQ(lines.substr(lines.size() - 3), "}}\n");
  const std::string array = Print(MeterOutput::kAll, Format::kJson, 1, records);
  EXPECT_EQ(array.find("[\n{\"flow\":{"), 0u);
  EXPECT_NE(array.find("}},\n{\"summary\""), std::string::npos);
  const std::string tables = Print(MeterOutput::kAll, Format::kTable, 1, records);
  EXPECT_EQ(Lines(tables), 8u) << tables;  // three headers, three rows, two empty lines
}

TEST(MeterOutput, SummaryShowsOtServicesFirst) {
  const std::string table = Print(MeterOutput::kSummary, Format::kTable, 1);
  EXPECT_NE(table.find("  modbus:1 dns:3 unknown:2  "), std::string::npos) << table;
}

TEST(MeterOutput, SummaryNamesUnknownServicesAndEscapesTheFile) {
  const std::string text = Print(MeterOutput::kSummary, Format::kNdjson, 1);
  EXPECT_NE(text.find(R"("services":{"unknown":2,"dns":3,"modbus":1})"), std::string::npos);
  EXPECT_NE(text.find(R"("file":"a\\x0a.pcap")"), std::string::npos);
  EXPECT_NE(text.find(R"("first":null)"), std::string::npos);
}

}  // namespace
}  // namespace tapiary::cli
