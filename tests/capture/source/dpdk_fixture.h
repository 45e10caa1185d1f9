// What the tests of the DPDK source share: a pair of interfaces, sources, and what they hand out.
//
// DPDK can be started once a process, so each test needs a process of its own: ctest runs them so.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "capture/source/dpdk_source.h"
#include "tests/capture/source/veth_pair.h"

namespace tapiary::capture::test {

struct TakenPacket {
  FrameBytes bytes;
  std::int64_t time_ns = 0;
  std::uint32_t wire_length = 0;
};

// Without interfaces: files and the like.
class DpdkFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    static bool used = false;
    if (used) GTEST_SKIP() << "DPDK starts once a process: run this with ctest";
    used = true;
  }

  // Sources of these ports; the first `count` of them are opened and must work.
  void Open(DpdkOptions options, std::size_t count = 1) {
    options.hugepages = DpdkHugepages::kOff;
    sources_ = MakeDpdkSources(options);
    ASSERT_GE(sources_.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto opened = sources_[i]->Open();
      ASSERT_TRUE(opened) << opened.error().message;
    }
  }

  static std::vector<TakenPacket> Collect(PacketSource& source, std::size_t count,
                                          std::int64_t limit_ms) {
    std::vector<TakenPacket> packets;
    const std::int64_t end = base::SteadyNow() + limit_ms * base::kNanosPerMilli;
    PacketBatch batch;
    while (packets.size() < count && base::SteadyNow() < end) {
      const auto state = source.Next(batch, 20);
      if (!state) ADD_FAILURE() << state.error().message;
      if (!state) break;
      for (std::uint32_t i = 0; i < batch.count; ++i) {
        const Packet& packet = batch.packets[i];
        EXPECT_FALSE(packet.has_vlan);
        packets.push_back(
            {{packet.bytes.begin(), packet.bytes.end()}, packet.time_ns, packet.wire_length});
      }
    }
    return packets;
  }

  std::vector<std::unique_ptr<PacketSource>> sources_;
};

class DpdkTest : public DpdkFiles {
 protected:
  void SetUp() override {
    DpdkFiles::SetUp();
    if (IsSkipped()) return;
    const std::string why = pair_.Make();
    if (!why.empty()) GTEST_SKIP() << why;
  }

  VethPair pair_;
};

inline std::string CapturePort(const std::string& kind = "af_packet") {
  return kind + ":" + VethPair::kCapture;
}

}  // namespace tapiary::capture::test
