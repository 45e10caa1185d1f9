#include "capture/ot/enip/list_replies.h"

#include <fmt/format.h>

#include "base/text.h"
#include "capture/ot/cip/identity.h"
#include "capture/ot/cip/techniques.h"
#include "capture/ot/detail.h"
#include "capture/ot/enip/commands.h"
#include "capture/ot/enip/items.h"

namespace tapiary::capture::enip {
namespace {

// Protocol version, socket address (network order), identity, state.
void IdentityItem(base::Bytes data, Transaction& out) {
  base::ByteCursor cursor(data);
  cursor.Skip(2 + 4);
  const std::uint32_t ip = cursor.U32Be();
  cursor.Skip(8);
  const cip::Identity identity = cip::TakeIdentity(cursor);
  cip::IdentityDetails(identity, out);
  if (identity.bad) return;
  AddDetail(out, "device_ip",
            fmt::format("{}.{}.{}.{}", ip >> 24, (ip >> 16) & 0xff, (ip >> 8) & 0xff, ip & 0xff));
  if (cursor.remaining() > 0) AddNumber(out, "state", cursor.U8());
}

void ServicesItem(base::Bytes data, Transaction& out) {
  base::ByteCursor cursor(data);
  AddNumber(out, "protocol_version", cursor.U16Le());
  AddDetail(out, "capabilities", fmt::format("0x{:04x}", cursor.U16Le()));
  std::string_view name = base::AsText(cursor.Take(std::min<std::size_t>(16, cursor.remaining())));
  name = name.substr(0, name.find('\0'));
  if (cursor.failed()) return AddAnomaly(out, "enip-item-length");
  AddDetail(out, "service_name", name);
}

void ListReply(const Header& header, base::Bytes body, Transaction& out) {
  const ItemList items = ReadItems(body);
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < items.count; ++i) {
    const Item& item = items.items[i];
    const bool identity = item.type == kIdentityItem && header.command == kListIdentity;
    const bool services = item.type == kServicesItem && header.command == kListServices;
    if (!identity && !services) continue;
    if (++found > 1) continue;  // a gateway may list others: how many, and the first
    identity ? IdentityItem(item.data, out) : ServicesItem(item.data, out);
  }
  if (found > 1) AddNumber(out, "listed", found);
  if (!items.complete) AddAnomaly(out, "enip-item-length");
}

bool IsList(std::uint16_t command) {
  return command == kListIdentity || command == kListServices || command == kListInterfaces ||
         command == kListTargets;
}

void SessionDetail(const Header& header, Transaction& out) {
  if (header.session == 0 || FindDetail(out, "session") != nullptr) return;
  AddDetail(out, "session", fmt::format("0x{:08x}", header.session));
}

}  // namespace

bool IsRequest(const Header& header, base::Bytes body, bool from_client) {
  if (header.status != 0) return from_client && header.command != kRegisterSession;
  if (IsList(header.command)) return header.length == 0;
  if (header.command == kRegisterSession && body.size() >= 4) return header.session == 0;
  return from_client;
}

void DecodeCommand(const Header& header, base::Bytes body, bool datagram, Transaction& out) {
  out.protocol = kService;
  out.code = header.command;
  out.operation = CommandName(header.command);
  SessionDetail(header, out);
  base::ByteCursor cursor(body);
  if (header.command == kRegisterSession && body.size() >= 4) {
    AddNumber(out, "protocol_version", cursor.U16Le());
    AddNumber(out, "option_flags", cursor.U16Le());
  } else if (!body.empty()) {
    AddHex(out, "data", body);
  }
  if (!IsList(header.command)) return;  // others have no rows, and their numbers are services'
  const Technique technique = FindTechnique(
      cip::Techniques(), out.code, datagram ? cip::kEncapsulationDatagram : cip::kEncapsulation);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

void DecodeReply(const Header& header, base::Bytes body, bool has_request, Transaction& out) {
  if (!has_request) {
    out.protocol = kService;
    out.code = header.command;
    out.operation = CommandName(header.command);
  }
  SessionDetail(header, out);
  out.status = TransactionStatus::kOk;
  if (header.status != 0) {
    out.status = TransactionStatus::kException;
    out.exception = header.status;
    AddNumber(out, "encapsulation_status", header.status);
    AddDetail(out, "status_name", EncapsulationStatusName(header.status));
    return;
  }
  if (IsList(header.command)) return ListReply(header, body, out);
  if (header.command != kRegisterSession && !body.empty()) {
    AddHex(out, "response_data", body);
  }
}

}  // namespace tapiary::capture::enip
