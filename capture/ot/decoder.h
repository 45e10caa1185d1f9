// OtDecoder: one OT protocol on one flow. Bytes in, transactions and anomalies out, nothing else.
//
// A decoder sees each direction's TCP bytes in order and once, or whole datagrams. It owns all its
// state, which must be bounded; two flows share none but OtOutput::calls (OT-05). It may be called
// with anything: length fields, counts and offsets are hostile. A protocol is one row of the
// registry (ot/registry.cc) with a recogniser and a factory; nothing else knows it. The virtual
// call is per segment of a claimed OT flow, never per packet of other traffic. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/byte_cursor.h"
#include "capture/ot/head.h"
#include "capture/ot/techniques.h"
#include "capture/records.h"

namespace tapiary::capture {

class OtCalls;

// Where a decoder's results go. The receiver fills in flow, ends, interface and number.
class OtOutput {
 public:
  virtual ~OtOutput() = default;
  virtual void Emit(Transaction&& transaction) = 0;
  // Counted on the flow. `name` must be static text.
  virtual void Anomaly(std::string_view name) = 0;
  // FlowRecord::counters, for what is no transaction: "iec104.s_frames". `name`: static text, with
  // the service in front.
  virtual void Count(std::string_view name, std::uint64_t add) = 0;
  // For protocols whose answers may come on another flow (calls.h); nullptr: there are no others.
  virtual OtCalls* calls() { return nullptr; }
};

class OtDecoder {
 public:
  virtual ~OtDecoder() = default;
  // One segment's bytes. `from_client`: sent by the end that asks.
  virtual void OnBytes(bool from_client, base::Bytes bytes, std::int64_t time_ns,
                       OtOutput& out) = 0;
  // Bytes that were never captured: `cut` when they are the end of the segment delivered just now
  // (snap length), else a hole before the next segment; 0 is a hole of unknown size.
  virtual void OnGap(bool from_client, std::uint32_t missed, bool cut, OtOutput& out) = 0;
  // `cut`: captured shorter than sent.
  virtual void OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                          OtOutput& out) = 0;
  // Closes what waited too long at `now_ns`.
  virtual void Expire(std::int64_t now_ns, OtOutput& out) = 0;
  // When Expire has something to do; INT64_MAX: nothing waits.
  [[nodiscard]] virtual std::int64_t next_due_ns() const = 0;
  // The flow ended: closes everything.
  virtual void Finish(OtOutput& out) = 0;
  // Memory behind what waits for more: requests, begins of PDUs. For the budget (ot/budget.h).
  [[nodiscard]] virtual std::size_t held_bytes() const { return 0; }
  // The budget is used up: gives up what waits longest, named. False: nothing is left to give.
  virtual bool GiveUpOldest(OtOutput& /*out*/) { return false; }
  // When one decoder serves several (all that live on ISO-on-TCP): the flow's service so far.
  // Empty: the registry row's. Static text.
  [[nodiscard]] virtual std::string_view service() const { return {}; }
};

// What a recogniser gets: the first bytes of both directions, from a segment border on; frames
// without IP: what follows the EtherType (LLC: from the DSAP on). Side 0 and 1 are the flow key's
// low and high end.
struct OtGuess {
  base::Bytes bytes[2];
  bool cut[2] = {false, false};  // the end of the last segment was not captured
  bool datagram = false;         // each is one whole datagram
  bool usual_port = false;       // one end has a usual port of this protocol
  int server_side = -1;          // by usual port, else by handshake; -1: not known
  int handshake_server = -1;     // who was connected to; -1: not seen. May differ from server_side
  int first_side = 0;            // who was seen first
  bool from_start = false;       // TCP: the handshake was seen whole, and nothing came before
  bool last = false;             // nothing more comes
  std::uint16_t ether_type = 0;  // of frames without IP; 0: IP or LLC
};
enum class OtVerdict : std::uint8_t { kNo, kMore, kYes };
struct OtRecognition {
  OtVerdict verdict = OtVerdict::kNo;
  int client_side = -1;  // with kYes: which side asks
  bool matched = false;  // with kMore: one side is a PDU of this protocol already
};

// How far a protocol goes (docs/protocols.md).
enum class OtLevel : std::uint8_t {
  kDecoded,     // transactions with their facts
  kRecognised,  // the flow is named by content, nothing more
};

struct OtProtocol {
  std::string_view service;               // also Transaction::protocol
  std::uint16_t ports[4] = {0, 0, 0, 0};  // 0: no more. The first one names wrong_content
  bool tcp = false;
  bool udp = false;
  std::uint16_t ether_types[3] = {0, 0, 0};  // 0: no more
  bool llc = false;                          // frames with an 802.3 length
  OtLevel level = OtLevel::kDecoded;
  // For a flow on the first port on which nothing parsed, e.g. "not-modbus-on-502". Empty for
  // layer 2 and for ports that others use as well.
  std::string_view wrong_content;
  std::span<const TechniqueRow> techniques;
  // How a PDU begins: asked before `recognise` where the protocol is not at home. Default: anyhow.
  OtHead head = {};
  OtRecognition (*recognise)(const OtGuess& guess);
  std::unique_ptr<OtDecoder> (*make)();
};

}  // namespace tapiary::capture
