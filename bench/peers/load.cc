#include "bench/peers/load.h"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>

namespace tapiary::bench {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

LoadFigures Totals() {
  LoadFigures now;
  now.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  now.cpu = Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
  std::ifstream io("/proc/self/io");
  std::string name;
  std::uint64_t value = 0;
  while (io >> name >> value) {
    if (name == "write_bytes:") now.written = value;
  }
  return now;
}

}  // namespace

LoadMeter::LoadMeter() : start_(Totals()) {}

LoadFigures LoadMeter::Read() const {
  const LoadFigures now = Totals();
  return {now.seconds - start_.seconds, now.cpu - start_.cpu, now.written - start_.written};
}

void PrintLoad(std::uint64_t bytes, const LoadFigures& figures, bool right) {
  std::printf(
      "{\"bytes\": %llu, \"seconds\": %.6f, \"cpu\": %.6f, \"written\": %llu, \"right\": %s}\n",
      static_cast<unsigned long long>(bytes), figures.seconds, figures.cpu,
      static_cast<unsigned long long>(figures.written), right ? "true" : "false");
}

}  // namespace tapiary::bench
