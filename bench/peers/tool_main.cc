#include <array>

#include "base/log.h"
#include "bench/peers/tool.h"
#include "bench/support/verbs.h"

namespace tapiary::bench {
namespace {

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

}  // namespace
}  // namespace tapiary::bench

int main(int argc, char** argv) {
  tapiary::base::SetLogLevel(tapiary::base::LogLevel::kError);
  return tapiary::bench::RunVerb("bench_tool", tapiary::bench::kVerbs, argc, argv);
}
