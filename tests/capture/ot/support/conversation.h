// Conversation: the messages of one OT exchange, and the ways its packets may look on a mirror
// port.
//
//   Conversation talk;
//   talk.server_port = 502;
//   talk.Client("0001 0000 0006 01 03 0000 0002").Server("0001 0000 0007 01 03 04 00010002");
//   CheckInvariance(talk);  // invariance.h
//
// Deliver makes real frames (with handshake, acknowledgements and close where TCP has them) and
// runs them through the whole Meter. A message is what the sender wrote at once; a Delivery says
// which bytes travel in which packet. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::test {

enum class Carrier : std::uint8_t { kTcp, kUdp, kEther };

struct Message {
  bool from_client = false;
  std::vector<std::uint8_t> bytes;
};

struct Conversation {
  Carrier carrier = Carrier::kTcp;
  std::uint16_t server_port = 0;
  std::uint16_t client_port = 40000;
  std::uint16_t ether_type = 0;  // kEther: what precedes the bytes; 0: an 802.3 length
  std::string client_mac = "02:00:00:00:00:01";
  std::string server_mac = "02:00:00:00:00:02";
  std::vector<Message> messages;

  // What the protocol cannot promise; each use needs a comment that says why.
  bool requests_stand_alone = true;    // requests seen alone give the same operation and address
  std::size_t recognise_messages = 1;  // needed in a stream that is joined in the middle
  std::size_t resync_messages = 0;     // of one direction, lost after a hole before sync is back

  // `hex`: spaces are skipped.
  Conversation& Client(std::string_view hex) { return Add(true, Hex(hex)); }
  Conversation& Server(std::string_view hex) { return Add(false, Hex(hex)); }
  Conversation& Add(bool from_client, std::vector<std::uint8_t> bytes);

  [[nodiscard]] std::size_t size_of(std::size_t message) const {
    return messages[message].bytes.size();
  }
  // The next message of the same direction, `count` times; messages.size() when there is none.
  [[nodiscard]] std::size_t NextOfSide(std::size_t message, std::size_t count = 1) const;
};

// Payload of one packet: `size` bytes of the sender's stream from `offset` bytes into `message` on.
// It may run on into the sender's next messages.
struct Piece {
  std::size_t message = 0;
  std::size_t offset = 0;
  std::size_t size = 0;
};

struct Delivery {
  std::vector<Piece> pieces;
  bool handshake = true;
  bool close = true;
  bool swapped_ends = false;    // the client has the higher address
  std::size_t snap = SIZE_MAX;  // captured payload of each packet
  std::size_t batch = kBatchSize;
};

// One packet a message, for the messages from `first` on.
Delivery WholeMessages(const Conversation& talk, std::size_t first = 0);
// Packets of a message are sent from this time on; the next message's are later.
std::int64_t MessageTime(std::size_t message);

MeterRun Deliver(const Conversation& talk, const Delivery& delivery);

// With TAPIARY_FUZZ_SEEDS=FOLDER in the environment, writes the exchange as a seed of the fuzz
// target of `service` (tests/fuzz) and returns true: the checks then have nothing else to do.
bool SaveSeed(const Conversation& talk, const std::string& service);

}  // namespace tapiary::capture::test
