// What `tapiary pcap` and the extcap plugin share: which packets, and getting them. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/capture_output.h"
#include "cli/collector_client.h"
#include "cli/verb.h"

namespace tapiary::cli {

struct PcapOptions {
  CollectorOptions collector{};
  std::vector<std::string> filter{};  // words, joined by spaces
  std::string sensor{};
  std::string flow{};
  std::string last{};
  std::string from{};
  std::string to{};
  std::string clock{};
  std::string format = "pcapng";
  bool microseconds = false;
  std::string output{};
  bool follow = false;
};

// The filter, and the sensor's name as a part of it.
std::string PacketFilterText(const PcapOptions& options);
// kInvalid when options do not go together.
base::Result<> CheckPcapOptions(const PcapOptions& options);
// kNotFound when the collector has no such sensor; "" is any. Anything else that fails is no proof.
base::Result<> CheckSensorName(CollectorClient& client, const std::string& sensor);
// What there is now.
base::Result<ExitCode> DownloadPcap(const PcapOptions& options, CaptureOutput& output);
// What arrives from now, or --last, on, until the reader leaves or an interrupt. A collector that
// is away for a while is waited for; no packet is put out twice or left out.
base::Result<ExitCode> FollowPcap(const PcapOptions& options, CaptureOutput& output,
                                  int pause_ms = 1000);

// What was not whole about a download, told on stderr as it comes.
class MissingNotes {
 public:
  void Tell(const std::string& line);
  [[nodiscard]] bool any() const { return lines_ > 0; }

 private:
  int lines_ = 0;
};
// "3 packets"
std::string CountPackets(std::uint64_t packets);

}  // namespace tapiary::cli
