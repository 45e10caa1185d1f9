// Connections: what Forward Opens on this flow told about its connected data.
//
// A connection has two ids, one for each direction, and a transport class: class 3 carries CIP
// messages, class 0 and 1 raw I/O. Ids that no Forward Open named are learnt: the response with the
// sequence count of the only outstanding request belongs to its connection. Bounded: the oldest
// goes. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "capture/ot/cip/connection_manager.h"

namespace tapiary::capture::enip {

class Connections {
 public:
  static constexpr std::size_t kMaxOpening = 32;
  static constexpr std::size_t kMaxConnections = 128;

  struct Connection {
    std::uint32_t o_to_t = 0;  // the id that names it here
    std::optional<std::uint32_t> t_to_o;
    std::optional<std::uint8_t> transport_class;  // nothing: its Forward Open was not seen
    cip::ConnectionSerial serial;
    std::uint16_t last_sequence = 0;  // of the last request
  };

  void OnOpen(const cip::OpenRequest& request);
  // True when a Forward Open asked for it.
  bool OnOpened(const cip::OpenResponse& response);
  void OnClosed(const cip::ConnectionSerial& serial);

  // The connection of a request's id; one that is not known is added.
  const Connection& OfRequest(std::uint32_t o_to_t, std::uint16_t sequence);
  // The connection of a response's id; nullptr when it cannot be told.
  const Connection* OfResponse(std::uint32_t t_to_o, std::uint16_t sequence);

 private:
  void Add(const Connection& connection);

  std::deque<cip::OpenRequest> opening_;
  std::deque<Connection> connections_;
};

}  // namespace tapiary::capture::enip
