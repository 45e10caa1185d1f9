// S7User: the S7comm messages of one connection as transactions.
//
// Paired by PDU reference and asking end; a PLC asks too (download_block). Cyclic data that a PLC
// sends of itself (userdata group 2) is counted, and the first message in a minute of each
// sub-function emitted; other spontaneous messages are transactions each. One thread.
#pragma once

#include <array>
#include <cstdint>

#include "capture/ot/iso/user.h"
#include "capture/ot/s7comm/items.h"
#include "capture/ot/s7comm/message.h"
#include "capture/ot/s7comm/szl.h"

namespace tapiary::capture::s7comm {

class S7User {
 public:
  // False when the message is no S7comm.
  bool OnTsdu(const iso::Call& call, const iso::Tsdu& tsdu);
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out);
  // Of the answers' direction: what continues a list is not whole any more.
  void OnLoss(bool from_client) {
    if (!from_client) szl_.Reset();
  }

 private:
  struct Asked {
    std::uint64_t key = 0;
    Shapes shapes;
  };
  void OnUserdata(const iso::Call& call, const Message& message, const iso::Tsdu& tsdu);
  void OnPush(const iso::Call& call, const Userdata& userdata, Transaction&& out);
  [[nodiscard]] Shapes ShapesOf(std::uint64_t key) const;

  static constexpr std::size_t kAsked = 32;
  std::array<Asked, kAsked> asked_{};  // the last read jobs
  std::size_t next_asked_ = 0;
  SzlReader szl_;
  std::array<std::int64_t, 16> pushed_ns_{};  // by sub-function of group 2
  std::uint16_t pushed_ = 0;                  // which of them are set
};

}  // namespace tapiary::capture::s7comm
