#include "capture/label/ndpi_services.h"

#include <ndpi_api.h>

namespace tapiary::capture {
namespace {

constexpr NdpiService kServices[] = {
    {NDPI_PROTOCOL_DCERPC, "msrpc"},
    {NDPI_PROTOCOL_DHCP, "dhcp"},
    {NDPI_PROTOCOL_DHCPV6, "dhcpv6"},
    {NDPI_PROTOCOL_DNS, "dns"},
    {NDPI_PROTOCOL_DTLS, "dtls"},
    {NDPI_PROTOCOL_FTP_CONTROL, "ftp"},
    {NDPI_PROTOCOL_FTP_DATA, "ftp-data"},
    {NDPI_PROTOCOL_HTTP, "http"},
    {NDPI_PROTOCOL_HTTP_CONNECT, "http"},
    {NDPI_PROTOCOL_HTTP_PROXY, "http"},
    {NDPI_PROTOCOL_IRC, "irc"},
    {NDPI_PROTOCOL_LDAP, "ldap"},
    {NDPI_PROTOCOL_LLMNR, "llmnr"},
    {NDPI_PROTOCOL_MAIL_IMAP, "imap"},
    {NDPI_PROTOCOL_MAIL_POP, "pop3"},
    {NDPI_PROTOCOL_MAIL_SMTP, "smtp"},
    {NDPI_PROTOCOL_MDNS, "mdns"},
    {NDPI_PROTOCOL_MEMCACHED, "memcached"},
    {NDPI_PROTOCOL_MQTT, "mqtt"},
    {NDPI_PROTOCOL_MYSQL, "mysql"},
    {NDPI_PROTOCOL_NETBIOS, "netbios"},
    {NDPI_PROTOCOL_NTP, "ntp"},
    {NDPI_PROTOCOL_POSTGRES, "postgresql"},
    {NDPI_PROTOCOL_RDP, "rdp"},
    {NDPI_PROTOCOL_REDIS, "redis"},
    {NDPI_PROTOCOL_RSYNC, "rsync"},
    {NDPI_PROTOCOL_RTSP, "rtsp"},
    {NDPI_PROTOCOL_SIP, "sip"},
    {NDPI_PROTOCOL_SMBV1, "smb"},
    {NDPI_PROTOCOL_SMBV23, "smb"},
    {NDPI_PROTOCOL_SNMP, "snmp"},
    {NDPI_PROTOCOL_SSDP, "ssdp"},
    {NDPI_PROTOCOL_SSH, "ssh"},
    {NDPI_PROTOCOL_STUN, "stun"},
    {NDPI_PROTOCOL_SYSLOG, "syslog"},
    {NDPI_PROTOCOL_TELNET, "telnet"},
    {NDPI_PROTOCOL_TFTP, "tftp"},
    {NDPI_PROTOCOL_TLS, "tls"},
    {NDPI_PROTOCOL_VNC, "vnc"},
};

}  // namespace

std::span<const NdpiService> NdpiServices() {
  return kServices;
}

std::string_view NdpiServiceName(std::uint16_t protocol) {
  for (const NdpiService& service : kServices) {
    if (service.protocol == protocol) return service.name;
  }
  return {};
}

}  // namespace tapiary::capture
