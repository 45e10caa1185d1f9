// OpcuaDecoder: the messages of one OPC UA connection, requests and responses paired.
//
// Paired by channel and request id; hello with acknowledge. Chunks are put together first. What is
// encrypted is counted: whether a body can be read is seen at the body, since policies may sign
// without encrypting and a stream may be joined in the middle. Publish is cyclic and counted. One
// thread.
#pragma once

#include "capture/ot/framed_decoder.h"
#include "capture/ot/opcua/chunks.h"
#include "capture/ot/opcua/framing.h"

namespace tapiary::capture::opcua {

// The numeric id of the type that a message body begins with; 0 when it is no known service.
std::uint32_t ServiceId(base::Bytes body);

class OpcuaDecoder final : public FramedDecoder {
 public:
  OpcuaDecoder();
  [[nodiscard]] std::size_t held_bytes() const override;
  bool GiveUpOldest(OtOutput& output) override;

 private:
  // A whole message.
  struct Body {
    std::uint64_t key = 0;
    std::uint32_t channel = 0;
    std::uint32_t chunks = 1;
    base::Bytes bytes;
    bool cut = false;
    std::int64_t first_ns = 0, last_ns = 0;
    std::string_view policy;  // OPN
  };
  // What one direction's channel is known to be.
  struct Direction {
    ChunkTable chunks;
    std::uint32_t channel = 0;
    std::uint32_t sequence = 0;
    bool counting = false;  // sequence is that of the last chunk
  };

  void OnMessage(bool from_client, const Pdu& pdu) override;
  void OnLoss(bool from_client) override;
  void OnTransport(bool from_client, const Chunk& chunk, const Pdu& pdu);
  void OnHello(const Chunk& chunk, const Pdu& pdu);
  void OnSealedOpen(bool from_client, const Chunk& chunk, const Pdu& pdu);
  void OnChunk(bool from_client, const Chunk& chunk, const Pdu& pdu);
  void OnAbort(bool from_client, const Chunk& chunk, const Pdu& pdu);
  void CheckSequence(const Chunk& chunk, Direction& direction);
  void OnBody(const Body& body);
  void OnPublish(std::uint32_t id, const Body& body);
  void EmitAlone(Transaction&& transaction);
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;

  Direction directions_[2];
  bool clear_ = false;        // the channel's policy is None
  bool hello_waits_ = false;  // for its acknowledge
};

}  // namespace tapiary::capture::opcua
