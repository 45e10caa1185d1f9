#include "server/catalog/postgres_row.h"

#include <libpq-fe.h>

#include <charconv>

#include "base/text.h"

namespace tapiary::server {

PostgresRow::PostgresRow(const pg_result* result)
    : result_(result), columns_(static_cast<std::size_t>(PQnfields(result))) {}

bool PostgresRow::IsNull(std::size_t column) const {
  return column >= columns_ || PQgetisnull(result_, 0, static_cast<int>(column)) != 0;
}

std::string_view PostgresRow::Text(std::size_t column) const {
  if (column >= columns_) return {};
  const int at = static_cast<int>(column);
  return {PQgetvalue(result_, 0, at), static_cast<std::size_t>(PQgetlength(result_, 0, at))};
}

std::int64_t PostgresRow::Int(std::size_t column) const {
  const std::string_view text = Text(column);
  if (text == "t") return 1;  // a boolean, which SQLite has as a number
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

double PostgresRow::Real(std::size_t column) const {
  const std::string_view text = Text(column);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::span<const std::uint8_t> PostgresRow::Blob(std::size_t column) const {
  const std::string_view text = Text(column);
  if (!text.starts_with("\\x")) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }
  if (blobs_.empty()) blobs_.resize(columns_);
  auto& blob = blobs_[column];
  if (!blob) {  // decoded once, so that views of it stay
    auto bytes = base::FromHex(text.substr(2));
    blob = bytes ? *std::move(bytes) : std::vector<std::uint8_t>();
  }
  return *blob;
}

}  // namespace tapiary::server
