#include "capture/ot/s7comm/szl.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "capture/ot/detail.h"
#include "capture/ot/s7comm/items.h"

namespace tapiary::capture::s7comm {
namespace {

constexpr std::size_t kMaxEntry = 512;

std::string_view ComponentKey(std::uint16_t index) {
  switch (index) {
    case 1:
      return "system_name";
    case 2:
      return "module_name";
    case 3:
      return "plant";
    case 4:
      return "copyright";
    case 5:
      return "serial_number";
    case 7:
      return "module_type";
    case 8:
      return "memory_card_serial";
    case 10:
      return "oem";
    case 11:
      return "location";
    default:
      return {};
  }
}

// Index 2, order number 20, module type 2, version 2, release 2.
void Module(base::Bytes entry, Transaction& out) {
  if (entry.size() < 28) return;
  base::ByteCursor cursor(entry);
  const std::uint16_t index = cursor.U16Be();
  const std::string_view order = TextOf(cursor.Take(20));
  cursor.Skip(2);
  const std::uint8_t first = cursor.U8();
  const std::uint8_t major = cursor.U8();
  const std::uint8_t minor = cursor.U8();
  const std::uint8_t patch = cursor.U8();
  if (index == 1) AddDetail(out, "order_number", order);
  if (index == 6) AddDetail(out, "hardware", order);
  if (index == 7 && first == 'V') {
    AddDetail(out, "firmware", fmt::format("V{}.{}.{}", major, minor, patch));
  }
}

void Component(base::Bytes entry, Transaction& out) {
  base::ByteCursor cursor(entry);
  const std::string_view key = ComponentKey(cursor.U16Be());
  if (key.empty()) return;
  base::Bytes text = cursor.rest();
  const auto end = std::find(text.begin(), text.end(), 0);
  text = text.first(static_cast<std::size_t>(end - text.begin()));
  if (!text.empty()) AddDetail(out, key, TextOf(text));
}

std::string_view ModeName(std::uint8_t mode) {
  switch (mode) {
    case 1:
      return "stop_update";
    case 2:
      return "stop_memory_reset";
    case 3:
      return "stop_self_initialisation";
    case 4:
      return "stop";
    case 5:
      return "cold_restart";
    case 6:
      return "warm_restart";
    case 7:
      return "hot_restart";
    case 8:
      return "run";
    case 9:
      return "run_redundant";
    case 10:
      return "hold";
    default:
      return {};
  }
}

// Event 2, 1, operating mode before and now.
void Mode(base::Bytes entry, Transaction& out) {
  if (entry.size() < 4) return;
  const std::string_view name = ModeName(entry[3] & 0x0f);
  if (!name.empty()) AddDetail(out, "cpu_mode", name);
}

// Protection: index 4 of 0x0132 and 0x0232: level set by the mode selector, by password, valid one,
// selector position.
void Protection(base::Bytes entry, Transaction& out) {
  base::ByteCursor cursor(entry);
  const std::uint16_t index = cursor.U16Be();
  if (index != 4 || cursor.remaining() < 8) return;
  AddNumber(out, "protection_selector", cursor.U16Be());
  AddNumber(out, "protection_password", cursor.U16Be());
  AddNumber(out, "protection_valid", cursor.U16Be());
  const std::uint16_t position = cursor.U16Be();
  constexpr std::string_view kPositions[] = {"unknown", "run", "run_p", "stop", "mres"};
  if (position < std::size(kPositions)) {
    AddDetail(out, "mode_selector", kPositions[position]);
  }
}

}  // namespace

int SzlReader::DecodeRequest(const Userdata& userdata, Transaction& out) {
  base::ByteCursor cursor(userdata.data);
  const std::uint16_t id = cursor.U16Be();
  const std::uint16_t index = cursor.U16Be();
  if (cursor.failed()) {
    AddDetail(out, "continuation", "1");
    return -1;
  }
  AddDetail(out, "szl_id", fmt::format("0x{:04x}", id));
  AddDetail(out, "szl_index", fmt::format("0x{:04x}", index));
  return id;
}

void SzlReader::DecodeAnswer(const Userdata& userdata, bool has_request, Transaction& out) {
  const bool continues = open_ && sequence_ == userdata.sequence;
  const bool asked_next = FindDetail(out, "continuation") != nullptr;
  base::ByteCursor cursor(userdata.data);
  if (continues && (asked_next || !has_request)) {
    TakeEntries(cursor.rest(), out);
  } else if (!asked_next) {
    id_ = cursor.U16Be();
    const std::uint16_t index = cursor.U16Be();
    entry_size_ = cursor.U16Be();
    entries_left_ = cursor.U16Be();
    part_.clear();
    if (cursor.failed()) {
      open_ = false;
      return;
    }
    if (!has_request) {
      AddDetail(out, "szl_id", fmt::format("0x{:04x}", id_));
      AddDetail(out, "szl_index", fmt::format("0x{:04x}", index));
    }
    AddNumber(out, "entries", entries_left_);
    TakeEntries(cursor.rest(), out);
  }
  open_ = userdata.more;
  sequence_ = userdata.sequence;
}

void SzlReader::TakeEntries(base::Bytes bytes, Transaction& out) {
  if (entry_size_ == 0 || entry_size_ > kMaxEntry) return;
  while (entries_left_ != 0 && !bytes.empty()) {
    const std::size_t wanted = std::min(entry_size_ - part_.size(), bytes.size());
    const base::Bytes taken = bytes.first(wanted);
    bytes = bytes.subspan(wanted);
    if (part_.empty() && wanted == entry_size_) {
      TakeEntry(taken, out);
    } else {
      part_.insert(part_.end(), taken.begin(), taken.end());
      if (part_.size() < entry_size_) return;
      TakeEntry(part_, out);
      part_.clear();
    }
    --entries_left_;
  }
}

// The high nibble of an id is the module class, the next one picks a part of the same list.
void SzlReader::TakeEntry(base::Bytes entry, Transaction& out) const {
  if (out.detail.size() > 40) return;
  switch (id_ & 0x00ff) {
    case 0x00:
      if (id_ == 0 && entry.size() == 2 && out.values.size() < kMaxValues) {
        out.values.push_back(entry[0] << 8 | entry[1]);
      }
      return;
    case 0x11:
      return Module(entry, out);
    case 0x1c:
      return Component(entry, out);
    case 0x24:
      return Mode(entry, out);
    case 0x32:
      return Protection(entry, out);
    default:
      return;
  }
}

}  // namespace tapiary::capture::s7comm
