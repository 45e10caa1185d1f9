#include "capture/flow/ports.h"

#include <algorithm>
#include <array>

namespace tapiary::capture {
namespace {

constexpr std::uint8_t kTcp = 1, kUdp = 2, kBoth = 3;

struct PortRow {
  std::uint16_t port;
  std::uint8_t transports;
  std::string_view service;  // empty: an OT protocol, named only by content
};

// Sorted by port. Source: IANA service name and port number registry, and ot-protocols.md for OT.
constexpr std::array kPorts = std::to_array<PortRow>({
    {20, kTcp, "ftp-data"}, {21, kTcp, "ftp"},      {22, kTcp, "ssh"},
    {23, kTcp, "telnet"},   {25, kTcp, "smtp"},     {53, kBoth, "dns"},
    {67, kUdp, "dhcp"},     {69, kUdp, "tftp"},     {80, kTcp, "http"},
    {102, kTcp, ""},        {110, kTcp, "pop3"},    {111, kBoth, "rpcbind"},
    {123, kUdp, "ntp"},     {135, kTcp, "msrpc"},   {137, kUdp, "netbios"},
    {138, kUdp, "netbios"}, {139, kTcp, "netbios"}, {143, kTcp, "imap"},
    {161, kUdp, "snmp"},    {162, kUdp, "snmp"},    {179, kTcp, "bgp"},
    {389, kBoth, "ldap"},   {443, kBoth, "https"},  {445, kTcp, "smb"},
    {502, kBoth, ""},       {514, kBoth, "syslog"}, {554, kTcp, "rtsp"},
    {789, kTcp, ""},        {802, kTcp, ""},        {993, kTcp, "imaps"},
    {1153, kBoth, ""},      {1433, kTcp, "mssql"},  {1883, kTcp, ""},
    {1900, kUdp, "ssdp"},   {1911, kTcp, ""},       {1962, kTcp, ""},
    {2222, kUdp, ""},       {2404, kTcp, ""},       {3306, kTcp, "mysql"},
    {3389, kTcp, "rdp"},    {3671, kBoth, ""},      {4000, kBoth, ""},
    {4059, kBoth, ""},      {4712, kTcp, ""},       {4713, kUdp, ""},
    {4840, kTcp, ""},       {5060, kBoth, "sip"},   {5094, kBoth, ""},
    {5353, kUdp, "mdns"},   {5355, kUdp, "llmnr"},  {5432, kTcp, "postgresql"},
    {5683, kUdp, "coap"},   {5900, kTcp, "vnc"},    {6379, kTcp, "redis"},
    {8080, kTcp, "http"},   {8443, kTcp, "https"},  {8883, kTcp, "mqtts"},
    {9600, kBoth, ""},      {10001, kTcp, ""},      {18245, kTcp, ""},
    {20000, kBoth, ""},     {20547, kTcp, ""},      {34964, kUdp, ""},
    {44818, kBoth, ""},     {47808, kUdp, ""},      {48898, kTcp, ""},
    {48899, kUdp, ""},
});
static_assert(std::is_sorted(kPorts.begin(), kPorts.end(),
                             [](const PortRow& a, const PortRow& b) { return a.port < b.port; }));

const PortRow* FindPort(std::uint8_t proto, std::uint16_t port) {
  const std::uint8_t transport = proto == 6 ? kTcp : proto == 17 ? kUdp : 0;
  const auto row = std::lower_bound(kPorts.begin(), kPorts.end(), port,
                                    [](const PortRow& a, std::uint16_t b) { return a.port < b; });
  if (row == kPorts.end() || row->port != port || (row->transports & transport) == 0)
    return nullptr;
  return &*row;
}

}  // namespace

int ServerByPort(std::uint8_t proto, std::uint16_t port0, std::uint16_t port1) {
  const bool first = FindPort(proto, port0) != nullptr;
  const bool second = FindPort(proto, port1) != nullptr;
  if (first == second) return -1;
  return first ? 0 : 1;
}

std::string_view ServiceByPort(std::uint8_t proto, std::uint16_t port) {
  const PortRow* const row = FindPort(proto, port);
  return row == nullptr ? std::string_view() : row->service;
}

}  // namespace tapiary::capture
