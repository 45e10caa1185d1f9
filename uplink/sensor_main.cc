// tapiary-sensor: reads the configuration, runs a Sensor, and stops it on SIGTERM or SIGINT.
//
// Signals are blocked before any thread starts and taken here one by one, so no code runs inside a
// signal handler. Exit codes: 0 ok, 1 failed, 2 usage.
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include <cstdio>
#include <string_view>

#include "base/log.h"
#include "capture/source/host_links.h"
#include "uplink/sensor.h"
#include "uplink/sensor_config.h"
#ifdef TAPIARY_HAVE_DPDK
#include "capture/source/dpdk_source.h"
#endif

namespace {

using namespace tapiary;

#ifdef TAPIARY_HAVE_DPDK
constexpr bool kHaveDpdk = true;
constexpr uplink::Sensor::DpdkMaker kDpdk = capture::MakeDpdkSources;
#else
constexpr bool kHaveDpdk = false;
constexpr uplink::Sensor::DpdkMaker kDpdk = nullptr;
#endif

int Fail(const base::Error& error, int code) {
  std::fprintf(stderr, "tapiary-sensor: %s\n", error.message.c_str());
  return code;
}

sigset_t BlockSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a closed connection is an error of a call, not the end
  return set;
}

// Until a signal asks for the end, or there is nothing left to do.
base::Result<> WaitForEnd(const uplink::Sensor& sensor, const sigset_t& set) {
  const timespec wait{0, 100'000'000};
  for (;;) {
    const int number = sigtimedwait(&set, nullptr, &wait);
    if (number == SIGTERM || number == SIGINT) return {};
    TAPIARY_ASSIGN(const bool finished, sensor.finished());
    if (finished) return {};
  }
}

int Run(const uplink::SensorConfig& config) {
  const sigset_t signals = BlockSignals();
  auto sensor = uplink::Sensor::Start(config, kDpdk);
  if (!sensor) return Fail(sensor.error(), 1);
  const auto ended = WaitForEnd(**sensor, signals);
  const auto stopped = (*sensor)->Stop();
  if (!ended) return Fail(ended.error(), 1);
  if (!stopped) return Fail(stopped.error(), 1);
  return 0;
}

base::Result<> CheckAll(const uplink::SensorConfig& config) {
  if (!config.dpdk.ports.empty() && !kHaveDpdk) {
    return base::MakeError(base::ErrorCode::kInvalid, "dpdk.ports: this build is without DPDK");
  }
  return uplink::Check(config);
}

bool Has(int argc, char** argv, std::string_view option) {
  for (int i = 1; i < argc; ++i) {
    if (argv[i] == option) return true;
  }
  return false;
}

// After --check-config: what DPDK would be told on this host.
int ShowDpdk(const uplink::SensorConfig& config) {
  if (config.dpdk.ports.empty()) return 0;
  const auto text = uplink::DescribeDpdk(config.Dpdk());
  if (!text) return Fail(text.error(), 1);
  std::fputs(text->c_str(), stdout);
  return 0;
}

// Blocks of half a MiB come and go all the time. By default their memory goes back to the kernel
// each time, and each page of it is cleared when it comes again: a tenth of all CPU time under
// load.
void KeepFreedMemory() {
  constexpr int kLargest = 32 << 20;  // glibc takes no more
  constexpr int kKept = 64 << 20;
  mallopt(M_MMAP_THRESHOLD, kLargest);
  mallopt(M_TRIM_THRESHOLD, kKept);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && Has(argc, argv, "--list-interfaces")) {
    std::fputs(capture::DescribeLinks(capture::HostLinks("", {})).c_str(), stdout);
    return 0;
  }
  uplink::SensorConfig config;
  base::ConfigTable table(
      "tapiary-sensor",
      "Captures mirrored traffic, measures it, and delivers it to a collector.\n\n"
      "Alone\n  --list-interfaces\n      print the interfaces of this host, then end");
  uplink::AddRows(table, config);
  const auto action = table.Parse(argc, argv, [&config] { return CheckAll(config); });
  if (!action) return Fail(action.error(), 2);
  if (*action == base::ConfigAction::kDone) {
    return Has(argc, argv, "--check-config") ? ShowDpdk(config) : 0;
  }
  base::SetLogLevel(*base::ParseLogLevel(config.log_level));
  KeepFreedMemory();
  return Run(config);
}
