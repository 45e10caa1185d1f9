#include "server/api/items.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "capture/record_json.h"

namespace tapiary::server {
namespace {

using testing::HasSubstr;
using testing::Not;

StoredItem FlowItem() {
  capture::FlowRecord flow;
  flow.id = {0xff, 0x10};
  flow.interface = "eth0";
  flow.orig.ip = *capture::ParseIpAddress("10.0.0.5");
  flow.orig.packets = 3;
  return {.id = 1,
          .received_ns = 1'000'000'000,
          .sensor = "plant-a",
          .record = capture::ToJson(flow, "")};
}

TEST(Items, AddWhatOnlyTheCollectorKnows) {
  const auto flow = nlohmann::json::parse(ItemJson(ListKind::kFlows, FlowItem()));
  EXPECT_EQ(flow["id"], "plant-a.ff.10");
  EXPECT_EQ(flow["sensor"], "plant-a");
  EXPECT_EQ(flow["received"], "1970-01-01T00:00:01.000000000Z");
  EXPECT_EQ(flow["orig"]["ip"], "10.0.0.5");
  capture::Transaction transaction;
  transaction.flow_id = {0xff, 0x10};
  StoredItem item{.sensor = "plant-a", .record = capture::ToJson(transaction, "")};
  EXPECT_EQ(nlohmann::json::parse(ItemJson(ListKind::kCommands, item))["flow_id"], "plant-a.ff.10");
}

TEST(Items, EventsCarryTheirRecord) {
  StoredItem item{.id = 5,
                  .sensor = "plant-a",
                  .record = R"({"eventid":"x"})",
                  .type = "login",
                  .user = "root",
                  .source_ip = "10.0.0.5",
                  .source_port = 22};
  const auto event = nlohmann::json::parse(ItemJson(ListKind::kEvents, item));
  EXPECT_EQ(event["event"]["eventid"], "x");
  EXPECT_EQ(event["source"]["port"], 22);
  EXPECT_TRUE(event["destination"]["port"].is_null());
  EXPECT_TRUE(event["password"].is_null());
  EXPECT_EQ(event["ecs"]["event.code"], "x") << "of a row without ECS names";
  item.ecs = R"({"event.action":"login"})";
  EXPECT_EQ(nlohmann::json::parse(ItemJson(ListKind::kEvents, item))["ecs"]["event.action"],
            "login");
}

// A double has not got all digits, nor how the number was written.
TEST(Items, NumbersOfARecordAreAnsweredAsTheyCame) {
  const std::string record =
      R"({"m":123456789012345678901234567890,"f":1.10,"e":1E2,"a":[-0,{"b":0.1000}],"t":"\\x00\""})";
  const StoredItem item{.id = 5, .sensor = "plant-a", .record = record, .ecs = "{}"};
  EXPECT_THAT(ItemJson(ListKind::kEvents, item), testing::EndsWith(",\"event\":" + record + "}"));
  std::string cell = record;
  for (std::size_t at = 0; (at = cell.find('"', at)) != cell.npos; at += 2) cell.insert(at, "\"");
  EXPECT_THAT(ItemsCsv(ListKind::kEvents, {item}), testing::EndsWith(",\"" + cell + "\"\r\n"));
}

// What no ingest has written must not end the record that it stands for.
TEST(Items, ARecordCannotBreakOutOfItsAnswer) {
  for (const std::string record :
       {R"({"a":1},"id":7)", R"({"a":1}})", R"({"a":"\u0000"})", R"({"a":"\ud800"})",
        "{\"a\":1}\n{}", "{\"a\":\n1}", R"({"a":1e999})", R"({"a":1.})", R"({"a":"x)", "[1]", "7",
        "", "{\"a\":\"\xff\"}", "{\"a\":1}\xff", R"({"a":"\"}"})", "{\"a\":1}\\"}) {
    const StoredItem item{.id = 5, .sensor = "s", .record = record, .ecs = "{}"};
    const std::string text = ItemJson(ListKind::kEvents, item);
    const auto json = nlohmann::json::parse(text, nullptr, false);
    ASSERT_TRUE(json.is_object()) << text;
    EXPECT_TRUE(json["event"].is_object()) << text;
    EXPECT_EQ(json["id"], 5) << text;
    EXPECT_EQ(json.size(), 12u) << text;
    EXPECT_EQ(text.find('\n'), text.npos) << text;
    EXPECT_EQ(text.find("\\ud800"), text.npos) << text;
  }
}

TEST(Items, CO02_AnyStoredBytesGiveValidJson) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string wild(3, static_cast<char>(byte));
    StoredItem item = FlowItem();
    item.record = R"({"id":"a.b","x":")" + wild + "\"}";
    for (const ListKind kind : {ListKind::kFlows, ListKind::kEvents}) {
      const std::string text = ItemJson(kind, item);
      EXPECT_TRUE(nlohmann::json::accept(text)) << byte;
      EXPECT_TRUE(base::IsValidUtf8(text)) << byte;
      EXPECT_EQ(text.find('\n'), std::string::npos) << byte;
    }
    EXPECT_TRUE(base::IsValidUtf8(ItemsCsv(ListKind::kFlows, {item})));
  }
}

TEST(Items, CO04_CsvTextCannotBecomeAFormula) {
  EXPECT_EQ(CsvText("=1+1"), "\"'=1+1\"");
  EXPECT_EQ(CsvText("+1"), "\"'+1\"");
  EXPECT_EQ(CsvText("-1"), "\"'-1\"");
  EXPECT_EQ(CsvText("@SUM(A1)"), "\"'@SUM(A1)\"");
  EXPECT_EQ(CsvText("\tx"), "\"'\tx\"");
  EXPECT_EQ(CsvText("\rx"), "\"'\rx\"");
  for (const std::string wide : {"\uff1d", "\uff0b", "\uff0d", "\uff20"}) {
    EXPECT_EQ(CsvText(wide + "1"), "\"'" + wide + "1\"");
  }
  EXPECT_EQ(CsvText("\uff1e1"), "\uff1e1");
  EXPECT_EQ(CsvText("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
  EXPECT_EQ(CsvText("plain"), "plain");
  EXPECT_EQ(CsvText(""), "");
}

TEST(Items, CO04_NegativeNumbersStayNumbers) {
  StoredItem item{.sensor = "plant-a",
                  .record = R"({"flow_id":"1.1","code":-5,"values":[-1,2],"operation":"=cmd"})"};
  const std::string csv = ItemsCsv(ListKind::kCommands, {item});
  EXPECT_THAT(csv, HasSubstr(",\"'=cmd\",-5,"));
  EXPECT_THAT(csv, HasSubstr("\"'-1 2\""));
  EXPECT_THAT(csv, HasSubstr("time,received,sensor,flow_id"));
  EXPECT_THAT(csv, Not(HasSubstr(",-1")));
}

TEST(Items, CsvHasSecondsWithoutExponents) {
  StoredItem item{.sensor = "plant-a", .record = R"({"flow_id":"1.1","latency":4.6e-05})"};
  EXPECT_THAT(ItemsCsv(ListKind::kTransactions, {item}), HasSubstr(",0.000046000,"));
  item.record = R"({"flow_id":"1.1","latency":-0.463113})";
  EXPECT_THAT(ItemsCsv(ListKind::kTransactions, {item}), HasSubstr(",-0.463113000,"));
  item.record = R"({"flow_id":"1.1","latency":1e300})";
  EXPECT_THAT(ItemsCsv(ListKind::kTransactions, {item}), HasSubstr(",1e+300,"));
}

TEST(Items, CsvHasAsManyCellsAsColumns) {
  const std::string csv = ItemsCsv(ListKind::kFlows, {FlowItem()});
  const std::size_t end = csv.find("\r\n");
  const auto commas = [](std::string_view text) {
    return std::count(text.begin(), text.end(), ',');
  };
  EXPECT_EQ(commas(csv.substr(0, end)), commas(csv.substr(end)));
  EXPECT_TRUE(csv.ends_with("\r\n"));
}

}  // namespace
}  // namespace tapiary::server
