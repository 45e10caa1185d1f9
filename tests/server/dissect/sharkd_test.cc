// Answers of a sharkd that cannot be trusted, and those of the real one.
#include "server/dissect/sharkd.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.h"
#include "base/text.h"
#include "capture/segment/pcapng.h"
#include "tests/capture/support/packet_builder.h"
#include "tests/server/dissect/script.h"

namespace tapiary::server {
namespace {

using base::ErrorCode;
using capture::test::PacketBuilder;
using test::Script;
using testing::HasSubstr;

base::UniqueFd FileOf(const std::vector<std::vector<std::uint8_t>>& packets) {
  std::vector<std::uint8_t> out;
  capture::AppendSectionHeader({"test", ""}, out);
  capture::AppendInterface({}, out);
  std::int64_t time = 1'700'000'000'000'000'000;
  for (const auto& bytes : packets) {
    capture::Packet packet;
    packet.bytes = bytes;
    packet.time_ns = time++;
    packet.wire_length = static_cast<std::uint32_t>(bytes.size());
    capture::AppendPacket(packet, 0, out);
  }
  auto file = MakeMemoryFile();
  EXPECT_TRUE(file);
  EXPECT_TRUE(base::WriteAll(file->get(), out, "test"));
  EXPECT_TRUE(SealMemoryFile(*file));
  return std::move(*file);
}

std::vector<std::uint8_t> Modbus() {
  return PacketBuilder()
      .Eth()
      .Ipv4("10.0.0.1", "10.0.0.2")
      .Tcp(1025, 502)
      .Data("0001000000060106002804d2")
      .Build();
}

nlohmann::ordered_json TreeOf(const std::string& answer) {
  const auto tree = ReadPacketTree(answer);
  EXPECT_TRUE(tree) << tree.error().message;
  return nlohmann::ordered_json::parse(tree ? *tree : "{}");
}

TEST(SharkdAnswers, LinesOfOtherFormsAreLeftOut) {
  const auto lines = ReadPacketLines(
      "{\"id\":1,\"result\":{}}\nnoise\n{\"id\":2,\"result\":["
      "{\"num\":3,\"c\":[\"3\",\"0\",\"a\",\"b\",\"TCP\",\"60\",\"x\\u001b[2J<b>\"]},"
      "{\"num\":-1,\"c\":[\"3\",\"0\",\"a\",\"b\",\"TCP\",\"60\",\"x\"]},"
      "{\"num\":4,\"c\":[\"3\"]},{\"num\":5,\"c\":7},{\"num\":\"6\"},7,null,"
      "{\"num\":7,\"c\":[1,2,3,{},[],null,true]}]}\n");
  ASSERT_TRUE(lines);
  ASSERT_EQ(lines->size(), 2u);
  EXPECT_EQ((*lines)[0].number, 3u);
  EXPECT_EQ((*lines)[0].info, "x\\x1b[2J<b>");
  EXPECT_EQ((*lines)[1].source, "");
}

TEST(SharkdAnswers, TreesAreBounded) {
  // Nested: the parser never sees what is deeper than a dissection can be.
  std::string deep = R"({"id":2,"result":{"tree":)";
  for (int i = 0; i < 100'000; ++i) deep += R"([{"l":"x","n":)";
  EXPECT_FALSE(ReadPacketTree(deep));
  std::string nested = R"({"id":2,"result":{"tree":)";
  for (int i = 0; i < 120; ++i) nested += R"([{"l":"x","n":)";
  nested += "[]";
  for (int i = 0; i < 120; ++i) nested += "}]";
  const auto tree = TreeOf(nested + "}}");
  int depth = 0;
  for (const auto* node = &tree["tree"]; !node->empty(); ++depth) {
    if (!(*node)[0].contains("children")) break;
    node = &(*node)[0]["children"];
  }
  EXPECT_EQ(depth, 60);
  std::string wide = R"({"id":2,"result":{"tree":[)";
  for (int i = 0; i < 30'000; ++i) wide += R"({"l":"x"},)";
  const auto cut = TreeOf(wide + "{}]}}");
  EXPECT_EQ(cut["tree"].size(), 20'000u);
  EXPECT_EQ(cut["tree_cut"], true);
}

TEST(SharkdAnswers, NodesKeepOnlyWhatTheyMayHave) {
  const std::string nodes =
      R"({"l":"a","h":[2,4],"f":"ip.addr == 1","s":"Warn","g":true,"ds":1,"evil":"x"},)"
      R"({"l":7,"h":[-1,4],"ds":99},{"h":[18446744073709551615,1]},{"l":")" +
      std::string(9000, 'y') + R"("})";
  const std::string sources =
      R"({"name":"Reassembled","bytes":"AQI="},{"name":"bad","bytes":"***"},5)";
  const auto tree =
      TreeOf(R"({"id":2,"result":{"evil":1,"tree":[)" + nodes + R"(],"ds":[)" + sources + "]}}");
  EXPECT_EQ(tree["tree"][0].dump(),
            R"({"label":"a","filter":"ip.addr == 1","range":[2,4],"source":1,"severity":"Warn",)"
            R"("generated":true})");
  EXPECT_EQ(tree["tree"][1].dump(), R"({"label":""})");
  EXPECT_EQ(tree["tree"][2].dump(), R"({"label":""})");
  EXPECT_EQ(tree["tree"][3]["label"].get<std::string>().size(), 2000u);
  EXPECT_EQ(tree["sources"][0]["bytes"], "0102");
  EXPECT_EQ(tree["sources"][1]["bytes"], "");
  EXPECT_FALSE(tree.contains("evil"));
}

TEST(SharkdAnswers, ErrorsAreErrors) {
  for (const char* text : {"", "\n\n", "{}", "[1]", R"({"id":2})", R"({"id":2,"error":{"code":1}})",
                           R"({"id":1,"result":{}})", R"({"id":2,"result":{)"}) {
    const auto read = ReadPacketTree(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  }
}

TEST(Sharkd, AtMostSoManyAtOnce) {
  const Script slow("import time\ntime.sleep(1)\n");
  Sharkd sharkd({.program = slow.path(), .user = "nobody", .at_once = 1, .limits = {}});
  const base::UniqueFd file = FileOf({});
  std::thread other([&] { EXPECT_FALSE(sharkd.List(file, 0, 1)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const auto refused = sharkd.List(file, 0, 10);
  other.join();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  // And the place is given back, also after a failure.
  const auto again = sharkd.List(file, 0, 10);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kCorrupt);
}

class RealSharkd : public testing::Test {
 protected:
  void SetUp() override {
    if (::access("/usr/bin/sharkd", X_OK) != 0) GTEST_SKIP() << "needs wireshark-common";
  }
  Sharkd sharkd_{DissectOptions{}};
};

TEST_F(RealSharkd, ListsPackets) {
  const base::UniqueFd file = FileOf({Modbus(), Modbus(), Modbus()});
  const auto lines = sharkd_.List(file, 0, 2);
  ASSERT_TRUE(lines) << lines.error().message;
  ASSERT_EQ(lines->size(), 2u);
  EXPECT_EQ((*lines)[0].source, "10.0.0.1");
  EXPECT_EQ((*lines)[0].destination, "10.0.0.2");
  EXPECT_EQ((*lines)[0].protocol, "Modbus/TCP");
  EXPECT_THAT((*lines)[0].info, HasSubstr("Write Single Register"));
  const auto rest = sharkd_.List(file, 2, 10);
  ASSERT_TRUE(rest) << rest.error().message;
  ASSERT_EQ(rest->size(), 1u);
  EXPECT_EQ((*rest)[0].number, 3u);
}

TEST_F(RealSharkd, ExplainsOnePacket) {
  const base::UniqueFd file = FileOf({Modbus(), Modbus()});
  const auto read = sharkd_.Tree(file, 1);
  ASSERT_TRUE(read) << read.error().message;
  const auto tree = nlohmann::ordered_json::parse(*read);
  const std::string text = tree.dump();
  EXPECT_THAT(text, HasSubstr("Function Code: Write Single Register (6)"));
  EXPECT_THAT(text, HasSubstr("modbus.func_code == 6"));
  EXPECT_THAT(tree["tree"][1]["range"].dump(), HasSubstr("[0,14]"));
  EXPECT_FALSE(sharkd_.Tree(file, 3));
}

// Garbage of every length and kind does not get through as anything but text.
TEST_F(RealSharkd, NonsenseIsExplainedToo) {
  std::vector<std::vector<std::uint8_t>> packets;
  std::uint32_t state = 7;
  for (std::size_t size = 0; size < 300; ++size) {
    auto bytes = Modbus();
    for (std::size_t i = 12; i < bytes.size(); ++i) {
      state = state * 1664525 + 1013904223;
      if ((state >> 28) == 0) bytes[i] = static_cast<std::uint8_t>(state >> 16);
    }
    packets.push_back(std::move(bytes));
  }
  const auto lines = sharkd_.List(FileOf(packets), 0, 1000);
  ASSERT_TRUE(lines) << lines.error().message;
  EXPECT_EQ(lines->size(), packets.size());
}

}  // namespace
}  // namespace tapiary::server
