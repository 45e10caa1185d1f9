// What is written is read back by our own reader and by Wireshark's tools.
#include "server/api/capture_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/text.h"
#include "capture/source/packet_source.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::server {
namespace {

using capture::test::PacketBuilder;
using capture::test::PacketList;
using testing::HasSubstr;

class CaptureWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    eth_.name = "eth0";
    for (int i = 0; i < 5; ++i) {
      list_.Add(
          PacketBuilder().Eth().Ipv4("10.0.0.1", "10.0.0.2").Tcp(1025, 502).Data("0102").Build(),
          1'700'000'000'123'456'789 + i);
    }
  }
  std::string Write(CaptureFormat format, const std::vector<std::string>& sensors) {
    CaptureWriter writer(format);
    std::vector<std::uint8_t> out;
    std::size_t i = 0;
    for (const capture::Packet& packet : list_.packets()) {
      EXPECT_TRUE(writer.Append(packet, sensors[i++ % sensors.size()], eth_, out));
    }
    writer.Finish(out);
    const std::string path = testing::TempDir() + "tapiary_capture_writer_" +
                             testing::UnitTest::GetInstance()->current_test_info()->name();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(out.data()), static_cast<std::streamsize>(out.size()));
    return path;
  }
  static std::string Run(const std::string& command) {
    std::string out;
    FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
    char buffer[4096];
    for (std::size_t size = 0; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
      out.append(buffer, size);
    }
    pclose(pipe);
    return out;
  }
  void ExpectSamePackets(const std::string& path, std::int64_t cut_ns) {
    const auto source = capture::MakePcapSource({.path = path});
    ASSERT_TRUE(source->Open());
    capture::PacketBatch batch;
    std::size_t seen = 0;
    while (*source->Next(batch, 0) == capture::NextState::kPackets) {
      for (std::uint32_t i = 0; i < batch.count; ++i, ++seen) {
        const capture::Packet& was = list_.packets().at(seen);
        EXPECT_EQ(batch.packets[i].time_ns, was.time_ns / cut_ns * cut_ns);
        EXPECT_EQ(base::ToHex(batch.packets[i].bytes), base::ToHex(was.bytes));
      }
    }
    EXPECT_EQ(seen, list_.packets().size());
    EXPECT_EQ(source->end_note(), "");
  }
  PacketList list_;
  capture::InterfaceInfo eth_;
};

TEST_F(CaptureWriterTest, PcapngHasAnInterfacePerSensor) {
  const std::string path = Write(CaptureFormat::kPcapng, {"plant-a", "plant-b"});
  ExpectSamePackets(path, 1);
  if (std::system("which tshark >/dev/null") != 0) GTEST_SKIP() << "no tshark";
  EXPECT_EQ(
      Run("tshark -r " + path + " -T fields -e frame.time_epoch -e frame.interface_name -c 2"),
      "1700000000.123456789\tplant-a:eth0\n1700000000.123456790\tplant-b:eth0\n");
}

TEST_F(CaptureWriterTest, AnInterfaceWithoutANameIsTheSensor) {
  eth_.name.clear();
  const auto source = capture::MakePcapSource({.path = Write(CaptureFormat::kPcapng, {"plant-a"})});
  ASSERT_TRUE(source->Open());
  capture::PacketBatch batch;
  ASSERT_TRUE(source->Next(batch, 0));
  ASSERT_EQ(source->interfaces().size(), 1u);
  EXPECT_EQ(source->interfaces()[0].name, "plant-a");
}

TEST_F(CaptureWriterTest, PcapWithNanoseconds) {
  const std::string path = Write(CaptureFormat::kPcapNanos, {"plant-a"});
  ExpectSamePackets(path, 1);
  if (std::system("which capinfos >/dev/null") != 0) GTEST_SKIP() << "no capinfos";
  EXPECT_THAT(Run("capinfos -tcE " + path), HasSubstr("nanosecond"));
}

TEST_F(CaptureWriterTest, PcapWithMicrosecondsCutsTimes) {
  ExpectSamePackets(Write(CaptureFormat::kPcapMicros, {"plant-a"}), 1000);
}

TEST_F(CaptureWriterTest, NotesAreCommentsOfNewSections) {
  CaptureWriter writer(CaptureFormat::kPcapng);
  std::vector<std::uint8_t> out;
  writer.Note("first note");
  const auto& packets = list_.packets();
  ASSERT_TRUE(writer.Append(packets[0], "plant-a", eth_, out));
  ASSERT_TRUE(writer.Append(packets[1], "plant-a", eth_, out));
  for (int i = 0; i < 1000; ++i) writer.Note("middle note " + std::to_string(i));
  for (std::size_t i = 2; i < 5; ++i) {
    ASSERT_TRUE(writer.Append(packets[i], "plant-a", eth_, out));
  }
  writer.Note("last note");
  writer.Finish(out);
  const std::string path = testing::TempDir() + "tapiary_capture_writer_notes";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(out.data()), static_cast<std::streamsize>(out.size()));
  ExpectSamePackets(path, 1);
  EXPECT_LT(out.size(), 20'000u);
  const std::string text(out.begin(), out.end());
  for (const char* note : {"first note", "middle note 0\n", "and ", "last note"}) {
    EXPECT_THAT(text, HasSubstr(note));
  }
  if (std::system("command -v tshark >/dev/null") == 0) {
    EXPECT_EQ(Run("tshark -r " + path + " -T fields -e frame.number | wc -l"), "5\n");
  }
}

TEST_F(CaptureWriterTest, NamesOfHostsAreShown) {
  const auto names = HostNames::Parse("10.0.0.1 hmi\n10.0.0.2 plc-1.plant\n2001:db8::5 plc-2\n");
  ASSERT_TRUE(names);
  CaptureWriter writer(CaptureFormat::kPcapng, "asked", {}, &*names);
  std::vector<std::uint8_t> out;
  for (const capture::Packet& packet : list_.packets()) {
    ASSERT_TRUE(writer.Append(packet, "plant-a", eth_, out));
  }
  writer.Finish(out);
  const std::string path = testing::TempDir() + "tapiary_capture_writer_names";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(out.data()), static_cast<std::streamsize>(out.size()));
  ExpectSamePackets(path, 1);
  if (std::system("command -v tshark >/dev/null") != 0) GTEST_SKIP() << "no tshark";
  EXPECT_EQ(Run("tshark -r " + path + " -N n -c 1 -T fields -e ip.src_host -e ip.dst_host"),
            "hmi\tplc-1.plant\n");
  EXPECT_THAT(Run("tshark -r " + path + " -q -z hosts"), HasSubstr("2001:db8::5\tplc-2"));
}

TEST_F(CaptureWriterTest, WithoutPacketsItIsStillAFile) {
  list_.packets().clear();
  ExpectSamePackets(Write(CaptureFormat::kPcapNanos, {"plant-a"}), 1);
  CaptureWriter writer(CaptureFormat::kPcapng);
  std::vector<std::uint8_t> out;
  writer.Finish(out);
  EXPECT_GE(out.size(), 28u);
}

TEST_F(CaptureWriterTest, SecondLinkTypeDoesNotFitPcap) {
  capture::InterfaceInfo raw;
  raw.link_type_number = 101;
  std::vector<std::uint8_t> out;
  CaptureWriter classic(CaptureFormat::kPcapNanos);
  ASSERT_TRUE(classic.Append(list_.packets()[0], "plant-a", eth_, out));
  const auto refused = classic.Append(list_.packets()[1], "plant-a", raw, out);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("pcapng"));
  CaptureWriter modern(CaptureFormat::kPcapng);
  EXPECT_TRUE(modern.Append(list_.packets()[0], "plant-a", eth_, out));
  EXPECT_TRUE(modern.Append(list_.packets()[1], "plant-a", raw, out));
}

}  // namespace
}  // namespace tapiary::server
