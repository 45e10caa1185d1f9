// bench_sender: puts Traffic on an interface through an AF_PACKET send ring, at a rate, and says
// what it sent. The frames never change between runs, so every capture program sees the same.
//
//   bench_sender INTERFACE FLOWS FRAME_BYTES COUNT RATE SECONDS [CPU]
//
// FRAME_BYTES 0 is the IMIX; RATE is in packets a second, 0 for as fast as it goes. Ends after
// COUNT packets or SECONDS, whichever comes first. Prints one line of JSON; "sent" counts what the
// kernel took, frame by frame.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/result.h"
#include "bench/support/traffic.h"

namespace tapiary::bench {
namespace {

constexpr std::uint32_t kSlotBytes = 2048;
constexpr std::uint32_t kSlots = 4096;
constexpr std::uint32_t kBurst = 64;
constexpr std::size_t kDataAt = TPACKET2_HDRLEN - sizeof(sockaddr_ll);

struct Counts {
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;
  std::uint64_t bytes = 0;
};

class SendRing {
 public:
  ~SendRing() {
    if (memory_ != MAP_FAILED) munmap(memory_, std::size_t{kSlots} * kSlotBytes);
    if (socket_ >= 0) close(socket_);
  }

  base::Result<> Open(const char* interface) {
    const unsigned index = if_nametoindex(interface);
    if (index == 0) return base::Error::FromErrno(errno, interface);
    socket_ = socket(AF_PACKET, SOCK_RAW, 0);  // receives nothing
    if (socket_ < 0) return base::Error::FromErrno(errno, "socket");
    const int version = TPACKET_V2;
    const int bypass = 1;  // of the queueing discipline, which could drop
    tpacket_req request{};
    request.tp_frame_size = kSlotBytes;
    request.tp_frame_nr = kSlots;
    request.tp_block_size = 1 << 20;
    request.tp_block_nr = kSlots * kSlotBytes >> 20;
    if (Set(PACKET_VERSION, &version, sizeof(version)) != 0 ||
        Set(PACKET_QDISC_BYPASS, &bypass, sizeof(bypass)) != 0 ||
        Set(PACKET_TX_RING, &request, sizeof(request)) != 0) {
      return base::Error::FromErrno(errno, "setsockopt");
    }
    memory_ = mmap(nullptr, std::size_t{kSlots} * kSlotBytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                   socket_, 0);
    if (memory_ == MAP_FAILED) return base::Error::FromErrno(errno, "mmap");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(index);
    if (bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      return base::Error::FromErrno(errno, "bind");
    }
    return {};
  }

  // Puts a frame into the ring; waits for a free slot.
  void Put(base::Bytes frame) {
    tpacket2_hdr* const header = Slot(next_);
    if (Status(header) != TP_STATUS_AVAILABLE) Kick();
    while (Status(header) != TP_STATUS_AVAILABLE) {
      if ((Status(header) & TP_STATUS_WRONG_FORMAT) != 0) {
        ++counts_.refused;
        break;
      }
      std::this_thread::yield();
    }
    header->tp_len = static_cast<std::uint32_t>(frame.size());
    std::memcpy(reinterpret_cast<std::uint8_t*>(header) + kDataAt, frame.data(), frame.size());
    __atomic_store_n(&header->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
    next_ = (next_ + 1) % kSlots;
    ++counts_.sent;
    counts_.bytes += frame.size();
  }

  // Hands what is in the ring to the kernel.
  void Kick() {
    while (send(socket_, nullptr, 0, 0) < 0 &&
           (errno == EINTR || errno == ENOBUFS || errno == EAGAIN)) {
      std::this_thread::yield();
    }
  }

  // After the kernel has taken all: what was sent.
  Counts Finish() {
    Kick();
    for (std::uint32_t i = 0; i < kSlots; ++i) {
      for (int tries = 0; Status(Slot(i)) != TP_STATUS_AVAILABLE; ++tries) {
        if ((Status(Slot(i)) & TP_STATUS_WRONG_FORMAT) != 0 || tries == 1000) {
          ++counts_.refused;
          break;
        }
        Kick();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
    counts_.sent -= counts_.refused;
    return counts_;
  }

 private:
  template <class T>
  int Set(int option, const T* value, socklen_t size) const {
    return setsockopt(socket_, SOL_PACKET, option, value, size);
  }
  [[nodiscard]] tpacket2_hdr* Slot(std::uint32_t i) const {
    return reinterpret_cast<tpacket2_hdr*>(static_cast<std::uint8_t*>(memory_) +
                                           std::size_t{i} * kSlotBytes);
  }
  static std::uint32_t Status(const tpacket2_hdr* header) {
    return __atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE);
  }

  int socket_ = -1;
  void* memory_ = MAP_FAILED;
  std::uint32_t next_ = 0;
  Counts counts_;
};

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Bursts of at most 64; below 64,000 a second at most one a millisecond.
void Send(SendRing& ring, const Traffic& traffic, std::uint64_t count, double rate,
          double seconds) {
  const double start = Now();
  std::size_t at = 0;
  for (std::uint64_t done = 0; done < count;) {
    const double passed = Now() - start;
    if (passed > seconds) return;
    std::uint64_t due = count;
    if (rate > 0) due = std::min(count, static_cast<std::uint64_t>(passed * rate) + 1);
    if (due <= done) {
      if (rate < 200'000) std::this_thread::sleep_for(std::chrono::microseconds(100));
      continue;
    }
    const std::uint64_t burst = std::min<std::uint64_t>(kBurst, due - done);
    for (std::uint64_t i = 0; i < burst; ++i) {
      ring.Put(traffic.frame(at));
      if (++at == traffic.size()) at = 0;
    }
    ring.Kick();
    done += burst;
  }
}

void Pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(cpu), &set);
  sched_setaffinity(0, sizeof(set), &set);
}

int Main(int argc, char** argv) {
  if (argc < 7) {
    std::fputs("usage: bench_sender INTERFACE FLOWS FRAME_BYTES COUNT RATE SECONDS [CPU]\n",
               stderr);
    return 2;
  }
  TrafficOptions mix;
  mix.flows = std::strtoull(argv[2], nullptr, 10);
  mix.frames = std::max<std::size_t>(mix.flows, 50'000);
  mix.frame_bytes = static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10));
  mix.incompressible = true;
  const Traffic traffic(mix);
  if (argc > 7) Pin(std::atoi(argv[7]));
  SendRing ring;
  if (const auto opened = ring.Open(argv[1]); !opened) {
    std::fprintf(stderr, "bench_sender: %s\n", opened.error().message.c_str());
    return 1;
  }
  const double start = Now();
  Send(ring, traffic, std::strtoull(argv[4], nullptr, 10), std::strtod(argv[5], nullptr),
       std::strtod(argv[6], nullptr));
  const Counts counts = ring.Finish();
  const double seconds = Now() - start;
  std::printf("{\"sent\": %llu, \"refused\": %llu, \"bytes\": %llu, \"seconds\": %.6f}\n",
              static_cast<unsigned long long>(counts.sent),
              static_cast<unsigned long long>(counts.refused),
              static_cast<unsigned long long>(counts.bytes), seconds);
  return counts.refused == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tapiary::bench

int main(int argc, char** argv) {
  return tapiary::bench::Main(argc, argv);
}
