#include "server/catalog/postgres_bulk.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>

namespace tapiary::server {
namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);

template <class T>
void AppendBig(T value, std::string* out) {
  char bytes[sizeof(T)];
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bytes[i] = static_cast<char>(value >> (8 * (sizeof(T) - 1 - i)));
  }
  out->append(bytes, sizeof bytes);
}

void AppendSized(std::string_view bytes, std::string* out) {
  AppendBig(static_cast<std::uint32_t>(bytes.size()), out);
  *out += bytes;
}

void AppendField(const SqlValue& value, std::string* out) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    AppendBig(std::uint32_t{8}, out);
    AppendBig(static_cast<std::uint64_t>(*number), out);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    AppendSized(*text, out);
  } else if (const auto* blob = std::get_if<std::vector<std::uint8_t>>(&value)) {
    AppendSized({reinterpret_cast<const char*>(blob->data()), blob->size()}, out);
  } else if (const auto* real = std::get_if<double>(&value)) {
    AppendBig(std::uint32_t{8}, out);
    AppendBig(std::bit_cast<std::uint64_t>(*real), out);
  } else {
    AppendBig(UINT32_MAX, out);  // NULL
  }
}

// For the key a, b, c: "SELECT k.n FROM unnest(...) k (n) CROSS JOIN LATERAL (SELECT 1 FROM t WHERE
// t.c = k.n AND t.a = ? AND t.b = ? LIMIT 1) f". The LIMIT keeps the planner, whose statistics may
// be of a time when the table was small, from anything but one look-up in the index each.
std::string FindStatement(const NewRows& rows, std::string_view table) {
  std::vector<std::string_view> keys;
  std::string_view rest = rows.columns;
  for (std::size_t i = 0; i < rows.keys; ++i) {
    const std::size_t comma = rest.find(',');
    keys.push_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(rest.find_first_not_of(", ", comma), rest.size()));
  }
  std::string sql = fmt::format(
      "SELECT k.n FROM unnest(CAST(? AS BIGINT[])) AS k (n) CROSS JOIN LATERAL (SELECT 1 FROM "
      "{} t WHERE t.{} = k.n",
      table, keys.back());
  keys.pop_back();
  for (const std::string_view key : keys) sql += fmt::format(" AND t.{} = ?", key);
  return sql + " LIMIT 1) f";
}

}  // namespace

base::Result<> FindNumbers(PostgresConnection& connection, const NewRows& rows,
                           std::string_view table, const KeyGroups::value_type& group,
                           NumberRange range, const std::function<void(std::size_t)>& found) {
  const auto& [prefix, members] = group;
  std::string list = "{";
  const auto end = members.upper_bound(range.highest);
  for (auto at = members.lower_bound(range.lowest); at != end; ++at) {
    if (list.size() > 1) list += ',';
    list += std::to_string(at->first);
  }
  if (list.size() == 1) return {};
  std::vector<SqlValue> values{list + '}'};
  values.insert(values.end(), prefix.begin(), prefix.end());
  return connection.Run(FindStatement(rows, table), values,
                        [&found, &rows_of = members](const SqlRow& row) {
                          found(rows_of.at(row.Int(0)));
                          return true;
                        });
}

base::Result<> FindExisting(PostgresConnection& connection, const NewRows& rows,
                            std::string_view table, std::vector<std::size_t>* existing) {
  const auto add = [existing](std::size_t row) { existing->push_back(row); };
  const KeyGroups groups = GroupByKey(rows);
  for (const auto& group : groups) {
    TAPIARY_TRY(FindNumbers(connection, rows, table, group, {}, add));
  }
  std::ranges::sort(*existing);
  return {};
}

base::Result<> CopyRows(PostgresConnection& connection, const NewRows& rows,
                        const std::vector<std::size_t>& without) {
  return connection.Copy(
      fmt::format("COPY {} ({}) FROM STDIN (FORMAT binary)", rows.table, rows.columns),
      CopyText(rows.values, rows.width, without));
}

base::Result<> InsertEach(PostgresConnection& connection, const NewRows& rows,
                          const std::vector<std::size_t>& without,
                          std::vector<std::size_t>* existing) {
  std::string sql = fmt::format("INSERT INTO {} ({}) VALUES (?", rows.table, rows.columns);
  for (std::size_t i = 1; i < rows.width; ++i) sql += ", ?";
  sql += ") ON CONFLICT DO NOTHING";
  const std::span<const SqlValue> values = rows.values;
  for (std::size_t row = 0; row < values.size() / rows.width; ++row) {
    if (std::ranges::binary_search(without, row)) continue;
    TAPIARY_TRY(connection.Run(sql, values.subspan(row * rows.width, rows.width), {}));
    if (connection.changes() == 0) existing->push_back(row);
  }
  return {};
}

std::string CopyText(std::span<const SqlValue> values, std::size_t width,
                     std::span<const std::size_t> without) {
  std::string out;
  out.reserve(values.size() * 16 + 64);
  out += kSignature;
  AppendBig(std::uint32_t{0}, &out);  // flags
  AppendBig(std::uint32_t{0}, &out);  // no header extension
  for (std::size_t row = 0; row < values.size() / width; ++row) {
    if (!without.empty() && without.front() == row) {
      without = without.subspan(1);
      continue;
    }
    AppendBig(static_cast<std::uint16_t>(width), &out);
    for (const SqlValue& value : values.subspan(row * width, width)) AppendField(value, &out);
  }
  AppendBig(std::uint16_t{0xffff}, &out);
  return out;
}

}  // namespace tapiary::server
