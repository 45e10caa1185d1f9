// EtherCatDecoder: datagrams counted by command; writes that matter as transactions.
//
// A master's frame passes all slaves and comes back with another source address, so both ways are
// flows of their own and a write is seen twice: with working counter 0 on its way out (status
// unsolicited: nobody did it yet) and with what the slaves added on its way back (ok). The working
// counters of cyclic process data are watched: what has been the same kSteady times and changes is
// a transaction. One thread; memory is fixed.
#pragma once

#include "capture/ot/ethercat/frame.h"
#include "capture/ot/layer2/frame_decoder.h"

namespace tapiary::capture::ethercat {

inline constexpr std::string_view kService = "ethercat";

class EtherCatDecoder final : public layer2::FrameDecoder {
 public:
  static constexpr std::size_t kMaxDatagrams = 255;  // a frame
  static constexpr std::uint32_t kSteady = 16;
  static constexpr std::uint32_t kMaxChanges = 100;  // transactions an hour of packet time

  void OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                  OtOutput& out) override;
  void Expire(std::int64_t, OtOutput&) override {}
  [[nodiscard]] std::int64_t next_due_ns() const override { return INT64_MAX; }
  void Finish(OtOutput&) override {}

 private:
  struct Watched {  // one cyclic datagram
    std::uint8_t command = 0;
    std::uint32_t address = 0;
    std::uint16_t length = 0, counter = 0;
    std::uint32_t steady = 0;
    bool used = false;
  };
  static constexpr std::size_t kMaxWatched = 32;

  void Take(const Datagram& datagram, std::int64_t time_ns, OtOutput& out);
  void Watch(const Datagram& datagram, std::int64_t time_ns, OtOutput& out);

  Watched watched_[kMaxWatched];
  std::uint32_t changes_ = 0;
  std::int64_t changes_from_ns_ = INT64_MIN;
};

}  // namespace tapiary::capture::ethercat
