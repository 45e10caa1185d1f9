#include "cli/meter_output.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

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
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const out = open_memstream(&text, &size);
  MeterPrinter printer(output, format, out);
  for (int i = 0; i < times; ++i) printer.Add(records);
  MeterSummary summary;
  summary.file = "a\n.pcap";
  summary.services = {{"", 2}, {"modbus", 1}};
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

TEST(MeterOutput, SummaryNamesUnknownServicesAndEscapesTheFile) {
  const std::string text = Print(MeterOutput::kSummary, Format::kNdjson, 1);
  EXPECT_NE(text.find(R"("services":{"unknown":2,"modbus":1})"), std::string::npos);
  EXPECT_NE(text.find(R"("file":"a\\x0a.pcap")"), std::string::npos);
  EXPECT_NE(text.find(R"("first":null)"), std::string::npos);
}

}  // namespace
}  // namespace tapiary::cli
