#include "server/http/proxy.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/text.h"
#include "server/http/handler.h"
#include "server/http/peer_network.h"

namespace tapiary::server {
namespace {

constexpr unsigned kMappedBits = 96;  // of ::ffff:0:0/96, where IPv4 is

base::Error Invalid(const std::string& text, const char* why) {
  return base::MakeError(base::ErrorCode::kInvalid, "'" + base::EscapeBytes(text) + "' " + why);
}

// RFC 9110 section 5.1, and not one that already means something here.
bool IsHeaderName(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, allowed) &&
         name != "authorization" && name != "cookie" && name != "host";
}

// The part behind the last comma, without blanks; takes it off `list`.
std::string TakeLast(std::string_view& list) {
  const std::size_t comma = list.rfind(',');
  std::string_view last = comma == list.npos ? list : list.substr(comma + 1);
  list = comma == list.npos ? std::string_view() : list.substr(0, comma);
  while (!last.empty() && last.front() == ' ') last.remove_prefix(1);
  while (!last.empty() && last.back() == ' ') last.remove_suffix(1);
  return std::string(last);
}

}  // namespace

base::Result<TrustedProxies::Network> TrustedProxies::ParseNetwork(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string name = text.substr(0, slash);
  const auto address = ReadPeerAddress(name);
  if (!address) return Invalid(text, "is no address or network");
  Network network{.address = *address};
  if (slash == std::string::npos) return network;
  const unsigned before = name.find(':') == std::string::npos ? kMappedBits : 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + slash + 1, end, network.bits);
  if (parsed.ec != std::errc() || parsed.ptr != end || network.bits > 128 - before) {
    return Invalid(text, "is no address or network");
  }
  if (network.bits == 0) return Invalid(text, "would trust everybody");
  network.bits += before;
  return network;
}

base::Result<TrustedProxies> TrustedProxies::Parse(const std::vector<std::string>& networks,
                                                   const std::string& user_header) {
  TrustedProxies proxies;
  for (const std::string& text : networks) {
    TAPIARY_ASSIGN(Network network, ParseNetwork(text));
    proxies.networks_.push_back(network);
  }
  proxies.user_header_ = user_header;
  for (char& c : proxies.user_header_) {
    c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  if (user_header.empty()) return proxies;
  if (!IsHeaderName(proxies.user_header_)) return Invalid(user_header, "is no name of a header");
  if (networks.empty()) return Invalid(user_header, "needs the proxies that may send it");
  return proxies;
}

bool TrustedProxies::Trusts(const std::string& text) const {
  if (networks_.empty()) return false;
  const auto address = ReadPeerAddress(text);
  if (!address) return false;
  return std::ranges::any_of(networks_, [&](const Network& network) {
    const std::size_t whole = network.bits / 8;
    if (std::memcmp(network.address.data(), address->data(), whole) != 0) return false;
    if (network.bits % 8 == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xff00U >> (network.bits % 8));
    return ((network.address[whole] ^ (*address)[whole]) & mask) == 0;
  });
}

std::string TrustedProxies::ClientOf(const Request& request) const {
  std::string client = request.peer;
  std::string_view list = request.Header("x-forwarded-for");
  while (!list.empty() && Trusts(client)) {
    std::string before = TakeLast(list);
    if (!ReadPeerAddress(before)) break;  // not an address: no word about the client
    client = std::move(before);
  }
  return client;
}

std::string_view TrustedProxies::UserOf(const Request& request) const {
  if (user_header_.empty() || !Trusts(request.peer)) return {};
  if (std::ranges::find(request.repeated, user_header_) != request.repeated.end()) return {};
  return request.Header(user_header_);
}

}  // namespace tapiary::server
