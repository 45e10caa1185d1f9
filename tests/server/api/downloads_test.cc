// Downloads over real stores: the right packets, byte for byte, in bounded memory.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "base/clock.h"
#include "server/ingest/live_tail.h"
#include "tests/capture/support/meter_run.h"
#include "tests/server/api/fixture.h"

namespace tapiary::server {
namespace {

using capture::test::Adu;
using capture::test::PacketBuilder;
using capture::test::PacketList;
using capture::test::TcpTalk;
using testing::HasSubstr;

std::string HeaderOf(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

long PeakMemoryKiB() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  }
  return 0;
}

class DownloadsTest : public test::ApiFixture {
 protected:
  // Connections whose packets lie between each other; every third one writes, the others read.
  void Fill(PacketList& list, int flows) {
    std::vector<TcpTalk> talks;
    for (int i = 0; i < flows; ++i) talks.emplace_back(list, static_cast<std::uint16_t>(40000 + i));
    for (auto& talk : talks) talk.Handshake();
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < flows; ++i) {
        const std::string pdu = i % 3 == 0 ? "06002804d2" : "0300640001";
        const std::string answer = i % 3 == 0 ? pdu : "03020007";
        const auto id = static_cast<std::uint16_t>(round);
        talks[static_cast<std::size_t>(i)].Client(Adu(id, 1, pdu)).Server(Adu(id, 1, answer));
      }
    }
    for (auto& talk : talks) talk.Close();
    std::stable_sort(list.packets().begin(), list.packets().end(),
                     [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
  }
  std::vector<std::string> Download(const std::string& path,
                                    std::map<std::string, std::string> query = {}) {
    Response response = Get(path, std::move(query));
    EXPECT_EQ(response.status, 200) << response.body;
    return PacketsOf(Body(response));
  }
  // Those of `packets` that have the client port.
  static std::vector<std::string> OfPort(const std::vector<capture::Packet>& packets,
                                         const std::function<bool(int)>& wanted) {
    std::vector<capture::Packet> chosen;
    for (const capture::Packet& packet : packets) {
      const auto port = [&](std::size_t at) {
        return packet.bytes[at] << 8 | packet.bytes[at + 1];
      };
      if (wanted(std::max(port(34), port(36)))) chosen.push_back(packet);
    }
    return Texts(chosen);
  }
};

TEST_F(DownloadsTest, FlowHasItsPacketsByteForByte) {
  PacketList list;
  Fill(list, 9);
  const auto records = Store(list.packets(), {});
  ASSERT_EQ(records.flows.size(), 9u);
  for (const auto& flow : records.flows) {
    const std::string path = "/api/v1/flows/plant-a." + flow.id.ToString() + "/pcap";
    const int port = std::max(flow.orig.port, flow.resp.port);
    const auto expected = OfPort(list.packets(), [port](int p) { return p == port; });
    EXPECT_EQ(expected.size(), flow.orig.packets + flow.resp.packets);
    EXPECT_EQ(Download(path), expected);
    EXPECT_EQ(Download(path, {{"format", "pcap"}}), expected);
  }
}

TEST_F(DownloadsTest, PacketFiltersScanEverything) {
  PacketList list;
  Fill(list, 9);
  // The sensor died: segments arrived, no flow record did.
  Store(list.packets(), {.records = false});
  EXPECT_EQ(Download("/api/v1/pcap"), Texts(list.packets()));
  EXPECT_EQ(Download("/api/v1/pcap", {{"filter", "tcp.port == 40003"}}),
            OfPort(list.packets(), [](int port) { return port == 40003; }));
  EXPECT_TRUE(Download("/api/v1/pcap", {{"filter", "udp"}}).empty());
  EXPECT_TRUE(Download("/api/v1/pcap", {{"filter", "command"}}).empty());
}

TEST_F(DownloadsTest, OtherFiltersTakePacketsOfFlows) {
  PacketList list;
  Fill(list, 9);
  Store(list.packets(), {});
  const auto writers = OfPort(list.packets(), [](int port) { return (port - 40000) % 3 == 0; });
  EXPECT_EQ(Download("/api/v1/pcap", {{"filter", "command"}}), writers);
  EXPECT_EQ(Download("/api/v1/pcap", {{"filter", "modbus.func_code == 6"}}), writers);
  EXPECT_EQ(Download("/api/v1/pcap", {{"filter", "ip.src == 10.0.0.1 && tcp.srcport == 40001"}}),
            OfPort(list.packets(), [](int port) { return port == 40001; }));
}

// An empty capture must not look like "it was not there".
TEST_F(DownloadsTest, FieldsThatFlowsHaveNotGotAreNamed) {
  const auto named = [this](const char* filter) {
    return HeaderOf(Get("/api/v1/pcap", {{"filter", filter}}), "Tapiary-Fields-Not-Here");
  };
  EXPECT_EQ(named("event.user == \"a\" || event.session == b"), "event.user, event.session");
  EXPECT_EQ(named("command"), "");
  EXPECT_EQ(named("tcp.port == 502"), "");
}

TEST_F(DownloadsTest, SensorsAreMergedInOrderOfTime) {
  PacketList list;
  Fill(list, 6);
  std::vector<capture::Packet> a, b;
  for (std::size_t i = 0; i < list.packets().size(); ++i) {
    (i % 2 == 0 ? a : b).push_back(list.packets()[i]);
  }
  Store(a, {.sensor = "plant-a", .records = false});
  Store(b, {.sensor = "plant-b", .packets_per_block = 7, .records = false});
  auto all = Download("/api/v1/pcap");
  EXPECT_TRUE(
      std::is_sorted(all.begin(), all.end(), [](const std::string& x, const std::string& y) {
        return x.substr(0, 19) < y.substr(0, 19);
      }));
  auto expected = Texts(list.packets());
  std::sort(all.begin(), all.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(all, expected);
  EXPECT_EQ(Download("/api/v1/pcap", {{"filter", "sensor == \"plant-b\""}}), Texts(b));
}

TEST_F(DownloadsTest, WindowsCutByEitherClock) {
  PacketList list;
  Fill(list, 3);
  Store(list.packets(), {.received_ns = base::WallNow() - 48 * 3600 * base::kNanosPerSecond});
  EXPECT_TRUE(Download("/api/v1/pcap").empty());
  EXPECT_EQ(Download("/api/v1/pcap", {{"last", "3d"}}), Texts(list.packets()));
  const std::int64_t first = list.packets().front().time_ns + 3'000'000;
  const std::int64_t last = first + 4'000'000;
  std::vector<capture::Packet> inside;
  for (const auto& packet : list.packets()) {
    if (packet.time_ns >= first && packet.time_ns <= last) inside.push_back(packet);
  }
  ASSERT_FALSE(inside.empty());
  EXPECT_EQ(Download("/api/v1/pcap", {{"clock", "sensor"},
                                      {"from", base::FormatTime(first)},
                                      {"to", base::FormatTime(last)}}),
            Texts(inside));
}

// One object is gone, another has a flipped byte in its second block: everything else comes.
TEST_F(DownloadsTest, RottenAndLostObjectsCostTheirOwnPackets) {
  PacketList list;
  Fill(list, 60);
  Store(list.packets(), {});
  std::vector<std::string> objects;
  ASSERT_TRUE(catalog_->Query("SELECT object FROM segments ORDER BY first_ns", {},
                              [&objects](const SqlRow& row) {
                                objects.emplace_back(row.Text(0));
                                return true;
                              }));
  ASSERT_GE(objects.size(), 4u);
  ASSERT_TRUE(vault_->Delete(objects[1]));
  const std::string path = folder_ + "/vault/" + objects[2];
  {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(100);
    file.put('\x55');
  }
  auto expected = Texts(list.packets());
  expected.erase(expected.begin() + 80, expected.begin() + 180);  // 80 of one, 20 of the other
  Response response = Get("/api/v1/pcap");
  const std::string file = Body(response);
  EXPECT_EQ(PacketsOf(file), expected);
  EXPECT_THAT(file, HasSubstr("MISSING: segment 2 of sensor plant-a"));
  EXPECT_THAT(file, HasSubstr("up to 80 packets"));
  EXPECT_THAT(file, HasSubstr("MISSING: block 8 of segment 3 of sensor plant-a"));
  EXPECT_THAT(file, HasSubstr("up to 20 packets"));
  // A classic pcap says it by its end alone.
  response = Get("/api/v1/pcap", {{"format", "pcap"}});
  std::string classic;
  std::vector<char> buffer(100'000);
  while (true) {
    const auto size = response.stream->Read(buffer);
    if (!size) break;
    ASSERT_GT(*size, 0u);
    classic.append(buffer.data(), *size);
  }
  EXPECT_EQ(PacketsOf(classic), expected);
}

TEST_F(DownloadsTest, CO06_NamesAreClean) {
  PacketList list;
  Fill(list, 1);
  const auto records = Store(list.packets(), {});
  const std::string id = "plant-a." + records.flows[0].id.ToString();
  const Response flow = Get("/api/v1/flows/" + id + "/pcap");
  EXPECT_EQ(HeaderOf(flow, "Content-Disposition"),
            "attachment; filename=\"tapiary-flow-" + id + ".pcapng\"");
  EXPECT_EQ(HeaderOf(Get("/api/v1/pcap"), "Content-Disposition").find_first_of("\r\n:"),
            std::string::npos);
  EXPECT_EQ(Get("/api/v1/segments/1' OR 1").status, 400);
  EXPECT_EQ(Get("/api/v1/segments/..").status, 400);
  EXPECT_EQ(Get("/api/v1/segments/999").status, 404);
  EXPECT_EQ(Get("/api/v1/pcap", {{"format", "exe"}}).status, 400);
  EXPECT_EQ(Get("/api/v1/pcap", {{"resolution", "us"}}).status, 400);
  EXPECT_EQ(Get("/api/v1/pcap", {{"filter", "tcp &&"}}).status, 400);
}

TEST_F(DownloadsTest, SegmentIsTheStoredObject) {
  PacketList list;
  Fill(list, 3);
  Store(list.packets(), {});
  std::string object;
  ASSERT_TRUE(
      catalog_->Query("SELECT object FROM segments WHERE id = 1", {}, [&object](const SqlRow& row) {
        object = row.Text(0);
        return false;
      }));
  Response response = Get("/api/v1/segments/1");
  EXPECT_EQ(response.content_type, "application/zstd");
  EXPECT_EQ(Body(response, 1000), *vault_->ReadRange(object, 0, *vault_->Size(object)));
}

TEST_F(DownloadsTest, ALiveTailHasEachPacketOnce) {
  PacketList before;
  Fill(before, 2);
  Store(before.packets(), {.records = false});
  Response response = Get("/api/v1/pcap", {{"live", "start"}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_TRUE(PacketsOf(Body(response)).empty());
  EXPECT_GT(LiveTail(*catalog_).SegmentAge(base::WallNow()), 0);  // sensors are asked to hurry
  std::string cursor = HeaderOf(response, "Tapiary-Live");
  std::vector<std::string> expected;
  std::vector<std::string> got;
  for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) {
    PacketList list;
    Fill(list, 3);
    Store(list.packets(), {.epoch = epoch, .received_ns = 0, .records = false});
    const auto wanted = OfPort(list.packets(), [](int port) { return port == 40001; });
    expected.insert(expected.end(), wanted.begin(), wanted.end());
    response = Get("/api/v1/pcap", {{"live", cursor}, {"filter", "tcp.port == 40001"}});
    ASSERT_EQ(response.status, 200) << response.body;
    const std::string body = Body(response);
    EXPECT_THAT(body, HasSubstr("live tcp.port == 40001"));
    const auto packets = PacketsOf(body);
    got.insert(got.end(), packets.begin(), packets.end());
    const std::string next = HeaderOf(response, "Tapiary-Live");
    Response again =
        Get("/api/v1/pcap", {{"live", cursor}, {"until", next}, {"filter", "tcp.port == 40001"}});
    EXPECT_EQ(PacketsOf(Body(again)), packets);
    cursor = next;
  }
  EXPECT_EQ(got, expected);
  // From a while ago on.
  response = Get("/api/v1/pcap", {{"live", "start"}, {"last", "1h"}});
  response =
      Get("/api/v1/pcap", {{"live", HeaderOf(response, "Tapiary-Live")}, {"format", "pcap"}});
  EXPECT_EQ(PacketsOf(Body(response)).size(), before.packets().size() + 9 * 16u);
}

TEST_F(DownloadsTest, ALiveTailIsRefusedWhatItCannotTell) {
  const std::map<std::string, std::string> cases[] = {
      {{"live", "start"}, {"filter", "command"}},  // flows come later than packets
      {{"live", "now"}},
      {{"live", ""}},
      {{"live", "start"}, {"to", "2026-01-01"}},
      {{"live", "start"}, {"until", "5"}},
      {{"live", "0"}, {"last", "1h"}},
      {{"live", "5:3"}, {"until", "4"}},
      {{"live", "7"}},  // nobody has come so far
      {{"until", "7"}},
      {{"live", "0"}, {"format", "exe"}}};
  for (const auto& query : cases) {
    EXPECT_EQ(Get("/api/v1/pcap", query).status, 400) << query.begin()->second;
  }
}

TEST_F(DownloadsTest, CO12_MemoryStaysBoundedWhateverTheSize) {
  constexpr int kPackets = 40'000;
  for (const char* sensor : {"plant-a", "plant-b", "plant-c"}) {
    PacketList list;
    std::vector<std::uint8_t> data(1400);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 7);
    const auto bytes =
        PacketBuilder().Eth().Ipv4("10.0.0.1", "10.0.0.2").Udp(1, 2).Data(data).Build();
    const capture::Packet packet = list.Add(bytes, capture::test::kStart);
    std::vector<capture::Packet> packets(kPackets, packet);
    for (int i = 0; i < kPackets; ++i) packets[static_cast<std::size_t>(i)].time_ns += i * 1000;
    Store(packets,
          {.sensor = sensor, .packets_per_block = 300, .blocks_per_segment = 40, .records = false});
  }
  const long before = PeakMemoryKiB();
  Response response = Get("/api/v1/pcap");
  std::vector<char> buffer(16 * 1024);
  std::uint64_t total = 0;
  while (true) {
    const auto size = response.stream->Read(buffer);
    ASSERT_TRUE(size);
    if (*size == 0) break;
    total += *size;
  }
  EXPECT_GT(total, 3ull * kPackets * 1400);
  EXPECT_LT(PeakMemoryKiB() - before, 64 * 1024);
}

}  // namespace
}  // namespace tapiary::server
