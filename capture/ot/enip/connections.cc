#include "capture/ot/enip/connections.h"

#include <algorithm>

namespace tapiary::capture::enip {

void Connections::OnOpen(const cip::OpenRequest& request) {
  if (opening_.size() >= kMaxOpening) opening_.pop_front();
  opening_.push_back(request);
}

bool Connections::OnOpened(const cip::OpenResponse& response) {
  const auto asked = std::find_if(
      opening_.begin(), opening_.end(),
      [&response](const cip::OpenRequest& request) { return request.serial == response.serial; });
  if (asked == opening_.end()) return false;
  Connection connection;
  connection.o_to_t = response.o_to_t;
  connection.t_to_o = response.t_to_o;
  connection.transport_class = asked->transport_class;
  connection.serial = response.serial;
  opening_.erase(asked);
  std::erase_if(connections_, [&connection](const Connection& old) {
    return old.o_to_t == connection.o_to_t || old.t_to_o == connection.t_to_o;
  });
  Add(connection);
  return true;
}

void Connections::OnClosed(const cip::ConnectionSerial& serial) {
  std::erase_if(connections_, [&serial](const Connection& connection) {
    return connection.transport_class && connection.serial == serial;
  });
}

const Connections::Connection& Connections::OfRequest(std::uint32_t o_to_t,
                                                      std::uint16_t sequence) {
  for (Connection& connection : connections_) {
    if (connection.o_to_t != o_to_t) continue;
    connection.last_sequence = sequence;
    return connection;
  }
  Connection connection;
  connection.o_to_t = o_to_t;
  connection.last_sequence = sequence;
  Add(connection);
  return connections_.back();
}

const Connections::Connection* Connections::OfResponse(std::uint32_t t_to_o,
                                                       std::uint16_t sequence) {
  Connection* only = nullptr;
  for (Connection& connection : connections_) {
    if (connection.t_to_o == t_to_o) return &connection;
    if (connection.t_to_o || connection.last_sequence != sequence) continue;
    if (only != nullptr) return nullptr;
    only = &connection;
  }
  if (only != nullptr) only->t_to_o = t_to_o;
  return only;
}

void Connections::Add(const Connection& connection) {
  if (connections_.size() >= kMaxConnections) connections_.pop_front();
  connections_.push_back(connection);
}

}  // namespace tapiary::capture::enip
