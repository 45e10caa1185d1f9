#include "server/catalog/address_list.h"

#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace tapiary::server {
namespace {

using Address = std::array<std::uint8_t, 16>;

constexpr std::size_t kNumberBytes = 8;  // of the lowest
constexpr std::size_t kOffsetBytes = 4;

template <std::size_t Size>
void AppendBig(std::uint64_t value, std::vector<std::uint8_t>* out) {
  for (std::size_t i = Size; i > 0; --i) {
    out->push_back(static_cast<std::uint8_t>(value >> (8 * (i - 1))));
  }
}

std::uint64_t Big(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = (value << 8) | byte;
  return value;
}

// A list in memory, whose size was checked.
class View {
 public:
  explicit View(std::span<const std::uint8_t> list) : common_(list[0]) {
    std::ranges::copy(list.subspan(1, common_), address_.begin());
    lowest_ = Big(list.subspan(1 + common_, kNumberBytes));
    entries_ = list.subspan(1 + common_ + kNumberBytes);
  }
  static bool IsWhole(std::span<const std::uint8_t> list) {
    if (list.empty() || list[0] > 16 || list.size() < 1u + list[0] + kNumberBytes) return false;
    return (list.size() - 1 - list[0] - kNumberBytes) % (16 - list[0] + kOffsetBytes) == 0;
  }
  [[nodiscard]] std::size_t size() const { return entries_.size() / Width(); }
  [[nodiscard]] Address AddressAt(std::size_t at) const {
    Address address = address_;
    std::ranges::copy(entries_.subspan(at * Width(), 16 - common_), address.begin() + common_);
    return address;
  }
  [[nodiscard]] std::int64_t NumberAt(std::size_t at) const {
    return static_cast<std::int64_t>(
        lowest_ + Big(entries_.subspan(at * Width() + 16 - common_, kOffsetBytes)));
  }

 private:
  [[nodiscard]] std::size_t Width() const { return 16 - common_ + kOffsetBytes; }

  std::uint8_t common_;
  Address address_{};
  std::uint64_t lowest_ = 0;
  std::span<const std::uint8_t> entries_;
};

// Of the range, the end that the function's user data points to.
void RangeFunction(sqlite3_context* context, int, sqlite3_value** arguments) {
  std::array<std::span<const std::uint8_t>, 3> blobs;
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_value_blob(arguments[i]));
    blobs[i] = {bytes, static_cast<std::size_t>(sqlite3_value_bytes(arguments[i]))};
  }
  if (blobs[1].size() != 16 || blobs[2].size() != 16) {
    sqlite3_result_error(context, "an address has 16 bytes", -1);
    return;
  }
  const FlowNumbers range = RangeOf(blobs[0], blobs[1].first<16>(), blobs[2].first<16>());
  const auto end = *static_cast<std::int64_t FlowNumbers::*const*>(sqlite3_user_data(context));
  sqlite3_result_int64(context, range.*end);
}

bool AddFunction(sqlite3* database, const char* name, std::int64_t FlowNumbers::*const* end) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  return sqlite3_create_function_v2(database, name, 3, kFlags,
                                    const_cast<std::int64_t FlowNumbers::**>(end), RangeFunction,
                                    nullptr, nullptr, nullptr) == SQLITE_OK;
}

// An aggregate's entries, which its end takes.
using Entries = std::vector<AddressEntry>;

void AddToList(sqlite3_context* context, int, sqlite3_value** arguments) {
  auto** const place = static_cast<Entries**>(sqlite3_aggregate_context(context, sizeof(Entries*)));
  if (place == nullptr) return sqlite3_result_error_nomem(context);
  if (*place == nullptr) *place = std::make_unique<Entries>().release();
  AddressEntry entry{.number = sqlite3_value_int64(arguments[1])};
  if (sqlite3_value_bytes(arguments[0]) != static_cast<int>(entry.address.size())) return;
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_value_blob(arguments[0]));
  std::copy_n(bytes, entry.address.size(), entry.address.begin());
  (*place)->push_back(entry);
}

void FinishList(sqlite3_context* context) {
  auto** const place = static_cast<Entries**>(sqlite3_aggregate_context(context, 0));
  if (place == nullptr) return;  // of no row: NULL
  const std::unique_ptr<Entries> entries(*place);
  if (entries == nullptr) return;
  const std::vector<std::uint8_t> list = MakeAddressList(std::move(*entries));
  if (list.empty()) return;
  sqlite3_result_blob64(context, list.data(), list.size(), SQLITE_TRANSIENT);
}

bool AddAggregate(sqlite3* database) {
  return sqlite3_create_function_v2(database, "tapiary_list", 2, SQLITE_UTF8, nullptr, nullptr,
                                    AddToList, FinishList, nullptr) == SQLITE_OK;
}

}  // namespace

std::vector<std::uint8_t> MakeAddressList(std::vector<AddressEntry> entries) {
  std::ranges::sort(entries);
  const auto same = std::ranges::unique(entries);
  entries.erase(same.begin(), same.end());
  std::int64_t lowest = entries.empty() ? 0 : INT64_MAX;
  std::int64_t highest = 0;
  for (const AddressEntry& entry : entries) {
    lowest = std::min(lowest, entry.number);
    highest = std::max(highest, entry.number);
  }
  if (lowest < 0 || highest - lowest > UINT32_MAX) return {};
  Address shared{};
  std::size_t common = shared.size();
  if (!entries.empty()) {
    shared = entries.front().address;
    const Address& last = entries.back().address;
    common = static_cast<std::size_t>(std::ranges::mismatch(shared, last).in1 - shared.begin());
  }
  std::vector<std::uint8_t> list;
  list.reserve(1 + common + kNumberBytes + entries.size() * (16 - common + kOffsetBytes));
  list.push_back(static_cast<std::uint8_t>(common));
  const auto middle = static_cast<std::ptrdiff_t>(common);
  list.insert(list.end(), shared.begin(), shared.begin() + middle);
  AppendBig<kNumberBytes>(static_cast<std::uint64_t>(lowest), &list);
  for (const AddressEntry& entry : entries) {
    list.insert(list.end(), entry.address.begin() + middle, entry.address.end());
    AppendBig<kOffsetBytes>(static_cast<std::uint64_t>(entry.number - lowest), &list);
  }
  return list;
}

FlowNumbers RangeOf(std::span<const std::uint8_t> list, std::span<const std::uint8_t, 16> low,
                    std::span<const std::uint8_t, 16> high) {
  if (!View::IsWhole(list)) return {};
  const View view(list);
  std::size_t at = 0;
  for (std::size_t end = view.size(); at < end;) {
    const std::size_t middle = at + (end - at) / 2;
    if (std::ranges::lexicographical_compare(view.AddressAt(middle), low)) {
      at = middle + 1;
    } else {
      end = middle;
    }
  }
  constexpr FlowNumbers kNone{1, 0};
  FlowNumbers range{INT64_MAX, 0};
  for (; at < view.size(); ++at) {
    if (std::ranges::lexicographical_compare(high, view.AddressAt(at))) break;
    range.first = std::min(range.first, view.NumberAt(at));
    range.last = std::max(range.last, view.NumberAt(at));
  }
  return range.first > range.last ? kNone : range;
}

bool AddListFunctions(sqlite3* database) {
  static constexpr std::int64_t FlowNumbers::*kFirst = &FlowNumbers::first;
  static constexpr std::int64_t FlowNumbers::*kLast = &FlowNumbers::last;
  return AddFunction(database, "tapiary_first", &kFirst) &&
         AddFunction(database, "tapiary_last", &kLast) && AddAggregate(database);
}

}  // namespace tapiary::server
