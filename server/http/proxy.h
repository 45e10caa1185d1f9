// TrustedProxies: the peers whose word counts about who the client is. Nobody's by default.
//
// The socket's own address decides, never a header: X-Forwarded-For and the user's header of any
// other peer are not looked at (CO-07). Const after start; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/http/peer_network.h"

namespace tapiary::server {

struct Request;

class TrustedProxies {
 public:
  TrustedProxies() = default;
  // `networks`: addresses or CIDRs ("10.0.0.7", "fd00::/8"); never everybody ("/0"). `user_header`:
  // the header in which they name a user, "" for none; it needs at least one network. kInvalid.
  static base::Result<TrustedProxies> Parse(const std::vector<std::string>& networks,
                                            const std::string& user_header);

  [[nodiscard]] bool Trusts(const std::string& address) const;
  // The client's address: of a trusted peer, the last address of X-Forwarded-For that is not
  // trusted itself.
  [[nodiscard]] std::string ClientOf(const Request& request) const;
  // The user named by a trusted peer, or "". A header that came twice names nobody. Ask before
  // request.peer is replaced.
  [[nodiscard]] std::string_view UserOf(const Request& request) const;

 private:
  struct Network {
    PeerAddress address{};
    unsigned bits = 128;
  };
  static base::Result<Network> ParseNetwork(const std::string& text);

  std::vector<Network> networks_;
  std::string user_header_;  // in lower case
};

}  // namespace tapiary::server
