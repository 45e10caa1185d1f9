// Implicit I/O of EtherNet/IP (udp/2222): connected data of class 0 and 1, without encapsulation.
//
// An item list alone: the sequenced address (connection id 4, sequence 4), then the data. It runs
// every few milliseconds, so packets, gaps and repeats are counted, and each connection is one
// transaction, when it is first seen. Whose bytes they are only the Forward Open tells, which is on
// another flow. Source: CIP Networks Library volume 2, section 3-2.2. One thread.
#pragma once

#include <array>
#include <cstdint>

#include "capture/ot/decoder.h"

namespace tapiary::capture::enip {

struct IoPacket {
  std::uint32_t connection = 0;
  std::uint32_t sequence = 0;
  base::Bytes data;  // sequence count of class 1 first, if it is class 1
};
// False for anything but exactly one address item and one data item. `cut`: the data's end may be
// missing.
bool ReadIoPacket(base::Bytes bytes, bool cut, IoPacket& packet);

class IoDecoder final : public OtDecoder {
 public:
  void OnBytes(bool from_client, base::Bytes bytes, std::int64_t time_ns, OtOutput& out) override;
  void OnGap(bool from_client, std::uint32_t missed, bool cut, OtOutput& out) override;
  void OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                  OtOutput& out) override;
  void Expire(std::int64_t now_ns, OtOutput& out) override;
  [[nodiscard]] std::int64_t next_due_ns() const override { return INT64_MAX; }
  void Finish(OtOutput& out) override;

 private:
  static constexpr std::size_t kMaxConnections = 32;
  struct Connection {
    std::uint32_t id = 0;
    std::uint32_t sequence = 0;  // of the last packet
    bool from_client = false;
  };
  Connection* Find(std::uint32_t id, bool from_client);

  std::array<Connection, kMaxConnections> connections_{};
  std::size_t count_ = 0;
};

extern const OtProtocol kIoProtocol;

}  // namespace tapiary::capture::enip
