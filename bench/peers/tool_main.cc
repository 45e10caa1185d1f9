#include <array>
#include <cstdio>
#include <cstring>

#include "base/log.h"
#include "bench/peers/tool.h"

namespace tapiary::bench {
namespace {

struct Verb {
  const char* name;
  const char* arguments;
  std::size_t fewest;
  int (*run)(Args);
};

constexpr std::array kVerbs = {
    Verb{"pcap", "FILE FLOWS FRAMES BYTES [NUMBER]", 4, WriteTrafficFile},
    Verb{"count", "FILE", 1, CountFile},
    Verb{"count-spool", "FOLDER", 1, CountSpool},
    Verb{"flows", "COUNT", 1, MeasureFlows},
    Verb{"spool", "FOLDER MIB", 2, LoadSpool},
    Verb{"put", "FOLDER MIB", 2, LoadPut},
    Verb{"disk", "FILE MIB", 2, LoadDisk},
    Verb{"ack", "FOLDER ITEMS", 2, AckSpool},
};

int Main(int argc, char** argv) {
  base::SetLogLevel(base::LogLevel::kError);
  const std::vector<std::string> args(argv + (argc > 1 ? 2 : argc), argv + argc);
  for (const Verb& verb : kVerbs) {
    if (argc > 1 && std::strcmp(argv[1], verb.name) == 0 && args.size() >= verb.fewest) {
      return verb.run(args);
    }
  }
  for (const Verb& verb : kVerbs) {
    std::fprintf(stderr, "usage: bench_tool %s %s\n", verb.name, verb.arguments);
  }
  return 2;
}

}  // namespace
}  // namespace tapiary::bench

int main(int argc, char** argv) {
  return tapiary::bench::Main(argc, argv);
}
