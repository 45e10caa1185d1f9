#include "tests/capture/label/conversations.h"

#include <string_view>

namespace tapiary::capture::test {
namespace {

using namespace std::string_literals;

// The number in `size` bytes, the most significant first.
std::string Big(std::size_t value, int size) {
  std::string bytes;
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    bytes += static_cast<char>(value >> shift & 0xff);
  }
  return bytes;
}

// The bytes behind their length.
std::string Sized(const std::string& bytes, int size) {
  return Big(bytes.size(), size) + bytes;
}

std::string Extension(std::size_t type, const std::string& body) {
  return Big(type, 2) + Sized(body, 2);
}

std::string Handshake(std::size_t type, const std::string& body) {
  return "\x16\x03\x01"s + Sized(Big(type, 1) + Sized(body, 3), 2);
}

std::string KexInit(const std::string& cipher, const std::string& mac,
                    const std::string& compression) {
  std::string body = "\x14"s + std::string(16, 'c');
  body += Sized("curve25519-sha256,ecdh-sha2-nistp256", 4) + Sized("ssh-ed25519", 4);
  for (const std::string& list : {cipher, mac, compression})
    body += Sized(list, 4) + Sized(list, 4);
  body += Sized("", 4) + Sized("", 4) + std::string(5, '\0');
  const std::string padding(8 + (8 - (body.size() + 5) % 8) % 8, '\0');
  return Sized(Big(padding.size(), 1) + body + padding, 4);
}

}  // namespace

std::string ClientHello(const std::string& server_name) {
  const std::string name = Sized("\0"s + Sized(server_name, 2), 2);
  const std::string extensions = Extension(0, name) + Extension(10, Sized("\x00\x1d\x00\x17"s, 2)) +
                                 Extension(11, Sized("\0"s, 1)) +
                                 Extension(16, Sized(Sized("h2", 1) + Sized("http/1.1", 1), 2));
  return Handshake(1, "\x03\x03"s + std::string(32, 'r') + Sized("", 1) +
                          Sized("\xc0\x2b\xc0\x2c\x00\x9c"s, 2) + Sized("\0"s, 1) +
                          Sized(extensions, 2));
}

std::string ServerHello() {
  const std::string extensions = Extension(0xff01, "\0"s) + Extension(16, Sized(Sized("h2", 1), 2));
  return Handshake(2, "\x03\x03"s + std::string(32, 's') + Sized("", 1) + "\xc0\x2b\x00"s +
                          Sized(extensions, 2));
}

std::string ClientKexInit() {
  return KexInit("aes128-ctr,aes256-ctr", "hmac-sha2-256", "none");
}

std::string ServerKexInit() {
  return KexInit("aes256-ctr", "hmac-sha2-512", "none,zlib@openssh.com");
}

std::string DnsQuery(const std::string& host, const std::string& domain) {
  return "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"s + Sized(host, 1) + Sized(domain, 1) +
         "\x00\x00\x01\x00\x01"s;
}

}  // namespace tapiary::capture::test
