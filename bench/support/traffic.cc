#include "bench/support/traffic.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>

namespace tapiary::bench {
namespace {

constexpr std::size_t kEthernet = 14, kIpv4 = 20, kUdp = 8;
constexpr std::size_t kPayload = kEthernet + kIpv4 + kUdp;
constexpr std::array<std::uint32_t, 12> kMix = {60, 60,  60,  60,  60,  60,
                                                60, 590, 590, 590, 590, 1514};

void Put16(std::uint8_t* at, std::size_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

void PutAddress(std::uint8_t* at, std::uint32_t host) {
  at[0] = 10;
  at[1] = static_cast<std::uint8_t>(host >> 16);
  Put16(at + 2, host & 0xffff);
}

std::uint16_t HeaderSum(const std::uint8_t* ip) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < kIpv4; i += 2)
    sum += static_cast<std::uint32_t>(ip[i] << 8 | ip[i + 1]);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// Flow f is a client of its own (or a port of one, above 2^22 flows) and one of 251 servers.
void FillHeaders(std::uint8_t* at, std::size_t size, std::uint32_t flow, bool reply,
                 std::uint16_t id, std::uint16_t server_port) {
  const std::uint32_t client = 1 + (flow & 0x3fffff);
  const std::uint32_t server = 0x800000 + flow % 251;
  const auto client_port = static_cast<std::uint16_t>(41000 + (flow >> 22));
  at[0] = at[6] = 0x02;
  at[5] = reply ? 1 : 2;
  at[11] = reply ? 2 : 1;
  Put16(at + 12, 0x0800);
  std::uint8_t* const ip = at + kEthernet;
  ip[0] = 0x45;
  Put16(ip + 2, size - kEthernet);
  Put16(ip + 4, id);
  ip[8] = 64;
  ip[9] = 17;
  PutAddress(ip + 12, reply ? server : client);
  PutAddress(ip + 16, reply ? client : server);
  Put16(ip + 10, HeaderSum(ip));
  std::uint8_t* const udp = ip + kIpv4;
  Put16(udp, reply ? server_port : client_port);
  Put16(udp + 2, reply ? client_port : server_port);
  Put16(udp + 4, size - kEthernet - kIpv4);
}

void Fill(std::vector<std::uint8_t>& bytes, std::size_t from, std::size_t end,
          std::mt19937_64& random) {
  for (; from < end; from += sizeof(std::uint64_t)) {
    const std::uint64_t value = random();
    std::memcpy(&bytes[from], &value, std::min(sizeof(value), end - from));
  }
}

template <class T>
void Append(std::vector<std::uint8_t>& out, T value) {
  const std::size_t at = out.size();
  out.resize(at + sizeof(value));
  std::memcpy(&out[at], &value, sizeof(value));
}

}  // namespace

Traffic::Traffic(const TrafficOptions& options) : flows_(options.flows) {
  std::mt19937_64 random(options.seed);
  std::vector<std::uint32_t> order(std::max(options.frames, options.flows));
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = static_cast<std::uint32_t>(i % options.flows);
  }
  std::shuffle(order.begin(), order.end(), random);
  starts_.reserve(order.size() + 1);
  starts_.push_back(0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t size =
        options.frame_bytes == kImix ? kMix[random() % kMix.size()] : options.frame_bytes;
    const std::size_t at = bytes_.size();
    bytes_.resize(at + size);
    // The identification makes no two frames of a flow copies of each other (FL-10).
    FillHeaders(&bytes_[at], size, order[i], (random() & 1) != 0, static_cast<std::uint16_t>(i),
                options.port);
    if (options.incompressible) Fill(bytes_, at + kPayload, at + size, random);
    starts_.push_back(bytes_.size());
  }
}

base::Result<> Traffic::WritePcap(const std::string& path, std::int64_t start_ns,
                                  std::int64_t gap_ns) const {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"),
                                                             &std::fclose);
  const auto failed = [&path] {
    return base::MakeError(base::ErrorCode::kIo, "cannot write " + path);
  };
  if (!file) return failed();
  std::vector<std::uint8_t> out;
  for (const std::uint32_t word : {0xa1b23c4du, 0x00040002u, 0u, 0u, 65535u, 1u}) Append(out, word);
  for (std::size_t i = 0; i < size(); ++i) {
    const std::int64_t time = start_ns + static_cast<std::int64_t>(i) * gap_ns;
    const base::Bytes bytes = frame(i);
    Append(out, static_cast<std::uint32_t>(time / 1'000'000'000));
    Append(out, static_cast<std::uint32_t>(time % 1'000'000'000));
    Append(out, static_cast<std::uint32_t>(bytes.size()));
    Append(out, static_cast<std::uint32_t>(bytes.size()));
    out.insert(out.end(), bytes.begin(), bytes.end());
    if (out.size() < (1u << 20) && i + 1 < size()) continue;
    if (std::fwrite(out.data(), 1, out.size(), file.get()) != out.size()) return failed();
    out.clear();
  }
  return std::fflush(file.get()) == 0 ? base::Result<>{} : failed();
}

}  // namespace tapiary::bench
