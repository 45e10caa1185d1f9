// Exchange: pairs the requests of one flow with their responses, whatever the order of arrival.
//
// Paired by a key of the protocol's own (id, unit, address), the oldest first when a key repeats
// (OT-02). A request without a response for ten seconds of packet time becomes no-reply. A response
// that no request waits for is kept for 10 ms in case the mirror delivers the request behind it
// (OT-04), then becomes unsolicited; one whose request was answered just now or given up is
// flagged duplicate-reply or late-reply. All tables are bounded (OT-13). One thread.
//
// A response alone, one rule for all protocols: status unsolicited, detail `only` = response. It
// has operation, command and technique of what it answers, as far as it tells: the device was
// asked, and with `exception` it refused. A duplicate or late one is no command again: its request
// was reported as that.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/byte_cursor.h"
#include "capture/ot/decoder.h"
#include "capture/ot/framer.h"
#include "capture/ot/pending.h"

namespace tapiary::capture {

struct OtResponse {
  std::uint64_t key = 0;
  // A weaker key that pairs when no strong one does (Modbus: the same id of another unit).
  std::optional<std::uint64_t> loose_key;
  // Function or the like: a response that came first waits only for a request of its kind.
  std::uint32_t kind = 0;
  base::Bytes pdu;  // as the handler wants it back; copied when it has to wait
  bool cut = false;
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;

  // Of a PDU that is the response as it stands. `kind` 0: any request with the key is answered.
  static OtResponse Of(const Pdu& pdu, std::uint64_t key, std::uint32_t kind = 0) {
    OtResponse response;
    response.key = key;
    response.kind = kind;
    response.pdu = pdu.bytes;
    response.cut = pdu.cut;
    response.first_ns = pdu.first_ns;
    response.last_ns = pdu.last_ns;
    return response;
  }
};

class Exchange {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    // Adds what the response tells to its request's transaction; without request to an empty one
    // that has only protocol, time and `only`, with command and technique as a request would have
    // them. Sets status to ok or exception.
    virtual void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) = 0;
  };

  // `protocol`: static text, for transactions without request. `handler` must outlive this.
  Exchange(std::string_view protocol, Handler& handler) : protocol_(protocol), handler_(handler) {}

  void OnRequest(std::uint64_t key, std::optional<std::uint64_t> loose_key, std::uint32_t kind,
                 Transaction&& request, OtOutput& out);
  void OnResponse(const OtResponse& response, OtOutput& out);
  // As OtDecoder's. Call Expire before each packet: what is late is late, also when no timer ran.
  void Expire(std::int64_t now_ns, OtOutput& out);
  [[nodiscard]] std::int64_t next_due_ns() const;
  void Finish(OtOutput& out);
  // As OtDecoder's. What is given up has the anomaly pending-limit.
  [[nodiscard]] std::size_t held_bytes() const;
  bool GiveUpOldest(OtOutput& out);

 private:
  struct Early {
    OtResponse response;  // its pdu views `bytes`
    std::vector<std::uint8_t> bytes;
  };
  bool PairWithEarly(std::uint64_t key, std::uint32_t kind, Transaction& request);
  void GiveUp(PendingTable::Entry&& entry, OtOutput& out);
  void EmitUnsolicited(const OtResponse& response, std::string_view anomaly, OtOutput& out);
  void ReleaseEarly(std::int64_t now_ns, bool all, OtOutput& out);

  std::string_view protocol_;
  Handler& handler_;
  PendingTable pending_;
  RecentKeys answered_;
  RecentKeys timed_out_;
  std::vector<Early> early_;
};

}  // namespace tapiary::capture
