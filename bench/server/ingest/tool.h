// bench_ingest: senders for the collector's benches and for the scale-out test. Each verb prints
// one line of JSON on standard output and gives the process's exit code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/support/verbs.h"

namespace tapiary::bench {

// A sensor's name and token: one line each of a credentials file.
struct Credential {
  std::string name;
  std::string token;
};
std::vector<Credential> ReadCredentials(const std::string& path);
std::uint64_t Number(const std::string& text);

// journal URL CA CREDENTIALS JOURNAL EPOCH ITEMS SECONDS
int SendJournal(Args args);
// storm URL CA CREDENTIALS SECONDS PARALLEL      as fast as they can, whatever is answered
int SendStorm(Args args);
// quiet URL CA CREDENTIALS SECONDS PERIOD_MS     one item a period each; how long each took
int SendQuiet(Args args);
// post URL CA AUTHORIZATION WHAT SECONDS PARALLEL SIZE [ITEMS]   one sensor, as fast as it can;
// WHAT:
//   events, pcap, segments; published-events, published-pcap in the form of the peer
int SendPosts(Args args);
// segments FOLDER COUNT MIB KIND                 files to be uploaded; KIND: random, zeros
int WriteSegments(Args args);

}  // namespace tapiary::bench
