#include <zstd.h>

#include <algorithm>
#include <array>
#include <thread>

#include "base/text.h"
#include "capture/label/labeler.h"
#include "tests/server/ingest/fixture.h"

namespace tapiary::server::test {
namespace {

class PostPcap : public IngestFixture {
 protected:
  void SetUp() override {
    IngestFixture::SetUp();
    ModbusTalk(list_);
    pcap_ = MakePcap(list_.packets());
  }
  std::vector<std::string> Sent() {
    std::vector<std::string> packets;
    for (const auto& packet : list_.packets()) packets.emplace_back(base::AsText(packet.bytes));
    return packets;
  }
  static std::string Zstd(const std::string& text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
  }
  capture::test::PacketList list_;
  std::string pcap_;
};

TEST_F(PostPcap, MetersAndStoresEveryPacket) {
  const Answer answer = Call("POST", "pcap", {pcap_});
  ASSERT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(answer.json, (nlohmann::json{{"packets", list_.packets().size()},
                                         {"flows", 1},
                                         {"transactions", 2},
                                         {"commands", 1},
                                         {"segments", 1},
                                         {"note", nullptr}}));
  EXPECT_EQ(StoredPackets(), Sent());
  EXPECT_EQ(Row("SELECT CASE WHEN f.epoch = s.epoch THEN 1 ELSE 0 END, f.service, f.commands, "
                "f.blocks FROM flows f, segments "
                "s"),
            (std::vector<std::string>{"1", "modbus", "1", "[[0,1]]"}));
  EXPECT_EQ(Count("transactions WHERE command = 1"), 1);
}

TEST_F(PostPcap, HP04_HoursOfAnUploadArePaid) {
  IngestLimits limits;
  limits.sensor.lasting_rows_per_day = 10;
  Start(limits);
  EXPECT_EQ(Call("POST", "pcap", {pcap_}).status, 201);
  EXPECT_EQ(Count("upload_hours"), 1);
  EXPECT_EQ(Admitted(100), 10) << "an hour, and one owed";
}

TEST_F(PostPcap, SameFileAgainStoresNothingAndSaysTheSame) {
  EXPECT_EQ(Call("POST", "pcap", {pcap_}).status, 201);
  const auto before = State();
  const Answer again = Call("POST", "pcap", {pcap_});
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json["packets"], list_.packets().size());
  EXPECT_EQ(again.json["commands"], 1);
  EXPECT_EQ(again.json["note"], "this file was stored before; nothing was added");
  EXPECT_EQ(State(), before);
}

TEST_F(PostPcap, AFileThatRetentionRemovedSaysSo) {
  EXPECT_EQ(Call("POST", "pcap", {pcap_}).status, 201);
  ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute("UPDATE items SET removed_ns = 0", {}));
    return {};
  }));
  const Answer again = Call("POST", "pcap", {pcap_});
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json["note"],
            "this file was stored before, and retention removed its packets on "
            "1970-01-01T00:00:00.000000000Z; it is not taken again");
}

TEST_F(PostPcap, UP01_ConcurrentDuplicatesGiveOneCopy) {
  std::array<int, 6> status{};
  {
    std::vector<std::jthread> threads;
    for (int& result : status) {
      threads.emplace_back([&] { result = Call("POST", "pcap", {pcap_}).status; });
    }
  }
  EXPECT_EQ(std::ranges::count(status, 201), 1);
  EXPECT_EQ(std::ranges::count(status, 200), 5);
  EXPECT_EQ(State()["vault"], 1);
  EXPECT_EQ(Count("flows"), 1);
}

TEST_F(PostPcap, CompressedIsRead) {
  const Answer answer = Call("POST", "pcap", {Zstd(pcap_)});
  EXPECT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(StoredPackets(), Sent());
}

TEST_F(PostPcap, CutTailIsTakenAndTold) {
  const Answer answer = Call("POST", "pcap", {pcap_.substr(0, pcap_.size() - 5)});
  ASSERT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(answer.json["packets"], list_.packets().size() - 1);
  EXPECT_NE(answer.json.value("note", "").find("truncated at "), std::string::npos) << answer.text;
}

TEST_F(PostPcap, BrokenInTheMiddleIsRefusedWhole) {
  // The third record claims more bytes than any packet has.
  std::string broken = pcap_;
  const std::size_t third =
      24 + 2 * 16 + list_.packets()[0].bytes.size() + list_.packets()[1].bytes.size();
  broken.replace(third + 8, 4, "\xff\xff\xff\x7f");
  const auto before = State();
  const Answer answer = Call("POST", "pcap", {broken});
  ExpectProblem(answer, 422);
  EXPECT_NE(answer.json.value("detail", "").find("offset " + std::to_string(third)),
            std::string::npos)
      << answer.text;
  EXPECT_EQ(State(), before);
}

TEST_F(PostPcap, NoCaptureFileIsRefusedWithoutOurPaths) {
  const auto before = State();
  for (const std::string& body : {std::string(), std::string("hello world, this is no pcap"),
                                  pcap_.substr(0, 3), pcap_.substr(0, 23)}) {
    const Answer answer = Call("POST", "pcap", {body});
    ExpectProblem(answer, 422);
    EXPECT_EQ(answer.text.find("/proc"), std::string::npos) << answer.text;
  }
  EXPECT_EQ(State(), before);
}

TEST_F(PostPcap, WaysOfCurlThatChangeAFileAreNamed) {
  const Answer form = Call("POST", "pcap", {"--------------------------d74496d66958873e"},
                           {{"content-type", "multipart/form-data; boundary=x"}});
  ExpectProblem(form, 422);
  EXPECT_NE(form.text.find("--data-binary @FILE, not -F"), std::string::npos) << form.text;
  std::string stripped = pcap_;
  std::erase(stripped, '\0');  // as -d does
  const Answer data =
      Call("POST", "pcap", {stripped}, {{"content-type", "application/x-www-form-urlencoded"}});
  ExpectProblem(data, 422);
  EXPECT_NE(data.text.find("--data-binary @FILE, not -d"), std::string::npos) << data.text;
  EXPECT_EQ(Call("POST", "pcap", {stripped}).text.find("curl"), std::string::npos);
}

TEST_F(PostPcap, FileWithoutPacketsIsFine) {
  const Answer answer = Call("POST", "pcap", {pcap_.substr(0, 24)});
  EXPECT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(answer.json["packets"], 0);
  EXPECT_EQ(State()["vault"], 0);
  EXPECT_EQ(Call("POST", "pcap", {pcap_.substr(0, 24)}).status, 200);
}

TEST_F(PostPcap, CO05_BombIs413AndLeavesNothing) {
  // 200 MB that are a whole capture file: records of one packet of zeros.
  std::string bomb = pcap_.substr(0, 24);
  std::vector<std::uint8_t> zeros(60'000);
  capture::Packet packet;
  packet.bytes = zeros;
  packet.wire_length = 60'000;
  const std::string record = MakePcap({packet}).substr(24);
  while (bomb.size() < 200'000'000) bomb += record;
  const std::string body = Zstd(bomb);
  const auto before = State();
  ExpectProblem(Call("POST", "pcap", {body}), 413);  // by its ratio
  Start({.pcap_expanded_bytes = 1 << 20});
  ExpectProblem(Call("POST", "pcap", {body}), 413);
  EXPECT_EQ(State(), before);
}

TEST_F(PostPcap, LabelsAreMadeWhenConfigured) {
  capture::test::PacketList list;
  const std::string query("\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03plc\0\0\x01\0\x01", 21);
  list.Add(capture::test::PacketBuilder()
               .Eth()
               .Ipv4("10.0.0.1", "10.0.0.2")
               .Udp(50000, 502)
               .Data(base::AsBytes(query))
               .Build(),
           1'700'000'000'000'000'000);
  for (const bool labels : {false, capture::LabelsBuilt()}) {
    Start({.pcap_labels = labels});
    EXPECT_EQ(Call("POST", "pcap", {MakePcap(list.packets())}).status / 100, 2);
    list.Add({1, 2, 3}, 1'700'000'001'000'000'000);  // the same file would store nothing
  }
  EXPECT_EQ(Count("flows WHERE json_extract(record, '$.labels.\"dns.query\"') = 'plc'"),
            capture::LabelsBuilt() ? 1 : 0);
}

TEST_F(PostPcap, LimitsAre413) {
  const auto before = State();
  Start({.pcap_bytes = pcap_.size() - 1});
  ExpectProblem(Call("POST", "pcap", {pcap_}), 413);
  Start({.pcap_records = 2});  // a flow and two transactions
  ExpectProblem(Call("POST", "pcap", {pcap_}), 413);
  EXPECT_EQ(State(), before);
}

TEST_F(PostPcap, CO15_BrokenConnectionOrDigestLeavesNothing) {
  const auto before = State();
  for (std::size_t tenth = 0; tenth < 10; ++tenth) {
    const std::size_t cut = pcap_.size() * tenth / 10;
    EXPECT_GE(Call("POST", "pcap", {.content = pcap_, .cut = cut, .step = 50}).status, 400);
  }
  ExpectProblem(Call("POST", "pcap", {pcap_}, {{"content-digest", Digest("other")}}), 422);
  ExpectProblem(Call("POST", "pcap", {pcap_}, {{"content-digest", "junk"}}), 400);
  EXPECT_EQ(State(), before);
  EXPECT_EQ(Call("POST", "pcap", {pcap_}, {{"content-digest", Digest(pcap_)}}).status, 201);
}

}  // namespace
}  // namespace tapiary::server::test
