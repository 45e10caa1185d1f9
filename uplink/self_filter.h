// The sensor's own uplink must not be captured and uploaded again, growing each round (HP-02): a
// filter that leaves out all present addresses of the collector, combined with the user's. Tagged
// frames too, because capture filters look behind VLAN tags (capture/source/bpf.h).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "uplink/http_client.h"

namespace tapiary::uplink {

// The addresses of a host, as text, sorted, each once. kUnavailable when the name has none now.
base::Result<std::vector<std::string>> ResolveHost(const HostPort& host);

using Resolver = std::function<base::Result<std::vector<std::string>>(const HostPort& host)>;
// The same, but waits for `limit_ns` at most: a DNS server that does not answer must hold up
// neither capture nor a stop. kUnavailable then; `resolve` is left to end in a thread of its own,
// so it may use nothing but its arguments.
base::Result<std::vector<std::string>> ResolveWithin(const HostPort& host, std::int64_t limit_ns,
                                                     Resolver resolve = ResolveHost);

// "not (tcp port P and (host A or host B)) and (USER)"; `user` alone when there are no addresses.
std::string ExcludeUplink(const std::string& user, const std::vector<std::string>& addresses,
                          std::uint16_t port);

// Looks the collector's name up again and again, in a thread of its own, and tells the filter that
// leaves out its addresses whenever they are others. An address that is no longer given is left out
// for keep_ns more: a connection to it may live, and some servers give a few of many in turn.
class UplinkWatch {
 public:
  struct Options {
    HostPort host;
    std::string user_filter;
    std::vector<std::string> addresses;  // known already
    std::int64_t every_ns = 60 * base::kNanosPerSecond;
    std::int64_t retry_ns = 2 * base::kNanosPerSecond;  // while no address is known
    std::int64_t keep_ns = 600 * base::kNanosPerSecond;
    Resolver resolve = ResolveHost;
    std::function<void(std::string filter)> use;  // called by the watch's thread
  };
  // False for a host that is an address itself.
  static bool Needed(const HostPort& host);

  explicit UplinkWatch(Options options);
  // Takes as long as one lookup is waited for: a second.
  ~UplinkWatch();

 private:
  void Run();
  bool Note(const std::vector<std::string>& addresses, std::int64_t now_ns);

  const Options options_;
  std::map<std::string, std::int64_t> seen_;  // when last (steady); the watch's thread
  std::mutex mutex_;                          // guards stopping_
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tapiary::uplink
