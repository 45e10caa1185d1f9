#include <curl/curl.h>
#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "bench/server/ingest/items.h"
#include "bench/server/ingest/tool.h"
#include "bench/support/verbs.h"

namespace tapiary::bench {

std::vector<Credential> ReadCredentials(const std::string& path) {
  std::vector<Credential> all;
  std::ifstream file(path);
  Credential one;
  while (file >> one.name >> one.token) all.push_back(one);
  return all;
}

std::uint64_t Number(const std::string& text) {
  return std::strtoull(text.c_str(), nullptr, 10);
}

int WriteSegments(Args args) {
  const std::uint64_t count = Number(args[1]);
  SegmentShape shape;
  shape.packet_bytes = 1514;
  shape.packets_per_block = 340;  // about 512 KiB
  shape.incompressible = args[3] == "random";
  // Of zeros all but the heads goes, so that takes more blocks; at most 64 MiB raw.
  shape.blocks = static_cast<int>(Number(args[2]) * 2);
  std::uint64_t bytes = 0, packets = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Item item = MakeSegment("bench", 1, i, shape);
    const std::string name = fmt::format("{}/{}", args[0], i);
    std::ofstream(name + ".segment", std::ios::binary) << item.body;
    std::ofstream(name + ".digest") << item.digest;
    bytes += item.body.size();
    packets += static_cast<std::uint64_t>(shape.blocks * shape.packets_per_block);
  }
  fmt::print("{{\"bytes\": {}, \"packets\": {}}}\n", bytes, packets);
  return 0;
}

namespace {

constexpr std::array kVerbs = {
    Verb{"journal", "URL CA CREDENTIALS JOURNAL EPOCH ITEMS SECONDS", 7, SendJournal},
    Verb{"storm", "URL CA CREDENTIALS SECONDS PARALLEL", 5, SendStorm},
    Verb{"quiet", "URL CA CREDENTIALS SECONDS PERIOD_MS", 5, SendQuiet},
    Verb{"post", "URL CA AUTHORIZATION WHAT SECONDS PARALLEL SIZE", 7, SendPosts},
    Verb{"segments", "FOLDER COUNT MIB KIND", 4, WriteSegments},
};

}  // namespace
}  // namespace tapiary::bench

int main(int argc, char** argv) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return tapiary::bench::RunVerb("bench_ingest", tapiary::bench::kVerbs, argc, argv);
}
