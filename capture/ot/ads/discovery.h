// The router's own datagrams on UDP port 48899: who are you, and adding a route.
//
// Magic 03 66 14 71, invoke id 4, service 4 (answers: highest bit), net id 6, port 2, number of
// tags 4, tags of id 2, length 2, data (LE). Adding a route carries a user name and a password in
// clear. Source: Beckhoff Information System, "TwinCAT router, UDP services"; captures. Pure; any
// thread.
#pragma once

#include <cstdint>

#include "capture/ot/ads/frame.h"
#include "capture/records.h"

namespace tapiary::capture::ads {

struct Datagram {
  std::uint32_t invoke_id = 0;
  std::uint32_t service = 0;
  bool response = false;
  AmsAddress sender;
  bool counted = false;  // the number of tags is there
  std::uint32_t tags = 0;
  base::Bytes rest;  // the tags
};
bool IsDiscovery(base::Bytes bytes);
// Needs IsDiscovery.
bool ReadDatagram(base::Bytes bytes, Datagram& out);
// Whether the tags are as many as told and end with the datagram.
bool TagsFit(const Datagram& datagram);
// Adds protocol, operation, code, flags, and the tags as details.
void NameService(const Datagram& datagram, Transaction& out);
void DecodeTags(const Datagram& datagram, bool cut, Transaction& out);

}  // namespace tapiary::capture::ads
